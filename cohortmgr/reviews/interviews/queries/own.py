"""Reading one's own slot, and those that are free: for who comes, or for whoever answers for a child."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import PUBLIC, own
from cohortmgr.applications.file.rules import ApplicationState, Consent
from cohortmgr.applications.guardians.queries import acting_for, children, guardianships
from cohortmgr.base import clock
from cohortmgr.base.db import acting_in, db
from cohortmgr.base.errors import NotFound
from cohortmgr.programmes.definition.rules import RubricPhase
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews.interviews.models import InterviewDay, InterviewSlot, SlotBooking
from cohortmgr.reviews.interviews.queries.days import free_in, in_phase
from cohortmgr.reviews.interviews.queries.engagements import engagements_of
from cohortmgr.reviews.interviews.queries.hearing import hearing_in
from cohortmgr.reviews.interviews.rules import BookingState, attended, changes_until


@dataclass(frozen=True)
class BookedSlot:
    """Somebody's slot: from when to when, and the day on which it is."""

    booking: SlotBooking
    slot: InterviewSlot
    day: InterviewDay
    ends_at: datetime

    @property
    def changes_until(self) -> datetime:
        """Until when its person may change it."""
        return changes_until(self.slot.starts_at, self.day.move_until)

    @property
    def stands(self) -> bool:
        """Whether its person is expected, or came."""
        return self.booking.state in (BookingState.BOOKED, BookingState.ARRIVED)


@dataclass(frozen=True)
class OwnAppointment:
    """One phase of somebody's file to which they come: the slot that they have or had last, if any; the slots that they
    may choose now with their days, and whether the file is in the phase (else they only see what they had)."""

    application: Application
    intake: Intake
    phase: RubricPhase
    last: BookedSlot | None
    free: Sequence[Any]
    is_in: bool

    @property
    def booked(self) -> BookedSlot | None:
        """The slot at which they are expected, or came."""
        return self.last if self.last is not None and self.last.stands else None

    @property
    def missed(self) -> bool:
        """Whether they did not come."""
        return self.last is not None and self.last.booking.state == BookingState.NO_SHOW

    @property
    def may_change(self) -> bool:
        """Whether they may choose a slot, or move the one that they have."""
        if not self.is_in or self.missed:
            return False
        if self.booked is None:
            return True
        return self.booked.booking.state == BookingState.BOOKED and clock.now() < self.booked.changes_until


@contextmanager
def appointments(application: Application) -> Iterator[None]:
    """Let the code within read the days and slots of a file's institution: they are the office's rows."""
    with acting_in(application.institution_id):
        yield


def own_appointments(viewer: Viewer, reference: str) -> list[OwnAppointment]:
    """Return the phases of the viewer's own file to which they come, now or before. Raises NotFound if there is none,
    or none yet: what nobody has planned is not told."""
    file = own(viewer, reference)
    return appointments_of(file.application, file.intake)


def appointments_of(application: Application, intake: Intake) -> list[OwnAppointment]:
    """Return the same of a file that the caller may see."""
    found = []
    with appointments(application):
        booked = booked_of([application.id])
        for phase in attended(definition_of(intake)):
            last = booked.get((application.id, phase.key))
            is_in = is_in_phase(application, intake, phase)
            free = offered(application, intake, phase) if is_in else ()
            if last is not None or (is_in and free):
                found.append(OwnAppointment(application, intake, phase, last, free, is_in))
    if not found:
        raise NotFound(application.reference)
    return found


def told_to(application: Application) -> list[OwnAppointment]:
    """Return the phases of a file to which its person comes, as its own page tells them; none before there are
    slots, and no statement more where its programme has none."""
    if application.state != ApplicationState.SUBMITTED:
        return []
    intake = db.session.get_one(Intake, application.intake_id)
    try:
        return appointments_of(application, intake) if attended(definition_of(intake)) else []
    except NotFound:
        return []


@dataclass(frozen=True)
class ExpectedPerson:
    """When somebody is expected next; None if they are to choose."""

    at: datetime | None


def expected_of(files: Sequence[tuple[Application, Intake]]) -> dict[int, ExpectedPerson]:
    """Return when people are expected, or that they are to choose, by the ids of their files, which the viewer may see.
    No statement where no programme has interviews or tests."""
    found = {}
    for application, intake in files:
        if application.state != ApplicationState.SUBMITTED or not attended(definition_of(intake)):
            continue
        with suppress(NotFound):
            for each in appointments_of(application, intake):
                if each.booked is not None and each.booked.booking.state == BookingState.BOOKED:
                    found[application.id] = ExpectedPerson(each.booked.slot.starts_at)
                elif each.booked is None and each.may_change and not is_guarded(application):
                    found[application.id] = ExpectedPerson(None)
    return found


def choosable(free: Sequence[Any]) -> Sequence[Any]:
    """Return the free slots that people may still choose themselves."""
    now = clock.now()
    return [row for row in free if now < changes_until(row[0].starts_at, row[1].move_until)]


def offered(application: Application, intake: Intake, phase: RubricPhase) -> Sequence[Any]:
    """Return (InterviewSlot, InterviewDay) of the free slots that the person of a file may choose: not at an hour at
    which they are to be elsewhere, nor on a day whose panel may not mark them. Nothing more is asked without any."""
    free = choosable(free_in(intake, phase))
    if not free:
        return ()
    held = engagements_of(application, phase.key)
    who = hearing_in(intake, {day.id for _slot, day in free})
    return [
        row
        for row in free
        if not any(each.meets(row[0].starts_at, row[0].ends_at) for each in held)
        and who.hears(phase, row[1].id, application)
    ]


def is_in_phase(application: Application, intake: Intake, phase: RubricPhase) -> bool:
    """Whether a file is in a phase now."""
    wanted = sa.select(Application.id).where(Application.id == application.id, *in_phase(intake, phase))
    return db.session.scalar(wanted) is not None


def booked_of(applications: Collection[int]) -> dict[tuple[int, str], BookedSlot]:
    """Return the slots that files have or had last, by the file's id and the phase. One statement."""
    more = sa.orm.aliased(InterviewSlot)
    rows = (
        sa.select(SlotBooking, InterviewSlot, InterviewDay, more.ends_at)
        .join(InterviewSlot, InterviewSlot.id == SlotBooking.slot_id)
        .join(InterviewDay, InterviewDay.id == InterviewSlot.day_id)
        .outerjoin(more, more.id == SlotBooking.more_slot_id)
        .where(SlotBooking.application_id.in_(sorted(applications)))
        .execution_options(populate_existing=True)
    )
    return {
        (row[0].application_id, row[0].phase): BookedSlot(row[0], row[1], row[2], row[3] or row[1].ends_at)
        for row in (db.session.execute(rows) if applications else ())
    }


def is_guarded(application: Application) -> bool:
    """Whether a guardian answers for the person of a file, and so chooses the slot."""
    return application.consent != Consent.NONE


def appointment_for(viewer: Viewer, reference: str) -> tuple[OwnAppointment, BookedSlot]:
    """Return the slot at which the viewer is expected, by its own reference. Raises NotFound."""
    mine = sa.select(SlotBooking.phase, Application, Intake)
    mine = mine.join(Application, Application.id == SlotBooking.application_id)
    mine = mine.join(Intake, Intake.id == Application.intake_id)
    mine = mine.where(SlotBooking.reference == reference, SlotBooking.person_id == viewer.person_id, PUBLIC)
    row = db.session.execute(mine).first()
    if row is None:
        raise NotFound(reference)
    for each in appointments_of(row[1], row[2]):
        if each.booked is not None and each.phase.key == row[0]:
            return each, each.booked
    raise NotFound(reference)


def of_children(guardian: Person) -> list[tuple[str, list[OwnAppointment]]]:
    """Return (name, phases) of the children for whom a guardian chooses slots, or may see them."""
    held, found = guardianships(guardian), []
    with acting_for(held):
        for child in children(held):
            with suppress(NotFound):
                found.append((child.given_name, appointments_of(child.application, child.intake)))
    return found


def of_child(guardian: Person, reference: str) -> tuple[OwnAppointment, BookedSlot]:
    """Return the slot at which a guardian's child is expected, by its own reference. Raises NotFound."""
    for _name, phases in of_children(guardian):
        for each in phases:
            if each.booked is not None and each.booked.booking.reference == reference:
                return each, each.booked
    raise NotFound(reference)
