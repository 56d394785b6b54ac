"""Reading of which slots people are to be reminded, and whether a letter about a slot still holds when it leaves."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import AGREED
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.outbox.models import Message
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.interviews.models import InterviewDay, InterviewSlot, PanelMember, SlotBooking
from cohortmgr.reviews.interviews.queries.days import SLOT_AWAITED as SLOT_AWAITED
from cohortmgr.reviews.interviews.queries.days import able_in, phase_named, recipients, without_slot_in
from cohortmgr.reviews.interviews.rules import BookingState, DayState

BOOKED, CHANGED, TOMORROW = "slot_booked", "slot_changed", "slot_tomorrow"
PANEL_TOMORROW = "panel_tomorrow"
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
    """Whether each letter that asks for a slot still holds when it leaves: its person has none, and is still in the
    phase, from which they may have withdrawn, been put aside, hidden by a guardian, or taken back with all who went on
    to it. One statement for all letters of a phase, and two."""
    names = sorted({str(each["reference"]) for each in asked})
    rows = sa.select(Application.reference, Intake).join(Intake, Intake.id == Application.intake_id)
    intakes = {row[0]: row[1] for row in db.session.execute(rows.where(Application.reference.in_(names)))}
    wanted = {
        (intakes[each["reference"]].id, each["phase"]): intakes[each["reference"]]
        for each in asked
        if each["reference"] in intakes
    }
    awaited: set[tuple[str, str]] = set()
    for (_intake_id, key), intake in wanted.items():
        phase = phase_named(intake, key)
        if phase is not None:
            theirs = sa.select(Application.reference).where(*without_slot_in(intake, phase))
            found = db.session.scalars(theirs.where(Application.reference.in_(names)))
            awaited |= {(reference, key) for reference in found}
    return [(each["reference"], each["phase"]) in awaited for each in asked]


def panel_still_heard(asked: Sequence[Mapping[str, Any]]) -> list[bool]:
    """Whether each letter that tells somebody of tomorrow's panel still holds when it leaves: the day is to come and
    takes place then, and they are on its panel and may hear. Two statements, and those of `able_in` for an intake."""
    names = sorted({str(each["reference"]) for each in asked})
    rows = sa.select(InterviewDay, Intake, Person.reference)
    rows = rows.join(Intake, Intake.id == InterviewDay.intake_id)
    rows = rows.join(PanelMember, PanelMember.day_id == InterviewDay.id)
    rows = rows.join(Person, Person.id == PanelMember.reader_id)
    rows = rows.where(InterviewDay.reference.in_(names), InterviewDay.state == DayState.OPEN.value)
    able: dict[int, Collection[str]] = {}
    heard = set()
    for day, intake, reader in db.session.execute(rows.where(InterviewDay.day >= clock.today())).all():
        if intake.id not in able:
            able[intake.id] = able_in(intake).keys()
        if reader in able[intake.id]:
            heard.add((day.reference, reader, day.day))
    return [(each["reference"], each.get("reader"), each.get("day")) in heard for each in asked]


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
