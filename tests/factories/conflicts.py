"""Gives the files of the year to its readers, one of whom is barred from a file, and lets one hear its candidate."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes import queries
from cohortmgr.programmes.definition.rules import Criterion, PhaseKind, ProgrammeStage, RubricPhase
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.reviews.assignment.actions import knowing, sharing
from cohortmgr.reviews.assignment.models import ReaderConflict
from cohortmgr.reviews.interviews.actions import days, feeds
from cohortmgr.reviews.interviews.models import InterviewSlot, SlotBooking
from cohortmgr.reviews.interviews.rules import DayPlan
from cohortmgr.reviews.interviews.timetable import DaySpan
from cohortmgr.reviews.models import Review

if TYPE_CHECKING:
    from tests.factories.year import Year


def shared_out(year: Year) -> str:
    """Let the reviewers say that they know nobody, share the files out, bar the reviewer from one that is not theirs,
    and return the reference of that."""
    manager, reader = year.viewer("selection_manager"), year.viewer("reviewer")
    for name in ("reviewer", "other_reviewer", "idle_reviewer"):
        with writing():
            knowing.declare(year.viewer(name), year.intake.reference, set())
    with writing():
        sharing.assign(manager, year.intake.reference)
    held = sa.select(Review.application_id).where(Review.reviewer_id == reader.person_id)
    free = sa.select(Application.number).where(Application.intake_id == year.intake.id)
    free = free.where(Application.state == "submitted", Application.id.not_in(held)).order_by(Application.id)
    number = db.session.scalars(free).first() or ""
    with writing():
        knowing.bar(manager, year.intake.reference, reader.person_reference or "", [number])
    return db.session.scalars(sa.select(ReaderConflict.reference)).one()


def expected(year: Year) -> dict[str, str]:
    """Let the candidate of the year come to an interview of the open intake, before the reviewer. Returns the day, the
    slot and the reviewer's address for a calendar."""
    definition, intake = read_known("mdia"), queries.intake_of("mdia", "2027")
    text = {"fr": "Oral", "ar": "شفوي", "en": "Oral"}
    phase = RubricPhase("oral", (Criterion("oral", text, 1, 0, 5),), PhaseKind.INTERVIEW, readings=1)
    rubric = replace(definition.rubric, phases=(*definition.rubric.phases, phase))
    stages = (*definition.stages, ProgrammeStage.INTERVIEW)
    with writing():
        programmes.load_definition(SYSTEM, replace(definition, rubric=rubric, stages=stages))
    manager, reader = year.viewer("selection_manager"), year.viewer("reviewer")
    plan = DayPlan(clock.today() + timedelta(days=5), DaySpan(540, 600), 30, address="Rabat")
    file = db.session.scalars(
        sa.select(Application).where(Application.reference == year.references["draft"])
    ).one()
    with writing() as session:
        day = days.add_day(manager, intake.reference, "oral", plan, [reader.person_reference or ""])
        slot = session.scalars(sa.select(InterviewSlot).where(InterviewSlot.day_id == day.id)).first()
        assert slot is not None
        slot.taken = 1
        booking = SlotBooking(
            institution_id=intake.institution_id,
            intake_id=intake.id,
            application_id=file.id,
            person_id=file.person_id,
            phase="oral",
            slot_id=slot.id,
            booked_at=clock.now(),
            booked_by=manager.reference,
        )
        session.add(booking)
        session.flush()
        token = feeds.make_feed(reader)
    return {"heard_day": day.reference, "heard_slot": booking.reference, "feed": token}
