"""A rubric that changes once marks were kept: no mark of one scale counts on another, and whoever gave it keeps it.
And a file that is withdrawn while it is read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.models import Event
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.rules import Definition
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews import queries
from cohortmgr.reviews.assignment.actions import sharing
from cohortmgr.reviews.marksheets.queries import own_readings
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from cohortmgr.reviews.regrading.queries import begun_otherwise
from cohortmgr.reviews.rules import rubric_mark
from tests.factories.choices import browser, readers, sent, someone

MARKS = {"resultats": 4, "bases": 3, "projet": 5, "langues": 2}
AS_DATA = {"Accept": "application/json"}
pytestmark = pytest.mark.usefixtures("system_context")


def given_out() -> tuple[Intake, Viewer, str]:
    """An intake, one of its readers, and a reading of theirs."""
    intake = sent(3)
    manager, (one, *_others) = someone(intake, Role.SELECTION_MANAGER), readers(intake, 2)
    with writing():
        sharing.assign(manager, intake.reference)
    return intake, one, str(own.queue(one)[0].reference)


def out_of_twenty() -> Definition:
    """The programme, in which results are marked out of twenty instead of five."""
    found = read_known("mdia")
    phase = found.rubric.files
    texts = {level: {"fr": f"n {level}", "ar": f"م {level}", "en": f"l {level}"} for level in range(21)}
    first = next(each for each in phase.criteria if each.key == "resultats")
    longer = replace(first, scale_min=0, scale_max=20, anchors=texts, knock_out_below=None)
    criteria = tuple(longer if each is first else each for each in phase.criteria)
    phases = tuple(
        replace(phase, criteria=criteria) if each is phase else each for each in found.rubric.phases
    )
    return replace(found, rubric=replace(found.rubric, phases=phases))


def amend() -> None:
    with writing():
        assert programmes.load_definition(SYSTEM, out_of_twenty()).changed
    db.session.rollback()
    db.session.expire_all()


def now(reference: str) -> Review:
    db.session.expire_all()
    return db.session.scalars(sa.select(Review).where(Review.reference == reference)).one()


def form(intake: Intake, version: int) -> dict[str, Any]:
    mark = rubric_mark(definition_of(intake).rubric.files)
    marks = {f"score-{key}": str(value) for key, value in MARKS.items()}
    return {**marks, "comment": "Solide", "version": str(version), "rubric": mark}


def test_what_was_noted_on_a_criterion_that_changed_is_kept_beside(app: Flask) -> None:
    intake, one, mine = given_out()
    was = definition_of(intake).rubric
    with writing():
        reading.draft(one, mine, {"resultats": 4, "bases": 3}, "Solide", version=1)
    (begun,) = begun_otherwise(intake, was, out_of_twenty().rubric)
    assert begun.reader == "Une r0" and begun.remade == {"resultats"}, "whom the page of publishing names"
    amend()
    found = now(mine)
    assert (found.scores, found.comment, found.version) == ({"bases": 3}, "Solide", 3)
    (kept,) = found.earlier
    assert (kept["scores"], kept["why"]) == ({"resultats": 4, "bases": 3}, "regraded")
    (event,) = db.session.scalars(sa.select(Event).where(Event.action == "reviews.regrade"))
    assert event.object_kind == "intake"
    page = browser(app, one).get(f"/staff/reviews/{mine}").text
    assert "La grille a changé" in page and "4 / 5" in page and "4 / 20" not in page


@pytest.mark.parametrize("path", ["", "/draft"])
def test_marks_of_a_page_with_another_rubric_are_refused_and_told(app: Flask, path: str) -> None:
    intake, one, mine = given_out()
    page, old = browser(app, one), form(intake, 1)
    assert f'name="rubric" value="{old["rubric"]}"' in page.get(f"/staff/reviews/{mine}").text
    amend()
    answer = page.post(f"/staff/reviews/{mine}{path}", data=old, headers=AS_DATA)
    assert answer.status_code == 409 and answer.json is not None and answer.json["regraded"]
    assert "La grille a changé" in answer.json["problems"][0]["text"]
    assert (answer.json["open"], answer.json["scores"]) == (True, {})
    assert now(mine).state == "assigned"
    shown = page.post(f"/staff/reviews/{mine}", data=old).text
    assert "» 4" in shown and "Solide" in shown, "what was typed is said"
    assert " checked" not in shown, "and is no mark of today's rubric"
    fresh = form(db.session.get_one(Intake, intake.id), 1)
    assert fresh["rubric"] != old["rubric"]
    assert page.post(f"/staff/reviews/{mine}", data=fresh, headers=AS_DATA).status_code == 200
    assert now(mine).state == "submitted"


def test_once_a_reading_is_handed_in_its_rubric_and_the_drafts_stay() -> None:
    intake, one, mine = given_out()
    other = str(own.queue(one)[1].reference)
    with writing():
        reading.score(one, mine, MARKS, "", 1)
    with writing():
        reading.draft(one, other, {"resultats": 4}, "", version=1)
    amend()
    assert (now(other).scores, now(other).earlier) == ({"resultats": 4}, [])


def test_line_ends_are_kept_as_one_sign() -> None:
    _intake, one, mine = given_out()
    with writing():
        reading.draft(one, mine, {"resultats": 4}, "Un\r\nDeux", version=1)
    assert now(mine).comment == "Un\nDeux"
    with writing():
        assert reading.draft(one, mine, {"resultats": 4}, "Un\r\nDeux", version=1).version == 2, (
            "the same again"
        )
        reading.score(one, mine, MARKS, "Trois\r\nQuatre", 2)
    assert now(mine).comment == "Trois\nQuatre"


@pytest.mark.parametrize("state", ["withdrawn", "superseded"])
def test_a_file_that_is_withdrawn_is_closed_to_its_reader(app: Flask, state: str) -> None:
    intake, one, mine = given_out()
    done = str(own.queue(one)[1].reference)
    with writing():
        reading.score(one, done, MARKS, "", 1)
    with writing():
        db.session.execute(sa.update(Application).values(state=state))
    assert own.open_count(one) == 0 and own_readings(one, intake) == []
    page = browser(app, one)
    shown = page.get(f"/staff/reviews/{mine}")
    assert "Ce dossier a été retiré" in shown.text and "Travailler" not in shown.text
    assert page.get(f"/staff/reviews/{mine}/documents/X").status_code == shown.status_code != 200
    for path in ("", "/draft"):
        answer = page.post(f"/staff/reviews/{mine}{path}", data=form(intake, 1), headers=AS_DATA)
        assert answer.status_code == 409 and answer.json is not None and answer.json["closed"]
        assert "Ce dossier a été retiré" in answer.json["problems"][0]["text"]
    assert now(mine).state == "assigned"
    # One that was handed in still says what it said, and nothing of the file, and changes no more.
    shown = page.get(f"/staff/reviews/{done}")
    assert shown.status_code == 200 and "Lecture remise" in shown.text and "Travailler" not in shown.text
    assert list(own.papers_of(queries.get_for(one, done))) == []
    for act in (reading.undo, reading.confirm):
        with pytest.raises(Refused, match="a été retiré"), writing():
            act(one, done)
