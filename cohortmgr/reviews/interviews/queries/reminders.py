"""Reading of which slots people are to be reminded, and whether a letter about a slot still holds when it leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import AGREED
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.outbox.models import Message
from cohortmgr.reviews.interviews.models import InterviewDay, InterviewSlot, SlotBooking
from cohortmgr.reviews.interviews.queries.days import HELD, recipients
from cohortmgr.reviews.interviews.queries.days import SLOT_AWAITED as SLOT_AWAITED
from cohortmgr.reviews.interviews.rules import BookingState, DayState

BOOKED, CHANGED, TOMORROW = "slot_booked", "slot_changed", "slot_tomorrow"
# The letters that hold as long as their person has the slot of which they tell.
OF_A_SLOT = (BOOKED, CHANGED, TOMORROW)
# On the day before, people are reminded from this hour on, and panels from that one.
MORNING, EVENING = 9, 17


def days_tomorrow() -> Sequence[InterviewDay]:
    """Return the days that are tomorrow, once it is time to tell of them."""
    if clock.now() < clock.instant(clock.today(), MORNING):
        return ()
    wanted = sa.select(InterviewDay).where(
        InterviewDay.day == clock.today() + timedelta(days=1), InterviewDay.state == DayState.OPEN.value
    )
    return db.session.scalars(wanted.order_by(InterviewDay.id)).all()


def evening_of(day: InterviewDay) -> datetime:
    """Return from when on the day before a panel is told of its day."""
    return clock.instant(day.day - timedelta(days=1), EVENING)


def unreminded(day: InterviewDay) -> Sequence[Any]:
    """Return who has a slot on a day and has not been reminded of it, with what a letter needs and the name of theirs;
    not who chose it after the hour of the reminder, and was told just then."""
    once = sa.literal(f"{TOMORROW}:{day.day:%Y%m%d}:") + SlotBooking.reference
    told = sa.select(Message.id).where(Message.once == once)
    since = clock.instant(day.day - timedelta(days=1), MORNING)
    rows = recipients().add_columns(once.label("once")).where(InterviewSlot.day_id == day.id)
    rows = rows.where(SlotBooking.state == BookingState.BOOKED.value, SlotBooking.booked_at < since)
    rows = rows.where(Application.state == "submitted", AGREED, ~told.exists())
    return db.session.execute(rows.order_by(SlotBooking.id)).all()


def still_booked(asked: Sequence[Mapping[str, Any]]) -> list[bool]:
    """Whether each letter about a slot still holds when it leaves: its person has it, and it is to come. One statement
    for all."""
    names = sorted({str(each["booking"]) for each in asked})
    rows = (
        sa.select(SlotBooking.reference, InterviewSlot.starts_at)
        .join(InterviewSlot, InterviewSlot.id == SlotBooking.slot_id)
        .where(SlotBooking.reference.in_(names), SlotBooking.state == BookingState.BOOKED.value)
        .where(InterviewSlot.starts_at > clock.now())
    )
    held = {row.reference: row.starts_at for row in db.session.execute(rows)}
    return [held.get(str(each["booking"])) == each["when"] for each in asked]


def still_without(asked: Sequence[Mapping[str, Any]]) -> list[bool]:
    """Whether each letter that asks for a slot still holds when it leaves: its person has none, and has not withdrawn.
    One statement for all."""
    names = sorted({str(each["reference"]) for each in asked})
    held = sa.select(SlotBooking.phase, Application.reference).where(HELD)
    held = held.join(Application, Application.id == SlotBooking.application_id)
    rows = db.session.execute(held.where(Application.reference.in_(names)))
    there = {(row.reference, row.phase) for row in rows}
    return [(each["reference"], each["phase"]) not in there for each in asked]


def left_behind() -> sa.Select[Application]:
    """Select the files that have a slot to come and are in their intake no longer."""
    held = (
        sa.select(SlotBooking.id)
        .join(InterviewSlot, InterviewSlot.id == SlotBooking.slot_id)
        .where(SlotBooking.application_id == Application.id, InterviewSlot.starts_at > clock.now())
        .where(SlotBooking.state == BookingState.BOOKED.value)
    )
    gone = sa.or_(Application.state != "submitted", ~AGREED)
    return sa.select(Application).where(held.exists(), gone).order_by(Application.id)


def intakes_left_behind() -> list[int]:
    """Return the ids of the intakes in which such files have a slot; the worker frees them there."""
    return sorted({each.intake_id for each in db.session.scalars(left_behind())})
