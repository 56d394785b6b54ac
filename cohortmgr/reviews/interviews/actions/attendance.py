"""Marking who came to a test or an interview and who did not, and taking it back."""

from __future__ import annotations

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.actions import hold
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.reviews.interviews.actions import readings
from cohortmgr.reviews.interviews.models import PanelMember, SlotBooking
from cohortmgr.reviews.interviews.queries import days, own, panels
from cohortmgr.reviews.interviews.rules import BOOKING_STATES, BookingState

_EARLY = N_("Qui est venu se note le jour même : le %(day)s.")


def mark(viewer: Viewer, day: str, booking: str, to: BookingState) -> SlotBooking:
    """Mark somebody as arrived or as not come, or take that back (`BOOKED`), as a member of the panel or as who manages
    readings. The same mark again changes nothing; another one is taken back first.

    Who did not come is read by nobody as long as that stands: what was not handed in goes."""
    heard = panels.day_for(viewer, day)
    found = panels.booking_on(heard, booking)
    hold(viewer, sa.select(Application.id).where(Application.id == found.application_id))
    held = own.booked_of([found.application_id])[found.application_id, found.phase].booking
    if held.state == to:
        return held
    if clock.today() < heard.day:
        raise Refused(Problem(_EARLY, {"day": heard.day}))
    before = held.state
    held.state = BOOKING_STATES.move(held.state, to).value
    held.marked_at = None if to is BookingState.BOOKED else clock.now()
    db.session.flush()
    record(viewer, "interviews.mark", about(held), before={"state": before}, after={"state": held.state})
    intake = days.intake_of(heard)
    phase = days.phase_named(intake, held.phase)
    if phase is not None:
        readings.settle(viewer, intake, phase, [held.application_id])
    return held


def note_needs_read(viewer: Viewer, member: PanelMember, files: int) -> None:
    """Note that a member of a panel read what people of a day need, sealed as health."""
    member.needs_read_at = clock.now()
    day = db.session.get_one(days.InterviewDay, member.day_id)
    record(viewer, "interviews.read_needs", about(day), after={"files": files})
