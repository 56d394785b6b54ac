"""Marking who came to a test or an interview and who did not, and taking it back."""

from __future__ import annotations

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.actions import hold
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NotPermitted, Problem, Refused
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.interviews.actions import absences, readings
from cohortmgr.reviews.interviews.models import InterviewDay, PanelMember, SlotBooking
from cohortmgr.reviews.interviews.queries import days, own, panels
from cohortmgr.reviews.interviews.rules import BOOKING_STATES, BookingState

_EARLY = N_("La présence se note le jour même : le %(day)s.")


def mark(viewer: Viewer, day: str, booking: str, to: BookingState) -> SlotBooking:
    """Mark somebody as arrived or as not come, or take that back (`BOOKED`), as a member of the panel or as who manages
    readings. The same mark again changes nothing; another one is taken back first.

    Who did not come is read by nobody as long as that stands: what was not handed in goes."""
    heard = panels.day_for(viewer, day)
    if not panels.may_mark(viewer, heard):
        raise NotPermitted(day)
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
    _follow(viewer, held, BookingState(before), to)
    record(viewer, "interviews.mark", about(held), before={"state": before}, after={"state": held.state})
    return held


def _follow(viewer: Viewer, booking: SlotBooking, before: BookingState, to: BookingState) -> None:
    """Let marks and readings follow: who hears somebody says whether they came, so as long as they do."""
    intake = db.session.get_one(Intake, booking.intake_id)
    file = db.session.get_one(Application, booking.application_id)
    phase = days.phase_of(intake, booking.phase)
    if to is BookingState.NO_SHOW:
        absences.note(viewer, file, intake, phase)
    readings.settle(viewer, intake, phase, [file.id])
    if before is BookingState.NO_SHOW:
        absences.take_back(viewer, file, intake, phase)


def note_needs_read(viewer: Viewer, member: PanelMember, files: int) -> None:
    """Note that a member of a panel read what people of a day need, sealed as health."""
    member.needs_read_at = clock.now()
    day = db.session.get_one(InterviewDay, member.day_id)
    record(viewer, "interviews.read_needs", about(day), after={"files": files})
