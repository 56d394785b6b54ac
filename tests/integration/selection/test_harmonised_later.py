"""Harmonised marks once decisions rest on them, or people went on by them: what comes later changes nobody's mark."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.jobs.rules import FRESH
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews.harmonising.queries import formulas_in
from cohortmgr.reviews.harmonising.rules import MarkBasis
from cohortmgr.reviews.jury.actions import choosing
from cohortmgr.reviews.jury.actions import keeping as harmonising
from cohortmgr.selection import queries
from cohortmgr.selection.actions import decisions
from cohortmgr.selection.certificate import certificate, verify
from cohortmgr.selection.models import Batch
from cohortmgr.selection.stating import rubric_of
from tests.factories.choices import browser, known, someone
from tests.factories.working import work
from tests.integration.reviews.jury.marked import reading_of
from tests.integration.reviews.jury.uneven import harmonise, read_unevenly

pytestmark = pytest.mark.usefixtures("system_context")
MANAGER = "selection_manager@inpt.ma"


def choose(intake: Intake) -> None:
    with writing():
        choosing.choose(known(MANAGER), intake.reference, "dossiers", MarkBasis.HARMONISED, "Motif")


def test_a_file_that_is_withdrawn_after_the_decisions_asks_nothing_of_anybody(app: Flask) -> None:
    intake = read_unevenly()
    harmonise(intake)
    choose(intake)
    way, client = f"/staff/intakes/{intake.reference}/ranking", browser(app, known(MANAGER))
    with writing():
        proposed = decisions.propose(known(MANAGER), intake.reference, open_until=intake.closes_at).reference
    with writing() as session:
        file = session.scalars(sa.select(Application).order_by(Application.number.desc())).first()
        assert file is not None
        file.state = "withdrawn"
    page = client.get(way).text
    assert (
        queries.ranking_of(intake).stale
        and "datent d’avant" not in page
        and "rien ne se propose" not in page.lower()
    )
    with writing():
        decisions.cancel(known(MANAGER), proposed)
    assert "datent d’avant" in client.get(way).text


def test_decided_marks_stay_those_by_which_people_were_chosen() -> None:
    """Whoever contests a decision is shown the mark that it was made by, whoever has withdrawn since."""
    intake = read_unevenly()
    with writing():
        harmonising.ask(known(MANAGER), intake)
    work()
    choose(intake)
    with writing():
        proposed = decisions.propose(known(MANAGER), intake.reference, open_until=intake.closes_at).reference
    with writing() as session:
        file = session.scalars(sa.select(Application).order_by(Application.number.desc())).first()
        assert file is not None
        file.state = "withdrawn"
    digest = _asked_again(intake, FRESH)
    (row,) = db.session.scalars(sa.select(Batch))
    kept = row.certificate["rubric"]["phases"][0]["marks"]
    assert formulas_in(intake.id)["dossiers"].formula.mean == kept["mean"]
    with writing():
        decisions.cancel(known(MANAGER), proposed)
    assert _asked_again(intake, 3 * FRESH) != digest, "nothing rests on it any more"


def _asked_again(intake: Intake, later: timedelta) -> str:
    with clock.at(clock.now() + later):
        with writing():
            harmonising.ask(known(MANAGER), intake)
        work()
    db.session.expire_all()
    return formulas_in(intake.id)["dossiers"].digest


def test_a_reader_who_came_later_is_stated_among_the_others() -> None:
    """A formula that is held, since people went on by it, knows nothing of them; the certificate holds nevertheless."""
    intake = read_unevenly()
    harmonise(intake)
    choose(intake)
    before = {row.reference: row.mean for row in queries.ranking_of(intake).ranking.rows}
    late = someone(intake, Role.REVIEWER, "late")
    with writing() as session:
        files = session.scalars(sa.select(Application).order_by(Application.number)).all()
        phase = definition_of(intake).rubric.files
        session.add(reading_of(phase, files[3], late, 19.0))
    board = queries.ranking_of(intake)
    made = certificate(
        board.ranking, board.seats, board.ranking.seed, rubric_of(board.rubric, board.formulas), board.waiting,
        board.scores, board.parts,
    )  # fmt: skip
    assert verify(made) == []
    (row,) = [each for each in made["rows"] if each["reference"] == files[3].number]
    numbers = made["rubric"]["phases"][0]["marks"]
    assert row["phases"][0]["readers"][-1] == "D" and numbers["severities"]["D"] == 0
    changed = {each.reference for each in board.ranking.rows if each.mean != before[each.reference]}
    assert changed == {files[3].number}
