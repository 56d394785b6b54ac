"""Where other phases count too, further readings go by the marks of all, and to files that still compete."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.text import new_reference
from cohortmgr.jobs.rules import FRESH
from cohortmgr.programmes.definition.rules import PhaseKind, Rubric
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of, intake_of
from cohortmgr.reviews.calibration.rules import doubtful_names
from cohortmgr.reviews.further.outlook import by_offering, outlook, standings_of
from cohortmgr.reviews.further.queries import FurtherGround, ground_of, in_the_way
from cohortmgr.reviews.harmonising.queries import harmonisation_of
from cohortmgr.reviews.harmonising.rules import MarkBasis
from cohortmgr.reviews.jury.actions import choosing, keeping
from cohortmgr.reviews.phases.models import PhaseClosing
from cohortmgr.selection import queries
from tests.databases import build_once
from tests.factories import choices
from tests.factories.choices import known, readers, someone
from tests.factories.working import work
from tests.integration.reviews.jury.marked import reading_of

pytestmark = pytest.mark.usefixtures("system_context")
FILES, PLACES = 12, 4


def _rubric(*, knocks_out: bool) -> Rubric:
    """Points from answers and the reading of files; after both, and a test, four go on to an interview."""
    computed, read, test, heard = choices.phases(None).rubric.phases
    limited = replace(read.criteria[0], knock_out_below=Decimal(3)) if knocks_out else read.criteria[0]
    read = replace(read, readings=2, weight=1, criteria=(limited, *read.criteria[1:]))
    return Rubric((replace(computed, weight=2), read, replace(test, goes_on=PLACES), heard))


def _built(knocks_out: bool) -> None:
    found = choices.phases(None)
    choices._send(FILES, 0, 9, replace(found, rubric=_rubric(knocks_out=knocks_out)))
    intake = intake_of("mdia", "2025")
    someone(intake, Role.SELECTION_MANAGER)
    people = readers(intake, 3)
    with writing():
        rows = db.session.scalars(sa.select(Application).order_by(Application.number)).all()
        for place, file in enumerate(rows):
            # The later a file, the better its answers and the worse what readers find.
            file.answers = {**file.answers, "s1": str(9 if place < 6 else 12 if place < 9 else 15)}
            for which in (place % 3, (place + 1) % 3):
                phase = definition_of(intake).rubric.files
                db.session.add(reading_of(phase, file, people[which], 17 - 0.8 * place - which))
        keeping.ask(known("selection_manager@inpt.ma"), intake)
    assert work() == 1


def _ground(*, knocks_out: bool = False) -> tuple[Intake, FurtherGround]:
    build_once(f"further in phases {knocks_out}", lambda: _built(knocks_out), may_age=True)
    intake = intake_of("mdia", "2025")
    found = harmonisation_of(intake.id, "dossiers")
    assert found is not None and definition_of(intake).rubric.phases[0].kind is PhaseKind.COMPUTED
    return intake, ground_of(intake, found)


def test_files_are_placed_by_the_marks_of_all_phases_and_by_the_places_that_these_decide() -> None:
    intake, ground = _ground()
    found = harmonisation_of(intake.id, "dossiers")
    assert found is not None and list(ground.places.values()) == [PLACES] and found.seats == PLACES
    (ranked,) = by_offering(ground.files).values()
    (ribbon,) = found.figures["ribbons"].values()
    inside = {row[0] for row in ribbon["harmonised"] if row[5]}
    assert {file.number for file in ranked[:PLACES]} == inside, "as the jury's page places them"
    told = outlook(ground.files, ground.places, ground.state, ground.noise, intake.reference)
    assert told.doubtful == pytest.approx(found.figures["doubtful"]["harmonised"], abs=0.01)
    words = found.figures["words"]["harmonised"]
    assert (told.sure, told.open, told.out) == (words["sure"], words["open"], words["out"])
    (standings,) = standings_of(ground.files, ground.places, ground.state).values()
    above = [each.mark > each.cut for each in standings]
    assert above == [True] * PLACES + [False] * (FILES - PLACES)


def test_whom_a_criterion_knocks_out_is_neither_chosen_nor_read_again() -> None:
    intake, ground = _ground(knocks_out=True)
    (whole,) = by_offering(ground.files).values()
    competing = {file.number for file in whole}
    assert 0 < len(competing) < FILES
    found = harmonisation_of(intake.id, "dossiers")
    assert found is not None and found.figures["files"] == len(competing)
    told = outlook(ground.files, ground.places, ground.state, ground.noise, intake.reference)
    chosen = whole[: list(ground.places.values())[0]]
    assert told.doubtful == pytest.approx(doubtful_names(file.chance / 10_000 for file in chosen))
    assert told.doubtful == pytest.approx(found.figures["doubtful"]["harmonised"], abs=0.01)


def test_what_was_closed_by_a_phase_s_marks_keeps_the_numbers_by_which_they_were_found() -> None:
    """Files and a test decide together who is heard: once that is said, no file that is withdrawn moves a mark."""
    intake, _ = _ground()
    manager = known("selection_manager@inpt.ma")
    with writing() as session:
        choosing.choose(manager, intake.reference, "dossiers", MarkBasis.HARMONISED, "Motif")
        closing = PhaseClosing(
            reference=new_reference(), institution_id=intake.institution_id, intake_id=intake.id,
            phase="epreuve", closed_at=clock.now(), closed_by=manager.reference, gone_on=4, stayed=8,
        )  # fmt: skip
        session.add(closing)
        file = session.scalars(sa.select(Application).order_by(Application.number)).first()
        assert file is not None
        file.state = "withdrawn"
    before = harmonisation_of(intake.id, "dossiers")
    assert before is not None
    digest = before.digest
    (problem,) = in_the_way(intake, definition_of(intake).rubric.files)
    assert "qui va plus loin est dit" in str(problem)
    assert _asked_again(intake, FRESH) == digest and not queries.ranking_of(intake).stale
    with writing():
        closing.taken_back_at, closing.taken_back_by = clock.now(), manager.reference
    assert queries.ranking_of(intake).stale, "opened again, it is of before"
    assert _asked_again(intake, 3 * FRESH) != digest


def _asked_again(intake: Intake, later: timedelta) -> str:
    with clock.at(clock.now() + later):
        with writing():
            keeping.ask(known("selection_manager@inpt.ma"), intake)
        assert work() == 1
    db.session.expire_all()
    found = harmonisation_of(intake.id, "dossiers")
    assert found is not None
    return found.digest
