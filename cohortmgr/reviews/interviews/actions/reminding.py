"""Reminds of slots: who has none is asked for one, once a day; who comes tomorrow is told, and so is the panel.

Nothing is planned ahead: a slot that moves leaves nothing to correct. A reminder has a name that only one message can
have, so that looking again writes nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NotPermitted, Refused
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.reviews.assignment.actions.giving import intake_locked
from cohortmgr.reviews.interviews.actions import booking as bookings
from cohortmgr.reviews.interviews.actions import letters
from cohortmgr.reviews.interviews.models import InterviewDay
from cohortmgr.reviews.interviews.queries import days, reminders
from cohortmgr.reviews.interviews.rules import BookingState

_ALREADY = N_("Ces personnes ont déjà été relancées aujourd’hui : laissez-leur le temps de répondre.")
_NO_SLOT = N_("Aucun créneau n’est libre : ajoutez une journée avant de relancer.")


def ask_for_slots(viewer: Viewer, intake_reference: str, phase: str) -> int:
    """Ask everybody of a phase who has no slot to choose one. Returns how many are written to. Refused a second time on
    the same day, and if no slot is free."""
    intake = intake_locked(viewer, intake_reference)
    asked, moment = days.phase_of(intake, phase), clock.local(clock.now())
    if days.was_reminded(intake, asked, moment.date()):
        raise Refused(_ALREADY)
    free = days.free_in(intake, asked)
    if not free:
        raise Refused(_NO_SLOT)
    rows = days.to_ask(intake, asked, len(free))
    number = send_all(letters.slot_requests(intake, asked, rows, moment))
    record(viewer, "interviews.ask", about(intake), after={"phase": phase, "people": number})
    return number


def tell_tomorrow(viewer: Viewer, day: InterviewDay) -> int:
    """Write to who comes on a day that is tomorrow: to each, and in the evening to the panel. Returns how many letters
    there were."""
    if not viewer.is_system:
        raise NotPermitted("reminding is the worker's")
    intake = days.intake_of(day)
    phase = days.phase_named(intake, day.phase)
    if phase is None:
        return 0
    shared = letters.shared_by(intake, phase)
    return send_all([*_for_people(day, shared), *_for_panel(day, shared)])


def _for_people(day: InterviewDay, shared: dict[str, Any]) -> Iterator[Letter]:
    place = {"place": letters.place_of(day)}
    for row in reminders.unreminded(day):
        if row.reached:
            yield letters.letter(row, reminders.TOMORROW, {**shared, **place}, once=row.once)


def _for_panel(day: InterviewDay, shared: dict[str, Any]) -> Sequence[Letter]:
    if clock.now() < reminders.evening_of(day):
        return ()
    rows = [row for row in days.people_on(day) if row[0].state == BookingState.BOOKED]
    return letters.for_panel(day, shared, len(rows), rows[0].starts_at) if rows else ()


def free_left_behind(viewer: Viewer, intake_id: int) -> int:
    """Give back the slots to come of files that are in their intake no longer: withdrawn, put aside for another, or
    hidden by a guardian. Returns how many there were."""
    if not viewer.is_system:
        raise NotPermitted("sweeping is the worker's")
    rows = db.session.scalars(reminders.left_behind().where(Application.intake_id == intake_id)).all()
    for application in rows:
        bookings.leave(viewer, application)
    return len(rows)
