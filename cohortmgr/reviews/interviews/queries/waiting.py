"""Reading where people of a phase have no slot though days are planned, and which days come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.desk.history import HistoryEntry
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import File
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem
from cohortmgr.programmes.definition.rules import RubricPhase
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.interviews.models import InterviewDay, InterviewSlot, SlotBooking
from cohortmgr.reviews.interviews.queries.days import HELD, count_without_slot, phase_named
from cohortmgr.reviews.interviews.rules import BookingState, DayState
from cohortmgr.reviews.queries import followed

_CHOSEN = N_("Créneau choisi : %(moment)s")
_CAME = N_("Présence à son créneau")
_MISSED = N_("Absence à son créneau")
# How many intakes the page of today asks about.
MOST = 20


@dataclass(frozen=True)
class WaitingPeople:
    """How many people of a phase have no slot, and the last day that is planned for it."""

    intake: Intake
    phase: RubricPhase
    people: int
    last: date


def waiting_for_slots(viewer: Viewer, permission: str) -> list[WaitingPeople]:
    """Return the phases with days to come in which somebody has no slot, where the viewer holds the permission."""
    rows = (
        sa.select(Intake, InterviewDay.phase, sa.func.max(InterviewDay.day).label("last"))
        .join(InterviewDay, InterviewDay.intake_id == Intake.id)
        .where(followed(viewer, permission))
        .where(InterviewDay.state == DayState.OPEN.value, InterviewDay.day > clock.today())
        .group_by(Intake.id, InterviewDay.phase)
        .order_by(sa.func.max(InterviewDay.day), Intake.id)
    )
    found = []
    for intake, key, last in db.session.execute(rows.limit(MOST)).all():
        phase = phase_named(intake, key)
        people = count_without_slot(intake, phase) if phase else 0
        if phase is not None and people:
            found.append(WaitingPeople(intake, phase, people, last))
    return found


def days_to_come(intake: Intake) -> Sequence[InterviewDay]:
    """Return the days of an intake that are to come and take place."""
    wanted = sa.select(InterviewDay).where(InterviewDay.intake_id == intake.id)
    wanted = wanted.where(InterviewDay.state == DayState.OPEN.value, InterviewDay.day >= clock.today())
    return db.session.scalars(wanted.order_by(InterviewDay.day, InterviewDay.id)).all()


def told_of(viewer: Viewer, application: Application) -> list[HistoryEntry]:
    """Return when a slot was chosen, and whether its person came, for the path of their page."""
    rows = sa.select(SlotBooking, InterviewSlot.starts_at)
    rows = rows.join(InterviewSlot, InterviewSlot.id == SlotBooking.slot_id)
    rows = rows.where(SlotBooking.application_id == application.id, HELD)
    found = []
    for booking, starts_at in db.session.execute(rows.order_by(SlotBooking.id)):
        chosen = Problem(_CHOSEN, {"moment": starts_at})
        found.append(HistoryEntry(booking.booked_at, chosen))
        if booking.marked_at is not None:
            came = booking.state == BookingState.ARRIVED
            found.append(HistoryEntry(booking.marked_at, _CAME if came else _MISSED))
    return found


def traces(file: File) -> sa.Select[str, str]:
    """Select the slots of a file, as the trail names them."""
    kind = sa.literal(SlotBooking.__trail__, sa.String).label("kind")
    return sa.select(kind, SlotBooking.reference).where(SlotBooking.application_id == file.application.id)


def has_begun(intake: Intake, key: str) -> bool:
    """Whether anybody has a slot of a phase: who goes on to it is not taken back then."""
    held = (SlotBooking.intake_id == intake.id, SlotBooking.phase == key, HELD)
    return db.session.scalar(sa.select(SlotBooking.id).where(*held).limit(1)) is not None
