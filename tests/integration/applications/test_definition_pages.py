"""Staff write a programme's form in pages: a draft that candidates do not see, published with every draft of a file
moved along, while what was sent keeps its form; and the same as a file."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Mapping
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from werkzeug.datastructures import MultiDict

from cohortmgr.accounts.rules import Role
from cohortmgr.applications import forms
from cohortmgr.applications.definition_counts import answered
from cohortmgr.applications.models import Application
from cohortmgr.audit.models import Event
from cohortmgr.base.db import db, see, writing
from cohortmgr.programmes import queries
from cohortmgr.programmes.models import DefinitionDraft, DefinitionVersion, Intake
from cohortmgr.programmes.reading import read_definition, read_known
from tests.factories.choices import browser, sent, someone

pytestmark = pytest.mark.usefixtures("system_context")
HOME = "/staff/programmes/mdia"
LABEL = {"label-fr": "Langue préférée", "label-ar": "اللغة المفضلة", "label-en": "Preferred language"}


@pytest.fixture
def intake() -> Intake:
    """Three files of 2025, of which the first is a draft."""
    found = sent(3)
    first = sa.select(sa.func.min(Application.id)).scalar_subquery()
    with writing() as session:
        session.execute(
            sa.update(Application).where(Application.id == first).values(state="draft", sent_at=None)
        )
    return found


@pytest.fixture
def client(app: Flask, intake: Intake) -> FlaskClient:
    """The programme's administrator."""
    return browser(app, someone(intake, Role.PROGRAMME_ADMINISTRATOR))


def draft() -> DefinitionDraft | None:
    db.session.rollback()
    return db.session.scalar(sa.select(DefinitionDraft).execution_options(populate_existing=True))


def document() -> dict[str, Any]:
    found = draft()
    assert found is not None
    return found.document


def version() -> str:
    found = draft()
    return str(found.version if found else 0)


def keys() -> list[str]:
    return [q["key"] for section in document()["form"]["sections"] for q in section["questions"]]


def mark(client: FlaskClient, path: str) -> str:
    found = re.search(r'name="mark" value="(\w+)"', client.get(path).text)
    assert found is not None
    return found[1]


def add(
    client: FlaskClient, kind: str = "text", label: str = "Langue préférée", place: str | None = None
) -> str:
    """A new question; its page."""
    place = place or read_known("mdia").form.sections[0].key
    answer = client.post(f"{HOME}/form/add", data={"in": place, "kind": kind, "label-fr": label})
    assert answer.status_code == 302, answer.text
    return str(answer.location)


def save(client: FlaskClient, path: str, **given: Any) -> Any:
    """Save a question as its page does."""
    return client.post(path, data=MultiDict({"mark": mark(client, path), **LABEL, **given}))


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
    for name, said in (("label-fr", "x" * 100_000), ("help-en", "a\x00b"), ("columns", "y\n" * 60_000)):
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
    assert "À remplir si : « " in client.get(f"{HOME}/form").text.replace("\xa0", " ")


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
    rows = dict(db.session.execute(sa.select(Application.state, Application.answers)).all())
    assert rows["draft"]["_aside"]["motivation"], "aside, not lost"
    assert rows["submitted"]["motivation"], "as it was sent"


def test_papers_and_sealed_answers_are_counted_too(intake: Intake) -> None:
    asked = read_known("mdia").form.questions
    told = answered(queries.intake_of("mdia").programme_id, asked)
    assert set(told) == {question.key for question in asked}
    assert (told["motivation"].drafts, told["motivation"].sent) == (1, 2)
    assert all(each.at_most for question in asked if question.sealed for each in [told[question.key]])


def test_more_than_a_hundred_drafts_ask_for_their_number(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cohortmgr.applications.definition_publishing_views.MANY", 0)
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


def test_the_file_goes_out_and_comes_back(client: FlaskClient, runner: FlaskCliRunner) -> None:
    answer = client.get(f"{HOME}/definition.toml")
    assert read_definition(answer.text, "mdia.toml") == read_known("mdia")
    assert 'filename="mdia-1.toml"' in answer.headers["Content-Disposition"]
    assert runner.invoke(args=["programmes", "export", "mdia"]).output == answer.text
    assert runner.invoke(args=["programmes", "export", "absent"]).exit_code == 1
    save(client, add(client))
    changed = client.get(f"{HOME}/definition.toml?of=draft").text
    kept = document()
    assert client.post(f"{HOME}/discard", data={"version": version()}).status_code == 302
    assert draft() is None
    assert take(client, changed, "0").status_code == 302
    assert document() == kept
    assert queries.intake_of("mdia").fingerprint == db.session.scalar(
        sa.select(DefinitionVersion.fingerprint)
    )


def take(client: FlaskClient, text: str | bytes, number: str | None = None) -> Any:
    """Send a file as the page does."""
    data = text.encode() if isinstance(text, str) else text
    sent_file = (io.BytesIO(data), "../../mdia.toml")
    return client.post(f"{HOME}/file", data={"version": number or version(), "file": sent_file})


def test_a_faulty_file_is_named_by_its_lines_and_never_published(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cohortmgr.applications.definition_publishing_views.LARGEST_FILE", 200_000)
    text = client.get(f"{HOME}/definition.toml").text
    missing = text.replace('maximum = "20"', 'maximum = "-1"', 1).replace("weight = 8", "weight = 0", 1)
    line = missing[: missing.index("weight = 0")].count("\n") + 1
    answer = take(client, missing)
    assert answer.status_code == 200
    assert f"mdia.toml:{line} rubric" in answer.text
    assert draft() is not None, "it can be mended in pages"
    wrong: Mapping[str, str] = {
        "[form": "mdia.toml:1",
        text.replace('kind = "text"', 'kind = "texte"', 1): "texte",
        text.replace('key = "mdia"', 'key = "autre"', 1): "autre",
        text.replace('key = "email"', 'key = "motivation"', 1): "motivation",
    }
    before = document()
    for each, said in wrong.items():
        refused = take(client, each)
        assert refused.status_code == 422, said
        assert said in refused.text
    for data in (b"\xff\xfe", b"#" * 200_001):
        assert take(client, data).status_code == 422
    assert client.post(f"{HOME}/file", data={"version": version()}).status_code == 422
    assert document() == before


def test_a_null_never_reaches_the_database(client: FlaskClient) -> None:
    text = client.get(f"{HOME}/definition.toml").text
    hidden = text.replace('fr = "Deux ans', 'fr = "\\u0000Deux ans', 1)
    assert hidden != text
    line = hidden[: hidden.index("\\u0000")].count("\n") + 1
    refused = take(client, hidden)
    assert refused.status_code == 422
    assert f"mdia.toml:{line} " in refused.text
    assert draft() is None


def test_texts_and_dates_are_written_too(client: FlaskClient) -> None:
    page = client.get(f"{HOME}/texts").text
    given = {
        name: html.unescape(value)
        for name, value in re.findall(r'<input class="input[^>]* name="([\w-]+)" value="([^"]*)"', page)
    }
    areas = re.findall(
        r'<textarea class="input" id="[\w-]+" name="([\w-]+)"[^>]*>\n?([^<]*)</textarea>', page
    )
    given |= {name: html.unescape(value) for name, value in areas}
    assert client.post(f"{HOME}/texts", data={**given, "version": "0"}).status_code == 302
    assert draft() is None, "nothing was changed"
    wrong = client.post(f"{HOME}/texts", data={**given, "version": "0", "intakes-0-opens_at": "demain"})
    assert wrong.status_code == 422
    assert 'href="#intakes-0-opens_at"' in wrong.text
    later = {
        **given,
        "version": "0",
        "practical-cost-fr": "Gratuit.",
        "intakes-1-closes_at": "2027-06-29T12:00",
    }
    assert client.post(f"{HOME}/texts", data=later).status_code == 302
    assert document()["practical"]["cost"]["fr"] == "Gratuit."
    moved = client.post(f"{HOME}/texts", data={**later, "practical-cost-fr": "Autre."})
    assert moved.status_code == 409
    assert "Autre." in moved.text
    assert client.post(f"{HOME}/publish", data={"version": version(), "over": "1"}).status_code == 302
    assert "Gratuit." in client.get("/programmes/mdia").text


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
