"""Makes mdia 2025 with an interview behind the files, its people, and a day of a panel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes import queries
from cohortmgr.programmes.definition.rules import (
    Criterion,
    Definition,
    PhaseKind,
    ProgrammeStage,
    RubricPhase,
)
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.interviews.actions import days as acts
from cohortmgr.reviews.interviews.models import InterviewDay, InterviewSlot, SlotBooking
from cohortmgr.reviews.interviews.rules import DayPlan
from cohortmgr.reviews.interviews.timetable import DaySpan
from tests.factories.choices import known, readers, sent, someone

PHASE = "entretien"


def with_interview(definition: Definition, goes_on: int | None = None, **more: Any) -> Definition:
    """Return a definition with an interview behind its phases."""
    said = {"fr": "Expression", "ar": "التعبير", "en": "Expression"}
    anchors = {
        score: {"fr": f"Niveau {score}", "ar": f"مستوى {score}", "en": f"Level {score}"} for score in range(6)
    }
    criterion = Criterion("expression", said, 1, 0, 5, anchors)
    phase = RubricPhase(PHASE, (criterion,), PhaseKind.INTERVIEW, **{"readings": 1, **more})
    before = tuple(replace(each, goes_on=goes_on) for each in definition.rubric.phases)
    phases = (*before, phase)
    return replace(
        definition,
        rubric=replace(definition.rubric, phases=phases),
        stages=(*definition.stages, ProgrammeStage.INTERVIEW),
    )


def heard(
    files: int = 3, panel: int = 2, goes_on: int | None = None, **more: Any
) -> tuple[Intake, Viewer, list[Viewer]]:
    """Make an intake with an interview, who manages it, and reviewers."""
    sent(files)
    with writing():
        programmes.load_definition(SYSTEM, with_interview(read_known("mdia"), goes_on, **more))
    db.session.rollback()
    intake = queries.intake_of("mdia", "2025")
    return intake, someone(intake, Role.SELECTION_MANAGER), readers(intake, panel)


def plan(days: int = 7, **said: object) -> DayPlan:
    """Return a plan: three slots of half an hour, from nine o'clock."""
    day: date = clock.today() + timedelta(days=days)
    first = DayPlan(day, DaySpan(540, 630), 30, address="12, avenue Allal El Fassi, Rabat", room="Salle 4")
    return replace(first, **said)  # type: ignore[arg-type]


def a_day(
    intake: Intake, manager: Viewer, panel: Sequence[Viewer], made: DayPlan | None = None
) -> InterviewDay:
    """Make a day."""
    names = [each.person_reference or "" for each in panel]
    with writing():
        return acts.add_day(manager, intake.reference, PHASE, made or plan(), names)


def slots(day: InterviewDay) -> list[InterviewSlot]:
    """Return the slots of a day as they are now."""
    rows = sa.select(InterviewSlot).where(InterviewSlot.day_id == day.id).order_by(InterviewSlot.starts_at)
    return list(db.session.scalars(rows.execution_options(populate_existing=True)))


def taken(day: InterviewDay) -> list[int]:
    """Return how many places of each slot are taken."""
    return [each.taken for each in slots(day)]


def candidate(number: int) -> Viewer:
    """Return the person of a file."""
    return known(f"c{number}@exemple.ma")


def file_of(number: int) -> Application:
    """Return a file as it is now."""
    wanted = sa.select(Application).where(Application.number == f"MDIA-{number:06d}")
    return db.session.scalars(wanted.execution_options(populate_existing=True)).one()


def booking_of(number: int) -> SlotBooking:
    """Return the slot of a file as it is now."""
    wanted = sa.select(SlotBooking).where(SlotBooking.application_id == file_of(number).id)
    return db.session.scalars(wanted.execution_options(populate_existing=True)).one()
