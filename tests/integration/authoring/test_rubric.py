"""Staff write how files are read in pages, in the same draft as the form; what is published is what readers see."""

from __future__ import annotations

import html
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.file.models import Application, Document
from cohortmgr.base import clock, storage
from cohortmgr.base.db import db, writing
from cohortmgr.base.text import new_reference
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes import queries
from cohortmgr.programmes.definition.rules import HiddenPart, PaperView
from cohortmgr.programmes.definition.toml import as_json, fingerprint, read_known
from cohortmgr.programmes.models import DefinitionDraft, DefinitionVersion, Intake
from cohortmgr.reviews.assignment.actions import sharing as assignment
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.selection.certificate import certificate, verify
from cohortmgr.selection.queries import ranking_of
from cohortmgr.selection.stating import rubric_of
from tests.factories.choices import browser, readers, someone
from tests.integration.authoring.drafts import HOME, begun, document, draft, filled, mark, version

pytestmark = pytest.mark.usefixtures("system_context")

RUBRIC = f"{HOME}/rubric"
PROJECT = f"{RUBRIC}/criteria/projet"


def phase() -> dict[str, Any]:
    """The phase in which the draft reads files."""
    (found,) = document()["rubric"]["phases"]
    return dict(found)


def criteria() -> list[str]:
    return [each["key"] for each in phase()["criteria"]]


def settings(client: FlaskClient, **changed: Any) -> Any:
    """Save the page of the rubric as it is, with changes."""
    given: dict[str, Any] = filled(client, RUBRIC)
    given["hidden"] = [part.value for part in HiddenPart]
    return client.post(RUBRIC, data={**given, "papers": "shown", **changed})


def publish(client: FlaskClient) -> Any:
    return client.post(f"{HOME}/publish", data={"version": version(), "over": "1"})


def test_the_page_names_every_criterion_with_its_share(client: FlaskClient) -> None:
    page = html.unescape(client.get(RUBRIC).text)
    for criterion in read_known("mdia").rubric.criteria:
        assert criterion.title["fr"] in page
    assert "soit 40 % de la note" in page.replace("\xa0", " ").replace("\u202f", " ")


def test_how_files_are_read_is_saved_told_and_published(client: FlaskClient, intake: Intake) -> None:
    answer = settings(client, readings="3", papers="after_scoring", hidden=["name", "school"])
    assert answer.status_code == 302, answer.text
    assert (phase()["readings"], phase()["papers"]) == (3, "after_scoring")
    told = html.unescape(client.get(f"{HOME}/publish").text)
    assert "Lectures de chaque dossier, au moins" in told and "3 lectures par dossier" in told.replace(
        "\xa0", " "
    )
    assert publish(client).status_code == 302
    db.session.expire_all()
    found = queries.definition_of(db.session.get_one(Intake, intake.id)).rubric.files
    assert found.readings == 3 and found.papers is PaperView.AFTER_SCORING
    assert found.hidden == (HiddenPart.NAME, HiddenPart.SCHOOL)


@pytest.mark.parametrize(("field", "said"), [("readings", "0"), ("most_readings", "x"), ("gap_points", "50")])
def test_a_wrong_figure_stays_on_the_page_and_out_of_the_draft(
    client: FlaskClient, field: str, said: str
) -> None:
    answer = settings(client, **{field: said})
    assert answer.status_code == 422
    assert f'value="{said}"' in answer.text and f'href="#{field}"' in answer.text
    assert draft() is None


def test_fewer_readings_at_most_than_at_least_are_a_fault_with_its_field(client: FlaskClient) -> None:
    settings(client, readings="5", most_readings="4")
    page = client.get(RUBRIC).text
    assert f"{RUBRIC}#most_readings" in page
    assert publish(client).status_code == 422


def test_a_criterion_is_begun_written_moved_and_taken_out(client: FlaskClient) -> None:
    answer = client.post(f"{RUBRIC}/add", data={"title-fr": "Entretien écrit"})
    path = begun(client, answer)
    assert path == f"{RUBRIC}/criteria/entretien_ecrit"
    texts = {"title-fr": "Entretien", "title-ar": "مقابلة", "title-en": "Interview"}
    given = {"mark": mark(client, path), **texts, "weight": "3", "scale_min": "1", "scale_max": "4"}
    answer = client.post(path, data=given)
    assert answer.location.endswith(f"{path}#anchors")  # the scale changed: its scores want words
    given = {**given, "mark": mark(client, path)}
    words = {"anchors-4-fr": "Tout y est", "anchors-4-ar": "كل شيء موجود", "anchors-4-en": "All is there"}
    answer = client.post(path, data={**given, **words})
    assert answer.location.endswith(f"{RUBRIC}#c-entretien_ecrit")
    held = phase()["criteria"][-1]
    assert held["weight"] == 3 and held["anchors"] == {
        "4": {"fr": "Tout y est", "ar": "كل شيء موجود", "en": "All is there"}
    }
    assert "1 · 2 · 3" in client.get(RUBRIC).text  # what no words explain is named
    client.post(f"{path}/move", data={"by": "-1", "version": version()})
    assert criteria()[-2:] == ["entretien_ecrit", "langues"]
    client.post(f"{path}/remove", data={"version": version()})
    assert "entretien_ecrit" not in criteria()
    assert client.get(path).status_code == 404


def test_a_criterion_without_a_title_is_refused(client: FlaskClient) -> None:
    answer = client.post(f"{RUBRIC}/add", data={"title-fr": " "})
    assert answer.status_code == 422 and 'href="#title-fr"' in answer.text
    assert draft() is None


def test_two_people_do_not_write_over_each_other(client: FlaskClient) -> None:
    first = mark(client, PROJECT)
    given: dict[str, Any] = filled(client, PROJECT)
    client.post(PROJECT, data={**given, "weight": "7"})
    answer = client.post(PROJECT, data={**given, "mark": first, "weight": "9"})
    assert answer.status_code == 409 and 'value="9"' in answer.text
    assert phase()["criteria"][2]["weight"] == 7


def test_a_scale_of_one_score_is_a_fault_on_its_field(client: FlaskClient) -> None:
    given = filled(client, PROJECT)
    answer = client.post(PROJECT, data={**given, "scale_min": "5", "scale_max": "5"})
    assert answer.location.endswith(PROJECT)
    assert 'href="#scale_max"' in client.get(PROJECT).text
    assert publish(client).status_code == 422


def test_without_its_last_criterion_a_programme_reads_nothing_and_says_so(client: FlaskClient) -> None:
    for key in [each.key for each in read_known("mdia").rubric.criteria]:
        client.post(f"{RUBRIC}/criteria/{key}/remove", data={"version": version()})
    assert "Ce programme ne lit pas de dossiers" in client.get(RUBRIC).text
    assert publish(client).status_code == 302


def test_an_earlier_version_is_in_force_and_changed_as_one_of_today(
    client: FlaskClient, intake: Intake
) -> None:
    """A version that was stored before there were phases keeps its fingerprint; the same file changes nothing."""
    definition = read_known("mdia")
    old = as_json(definition)
    old["phases"] = old.pop("stages")
    (held,) = old["rubric"].pop("phases")
    old["rubric"] |= {"criteria": held["criteria"], "readings": 2}
    kept = "0" * 64
    row = db.session.scalars(sa.select(DefinitionVersion)).one()
    with writing() as session:
        session.execute(sa.update(DefinitionVersion).values(document=old, fingerprint=kept))
        session.execute(sa.update(Intake).values(fingerprint=kept))
    db.session.expire_all()
    assert fingerprint(definition) != kept
    with writing():
        loaded = programmes.load_definition(SYSTEM, definition)
    assert not loaded.changed and loaded.version.id == row.id
    assert settings(client, readings="3").status_code == 302
    assert "stages" in document() and phase()["key"] == "dossiers"


def test_readers_see_neither_school_nor_town_and_papers_as_the_rubric_says(
    app: Flask, client: FlaskClient, intake: Intake
) -> None:
    manager = someone(intake, Role.SELECTION_MANAGER)
    reader = readers(intake, 2)[0]
    with writing():
        assignment.assign(manager, intake.reference)
    review = db.session.scalars(sa.select(Review).where(Review.reviewer_id == reader.person_id)).first()
    assert review is not None
    path = f"/staff/reviews/{review.reference}"
    asked = read_known("mdia").form
    told = {"university": "Faculté d’Agadir", "city": "Tiznit", "region": "MA-09"}
    with writing() as session:
        file = session.get_one(Application, review.application_id)
        file.answers = {**file.answers, **told}
    page = html.unescape(browser(app, reader).get(path).text)
    for key in ("university", "city", "region"):
        assert f"<dt>{asked.question(key).label['fr']}</dt>" not in page
    settings(client, papers="hidden", hidden=["name", "region"])
    assert publish(client).status_code == 302
    page = html.unescape(browser(app, reader).get(path).text)
    assert f"<dt>{asked.question('university').label['fr']}</dt>" in page
    assert f"<dt>{asked.question('region').label['fr']}</dt>" not in page
    assert "Les pièces de ce programme ne se montrent pas" in page


def handed_in(intake: Intake, mark: int = 3) -> Viewer:
    """Let a manager, who is returned, give the files to two readers, and these hand everything in."""
    people, manager = readers(intake, 2), someone(intake, Role.SELECTION_MANAGER)
    with writing():
        assignment.assign(manager, intake.reference)
    scores = dict.fromkeys((each.key for each in read_known("mdia").rubric.criteria), mark)
    for reader in people:
        for row in db.session.scalars(sa.select(Review).where(Review.reviewer_id == reader.person_id)).all():
            with writing():
                reading.score(reader, row.reference, scores)
    return manager


def test_who_was_read_goes_on_being_read_by_the_same_rubric(client: FlaskClient, intake: Intake) -> None:
    """A criterion that comes, and a weight that changes, hold for campaigns whose reading has not begun."""
    handed_in(intake)
    before = ranking_of(intake)
    begun(client, client.post(f"{RUBRIC}/add", data={"title-fr": "Entretien"}))
    path = f"{RUBRIC}/criteria/entretien"
    texts = {"title-fr": "Entretien", "title-ar": "مقابلة", "title-en": "Interview"}
    given = {"mark": mark(client, path), **texts, "weight": "9", "scale_min": "0", "scale_max": "5"}
    client.post(path, data=given)
    client.post(f"{RUBRIC}/criteria/projet/remove", data={"version": version()})
    assert "ils gardent la grille de leurs lectures" in html.unescape(client.get(f"{HOME}/publish").text)
    assert publish(client).status_code == 302
    db.session.expire_all()
    now, later = db.session.get_one(Intake, intake.id), queries.intake_of("mdia", "2027")
    assert "entretien" not in [each.key for each in queries.definition_of(now).rubric.criteria]
    assert "entretien" in [each.key for each in queries.definition_of(later).rubric.criteria]
    after = ranking_of(now)
    assert [(row.reference, row.mean) for row in after.ranking.rows] == [
        (row.reference, row.mean) for row in before.ranking.rows
    ]
    seed = after.ranking.seed
    assert verify(certificate(after.ranking, 1, seed, rubric_of(after.rubric), 0, after.scores)) == []


def test_until_a_first_reading_is_handed_in_the_rubric_may_change(
    client: FlaskClient, intake: Intake
) -> None:
    manager, (one, two) = someone(intake, Role.SELECTION_MANAGER), readers(intake, 2)
    with writing():
        assignment.assign(manager, intake.reference)
    held = sa.select(Review.reference).where(Review.intake_id == intake.id)
    mine, other = (
        db.session.scalars(held.where(Review.reviewer_id == each.person_id)).first() for each in (one, two)
    )
    assert mine is not None and other is not None
    with writing():
        reading.draft(one, mine, {"projet": 5, "bases": 2})
        reading.draft(two, other, {"bases": 2})
    client.post(f"{RUBRIC}/criteria/projet/remove", data={"version": version()})
    page = html.unescape(client.get(f"{HOME}/publish").text)
    assert "1 lecture y est commencée" in page and "<bdi>Une r0</bdi>" in page
    assert "Une r1" not in page, "no mark of theirs is set aside"
    assert publish(client).status_code == 302
    db.session.expire_all()
    found = queries.definition_of(db.session.get_one(Intake, intake.id))
    assert "projet" not in [each.key for each in found.rubric.criteria]
    kept = db.session.scalars(sa.select(Review).where(Review.reference == mine)).one()
    assert kept.scores == {"bases": 2} and kept.earlier[0]["scores"] == {"projet": 5, "bases": 2}


def paper(file: Application, question: str) -> str:
    """A paper of a file, as it lies in the table; its reference."""
    with writing() as session:
        stored = storage.store(b"%PDF-1.4\n")
        row = Document(
            reference=new_reference(),
            institution_id=file.institution_id,
            application_id=file.id,
            person_id=file.person_id,
            question=question,
            state="clean",
            filename="SALMA-ALAOUI.pdf",
            media_type="application/pdf",
            storage_key=stored.key,
            uploaded_at=clock.now(),
        )
        session.add(row)
    return row.reference


@pytest.mark.parametrize(
    ("view", "before", "after"), [("shown", 200, 200), ("after_scoring", 404, 200), ("hidden", 404, 404)]
)
def test_papers_open_when_the_rubric_says_so(
    app: Flask, client: FlaskClient, intake: Intake, view: str, before: int, after: int
) -> None:
    settings(client, papers=view)
    publish(client) if draft() is not None else None
    reader, manager = readers(intake, 2)[0], someone(intake, Role.SELECTION_MANAGER)
    with writing():
        assignment.assign(manager, intake.reference)
    review = db.session.scalars(sa.select(Review).where(Review.reviewer_id == reader.person_id)).first()
    assert review is not None
    there = browser(app, reader)
    file = db.session.get_one(Application, review.application_id)
    path = f"/staff/reviews/{review.reference}"
    address = f"{path}/documents/{paper(file, 'transcripts')}"
    assert there.get(address).status_code == before
    assert ("/documents/" in there.get(path).text) is (before == 200)
    assert "SALMA" not in there.get(path).text
    scores = dict.fromkeys((each.key for each in read_known("mdia").rubric.criteria), 4)
    with writing():
        reading.score(reader, review.reference, scores)
    assert there.get(address).status_code == after
    assert there.get(f"{path}/documents/{paper(file, 'of-no-question')}").status_code == 404


def test_a_draft_with_earlier_keys_is_shown_changed_and_published(client: FlaskClient) -> None:
    settings(client, readings="3")
    held = draft()
    assert held is not None
    old = dict(held.document)
    old["phases"] = old.pop("stages")
    (only,) = old["rubric"].pop("phases")
    old["rubric"] = {**old["rubric"], "criteria": only["criteria"], "readings": 4}
    with writing() as session:
        session.execute(sa.update(DefinitionDraft).values(document=old))
    assert 'value="4"' in client.get(RUBRIC).text
    assert settings(client, readings="5").status_code == 302
    assert phase()["readings"] == 5 and "stages" in document()
    assert publish(client).status_code == 302


def test_the_room_of_readings_stays_while_there_are_readings(
    app: Flask, client: FlaskClient, intake: Intake
) -> None:
    """A rubric that is taken away later takes no reading away, and no page of who follows them."""
    manager = browser(app, handed_in(intake))
    for each in read_known("mdia").rubric.criteria:
        client.post(f"{RUBRIC}/criteria/{each.key}/remove", data={"version": version()})
    assert publish(client).status_code == 302
    later = queries.intake_of("mdia", "2027")
    for each, reads in ((intake, True), (later, False)):
        home = manager.get(f"/staff/intakes/{each.reference}").text
        page = html.unescape(manager.get(f"/staff/intakes/{each.reference}/reviews").text)
        assert (f"/staff/intakes/{each.reference}/reviews" in home) is reads
        assert ("Ce programme ne lit pas de dossiers" in page) is not reads
