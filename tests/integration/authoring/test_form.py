"""Staff write a programme's form in pages: a draft that candidates do not see, published with every draft of a file
moved along, while what was sent keeps its form; and the same as a file."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.form.forms import classes as forms
from cohortmgr.audit.models import Event
from cohortmgr.authoring.queries import answered
from cohortmgr.base.db import db, see
from cohortmgr.programmes import queries
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import DefinitionDraft, DefinitionVersion, Intake
from tests.factories.choices import browser, someone
from tests.integration.authoring.drafts import (
    HOME,
    LABEL,
    add,
    document,
    draft,
    keys,
    mark,
    save,
    version,
)

pytestmark = pytest.mark.usefixtures("system_context")


def test_a_question_is_written_published_and_met_by_drafts_alone(client: FlaskClient, intake: Intake) -> None:
    page = client.get(f"{HOME}/form").text
    assert "sans changement en attente" in page
    path = add(client, "choice")
    assert path == f"{HOME}/form/questions/langue_preferee"
    assert draft() is not None
    options = {
        "options-count": "2",
        "options-0-key": "",
        "options-0-label-fr": "Français",
        "options-0-label-ar": "الفرنسية",
        "options-0-label-en": "French",
        "options-0-aliases": "FR ; Fr.",
        "options-1-key": "",
        "options-1-label-fr": "Arabe",
        "options-1-label-ar": "العربية",
        "options-1-label-en": "Arabic",
        "required": "1",
    }
    answer = save(client, path, **options)
    assert (answer.status_code, answer.location) == (302, f"{HOME}/form#q-langue_preferee")
    assert "Langue préférée" not in client.get("/programmes/mdia").text
    shown = client.get(f"{HOME}/publish").text
    assert "Langue préférée" in shown
    assert "1 brouillon de candidature passe" in shown
    first = client.post(f"{HOME}/publish", data={"version": version(), "over": "1"})
    assert (first.status_code, draft()) == (302, None)
    assert client.post(f"{HOME}/publish", data={"version": "1", "over": "1"}).status_code == 302
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count(DefinitionVersion.id))) == 2
    found = queries.definition_of(queries.intake_of("mdia", "2025")).form.question("langue_preferee")
    assert [(each.key, each.aliases) for each in found.options] == [
        ("francais", ("FR", "Fr.")),
        ("arabe", ()),
    ]
    numbers = sa.select(Application.state, DefinitionVersion.number).join(
        DefinitionVersion, DefinitionVersion.id == Application.version_id
    )
    assert sorted(db.session.execute(numbers).all()) == [("draft", 2), ("submitted", 1), ("submitted", 1)]
    acts = set(db.session.scalars(sa.select(Event.action)))
    assert {"programmes.begin_draft", "programmes.publish_draft", "applications.move_drafts"} <= acts


def test_a_faulty_question_is_kept_and_not_published(client: FlaskClient) -> None:
    path = add(client, "number")
    answer = save(client, path, **{"label-ar": "", "minimum": "beaucoup", "maximum": "3"})
    assert answer.location.endswith("langue_preferee")
    page = html.unescape(client.get(path).text)
    for field in ("label-ar", "minimum"):
        assert f'href="#{field}"' in page
        assert f'id="{field}-error"' in page
    assert 'value="beaucoup"' in page
    assert f'{path}#minimum"' in client.get(f"{HOME}/form").text
    refused = client.post(f"{HOME}/publish", data={"version": version(), "over": "1"})
    assert refused.status_code == 422
    assert draft() is not None
    assert queries.intake_of("mdia").fingerprint == db.session.scalar(
        sa.select(DefinitionVersion.fingerprint)
    )


def test_what_a_form_may_not_hold_is_said_beside_its_field_and_kept_on_the_page(client: FlaskClient) -> None:
    path = add(client)
    before = document()
    for name, said in (("label-fr", "x" * 100_000), ("columns", "y\n" * 60_000)):
        answer = save(client, path, **{name: said})
        assert answer.status_code == 422
        assert f'href="#{name}"' in answer.text
    assert document() == before


def test_an_option_row_is_added_moved_and_removed_without_saving(client: FlaskClient) -> None:
    path = add(client, "choice")
    row = {"options-count": "1", "options-0-key": "", "options-0-label-fr": "Une"}
    before = document()
    more = save(client, path, **row, **{"options-add": "1"})
    assert (more.status_code, 'id="options-1-label-fr"' in more.text, 'value="Une"' in more.text) == (
        200,
        True,
        True,
    )
    less = save(client, path, **row, **{"options-remove": "0"})
    assert 'id="options-0-label-fr"' not in less.text
    assert document() == before


def test_a_condition_is_built_from_the_answers_of_an_earlier_question(client: FlaskClient) -> None:
    last = read_known("mdia").form.sections[-1].key
    path = add(client, place=last)
    row = {"show_when-count": "1", "show_when-0-question": "licence", "show_when-0-operator": "one_of"}
    offered = save(client, path, **row, again="1").text
    assert 'name="show_when-0-values" value="informatique"' in offered
    given = MultiDict({"mark": mark(client, path), **LABEL, **row})
    given.setlist("show_when-0-values", ["informatique", "physique"])
    assert client.post(path, data=given).status_code == 302
    kept = next(
        q for s in document()["form"]["sections"] for q in s["questions"] if q["key"] == "langue_preferee"
    )
    assert kept["show_when"] == [
        {"question": "licence", "operator": "one_of", "values": ["informatique", "physique"]}
    ]
    assert "À remplir si la réponse à « " in client.get(f"{HOME}/form").text.replace("\xa0", " ")


def test_questions_and_sections_move_and_are_copied(client: FlaskClient) -> None:
    def post(path: str, **given: str) -> str:
        answer = client.post(f"{HOME}/form/{path}", data={"version": version(), **given})
        assert answer.status_code == 302
        return str(answer.location)

    before = [question.key for question in read_known("mdia").form.questions]
    assert post("move", name=before[1], by="-1") == f"{HOME}/form#q-{before[1]}"
    assert keys()[:2] == [before[1], before[0]]
    assert post("copy", name=before[0]).endswith(f"#q-{keys()[2]}")
    sections = [each["key"] for each in document()["form"]["sections"]]
    post(f"sections/{sections[1]}/move", by="-1")
    assert [each["key"] for each in document()["form"]["sections"]][:2] == [sections[1], sections[0]]
    for path in ("sections/absent/move", "sections/absent/remove"):
        assert client.post(f"{HOME}/form/{path}", data={"version": version()}).status_code == 404
    assert client.post(f"{HOME}/form/move", data={"version": version(), "name": "absent"}).status_code == 404
    assert client.get(f"{HOME}/form/questions/absent").status_code == 404


def test_two_people_lose_nothing(app: Flask, client: FlaskClient, intake: Intake) -> None:
    other = browser(app, someone(intake, Role.PROGRAMME_ADMINISTRATOR, "autre"))
    path, another = add(client), f"{HOME}/form/questions/motivation"
    seen, elsewhere = mark(other, path), mark(other, another)
    assert save(client, path, **{"label-en": "Favourite language"}).status_code == 302
    # A different question was not touched: it is saved.
    saved = other.post(another, data={**LABEL, "label-fr": "Pourquoi ?", "mark": elsewhere})
    assert saved.status_code == 302
    # The same one was: what was typed stays on the page beside what is there now, and a second saving says so.
    moved = other.post(path, data={**LABEL, "label-en": "Best language", "mark": seen})
    assert moved.status_code == 409
    assert 'value="Best language"' in moved.text
    assert "Favourite language" in moved.text
    fresh = re.search(r'name="mark" value="(\w+)"', moved.text)
    assert fresh is not None
    again = other.post(path, data={**LABEL, "label-en": "Best language", "mark": fresh[1]})
    assert again.status_code == 302
    stale = client.post(f"{HOME}/form/move", data={"version": "1", "name": "email", "by": "1"})
    assert stale.status_code == 302
    assert "a changé ce formulaire entre-temps" in html.unescape(client.get(f"{HOME}/form").text)
    assert client.post(f"{HOME}/discard", data={"version": "1"}).status_code == 302
    assert draft() is not None, "nor is it let go by a page that is older"


def test_removing_says_whom_it_concerns_and_answers_are_kept_aside(
    client: FlaskClient, intake: Intake
) -> None:
    page = client.get(f"{HOME}/form/questions/motivation/remove").text
    assert "1 brouillon" in page
    assert "2 dossiers envoyés" in page
    client.post(f"{HOME}/form/questions/motivation/remove", data={"version": "0"})
    assert "motivation" not in keys()
    assert "1 réponse de brouillon est mise à part" in client.get(f"{HOME}/publish").text
    empty = client.post(f"{HOME}/publish", data={"version": version(), "over": "1"})
    assert empty.status_code == 422, "the section asks nothing any more"
    client.post(f"{HOME}/form/sections/motivation/remove", data={"version": version()})
    assert client.post(f"{HOME}/publish", data={"version": version(), "over": "1"}).status_code == 302
    db.session.rollback()
    rows: dict[str, dict[str, Any]] = dict(
        db.session.execute(sa.select(Application.state, Application.answers)).all()
    )
    assert rows["draft"]["_aside"]["motivation"], "aside, not lost"
    assert rows["submitted"]["motivation"], "as it was sent"


def test_papers_and_sealed_answers_are_counted_too(intake: Intake) -> None:
    asked = read_known("mdia").form.questions
    told = answered(queries.intake_of("mdia").programme_id, asked)
    assert set(told) == {question.key for question in asked}
    assert (told["motivation"].drafts, told["motivation"].sent) == (1, 2)
    assert all(each.at_most for question in asked if question.sealed for each in [told[question.key]])


def test_of_many_files_those_that_answer_are_not_counted_but_bounded(
    client: FlaskClient, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cohortmgr.authoring.queries.MOST_READ", 2)
    told = answered(queries.intake_of("mdia").programme_id, read_known("mdia").form.questions)
    assert {(each.drafts, each.sent, each.at_most) for each in told.values()} == {(1, 2, True)}
    page = client.get(f"{HOME}/form/questions/motivation/remove").text
    assert "Cette question peut avoir des réponses" in page and "2 dossiers envoyés au plus" in page


def test_more_than_a_hundred_drafts_ask_for_their_number(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cohortmgr.authoring.views.publishing.MANY", 0)
    save(client, add(client))
    assert 'name="confirmation"' in client.get(f"{HOME}/publish").text
    given = {"version": version(), "over": "1"}
    assert client.post(f"{HOME}/publish", data={**given, "confirmation": "2"}).status_code == 422
    assert client.post(f"{HOME}/publish", data={**given, "confirmation": "1"}).status_code == 302
    assert draft() is None


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_the_preview_is_the_real_form_without_a_trace(client: FlaskClient, language: str) -> None:
    attack = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    save(client, add(client, label="Test"), **{f"label-{code}": f"{attack} ك" for code in ("fr", "ar", "en")})
    classes, events = len(forms._classes), db.session.scalar(sa.select(sa.func.count(Event.id)))
    before = version()
    answer = client.get(f"{HOME}/form/preview?language={language}")
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert "<img" not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert f'lang="{language}"' in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    db.session.rollback()
    assert (len(forms._classes), version()) == (classes, before)
    assert db.session.scalar(sa.select(sa.func.count(Event.id))) == events


@pytest.mark.parametrize("kind", ["group", "ranking", "choice", "file", "language_levels", "address", "date"])
def test_a_question_that_has_only_begun_can_be_shown(client: FlaskClient, kind: str) -> None:
    path = add(client, kind)
    assert client.get(path).status_code == 200
    answer = save(client, path, minimum="90", maximum="2")
    assert answer.status_code == 302
    assert client.get(f"{HOME}/form/preview").status_code == 200
    assert client.get(f"{HOME}/publish").status_code == 200
    assert client.get(f"{HOME}/form/questions/langue_preferee/remove").status_code == 200


def test_a_group_s_fields_are_questions_too(client: FlaskClient) -> None:
    path = add(client, "group", "Stages")
    field = add(client, "year", "Année du stage", place="stages.")
    assert field == f"{path}.annee_du_stage"
    assert save(client, field, minimum="2010").location == path
    assert "Année" not in client.get(path).text or "Preferred" not in client.get(path).text
    name = field.rpartition("/")[2]
    wrong = client.post(f"{HOME}/form/add", data={"in": "stages.", "kind": "file", "label-fr": "Pièce"})
    assert wrong.status_code == 422, "a row holds no paper"
    renamed = document()["form"]["sections"][0]["questions"][-1]["fields"][0]["key"]
    assert renamed == "langue_preferee", f"{name} followed its label"
    assert (
        client.post(f"{HOME}/form/questions/stages.{renamed}/remove", data={"version": version()}).location
        == path
    )


def test_a_draft_is_its_institution_s_own(app: Flask, client: FlaskClient, intake: Intake) -> None:
    save(client, add(client))
    stranger = browser(app, someone(intake, Role.SELECTION_MANAGER))
    for path in ("", "/form", "/form/preview", "/publish", "/definition.toml", "/texts", "/file"):
        target = f"{HOME}{path}" if path else "/staff/programmes"
        assert stranger.get(target).status_code == 404, target
    assert stranger.post(f"{HOME}/discard", data={"version": version()}).status_code == 404
    with app.app_context():
        see([intake.institution_id + 1000], None)
        rows = db.session.scalars(sa.select(DefinitionDraft)).all()
        dialect = db.session.connection().dialect.name
        db.session.rollback()
    assert dialect == "sqlite" or rows == []


def test_what_readers_are_told_and_not_told_of_a_question_is_written_on_its_page(client: FlaskClient) -> None:
    path = add(client)
    title = {"reader_title-fr": "Langue", "reader_title-ar": "اللغة", "reader_title-en": "Language"}
    sent = MultiDict([*LABEL.items(), *title.items(), ("mark", mark(client, path))])
    sent.setlist("reveals", ["school", "name", "nothing"])
    assert client.post(path, data=sent).status_code == 302
    asked = document()["form"]["sections"][0]["questions"][-1]
    assert asked["reveals"] == ["name", "school"] and asked["reader_title"]["fr"] == "Langue"
    page = client.get(path).text
    assert re.findall(r'id="reveals-(\w+)"[^>]* checked', page) == ["name", "school"]
    assert 'value="Langue"' in page
    one = MultiDict([*LABEL.items(), ("reveals", "school"), ("mark", mark(client, path))])
    assert client.post(path, data=one).status_code == 302
    asked = document()["form"]["sections"][0]["questions"][-1]
    assert asked["reveals"] == "school" and "reader_title" not in asked
    home = f"{HOME}/form/sections/parcours"
    wrong = {"title-fr": "Vos études", "title-ar": "مساركم الدراسي", "title-en": "Your studies"}
    half = client.post(home, data={**wrong, "reader_title-fr": "Études", "mark": mark(client, home)})
    assert half.status_code == 302 and "reader_title-ar" in client.get(home).text
    assert 'aria-describedby="reader_title-ar-error"' in client.get(home).text, (
        "what is missing is told there"
    )
