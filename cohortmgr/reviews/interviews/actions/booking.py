"""Booking slots: the last place goes to one of two, a slot moves until its hour, and is given back or called off.

A file's row is locked first, then its person's, then the slots by their ids: two devices of one person queue, and so
do two people.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.file.actions import hold
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import own_held
from cohortmgr.audit.actions import About, about, record
from cohortmgr.base import clock
from cohortmgr.base.db import acting_in, db
from cohortmgr.base.errors import N_, NotFound, Problem, Refused
from cohortmgr.base.text import new_reference
from cohortmgr.programmes.definition.rules import RubricPhase
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import get_intake
from cohortmgr.reviews.interviews.actions import absences, letters, readings
from cohortmgr.reviews.interviews.models import InterviewDay, InterviewSlot, SlotBooking
from cohortmgr.reviews.interviews.queries import access, days, engagements, hearing, own
from cohortmgr.reviews.interviews.queries.own import BookedSlot
from cohortmgr.reviews.interviews.rules import (
    BOOKING_STATES,
    IN_A_SLOT,
    BookingState,
    DayState,
    changes_until,
    reason_given,
)
from cohortmgr.reviews.queries import require_unconcerned

_TAKEN = N_(
    "Ce créneau vient d’être pris par quelqu’un d’autre. Choisissez-en un autre : rien d’autre n’a changé."
)
_TAKEN_MORE = N_(
    "Avec plus de temps il vous faut deux créneaux de suite, et le second n’est pas libre. Choisissez-en un autre."
)
_OVER = N_("Cette journée est annulée : choisissez un autre créneau.")
_LATE = N_(
    "Ce créneau ne se choisit plus : c’était possible jusqu’au %(moment)s. Choisissez-en un autre, ou appelez-nous."
)
_LATE_TO_MOVE = N_(
    "Votre créneau ne change plus depuis le %(moment)s. Si vous ne pouvez pas venir, appelez-nous au plus vite."
)
_NOT_IN = N_("Ce dossier n’est pas dans cette phase : aucun créneau ne s’y réserve.")
_MISSED = N_(
    "Vous étiez absent·e à votre créneau : seule l’équipe peut vous en donner un autre. Appelez-nous."
)
_GUARDIANS = N_("Votre tuteur légal choisit le créneau, par le lien qui lui est envoyé.")
_PAST = N_("Ce créneau est passé : choisissez-en un à venir.")
_CHOOSE = N_("Choisissez un créneau.")
_ENGAGED = N_(
    "Un autre créneau est déjà pris à cette heure : %(intake)s, le %(moment)s. Choisissez une autre heure, ou rendez "
    "d’abord celui-là."
)
_UNHEARD = N_(
    "Le jury de cette journée ne peut pas noter cette personne. Choisissez un créneau d’une autre journée."
)
_UNKNOWN = N_("Aucun dossier de cette phase n’a ce numéro.")


def book(viewer: Viewer, reference: str, slot: str) -> SlotBooking:
    """Take a slot for one's own file, or move to it from another; the same slot again changes nothing.

    Refused if its last place is gone, when it is too late for it or for the one that is given up, and for a child,
    whose guardian chooses."""
    file = own_held(viewer, reference)
    if own.is_guarded(file.application):
        raise Refused(_GUARDIANS)
    with acting_in(file.application.institution_id):
        return take_slot(viewer, file.application, file.intake, slot, by=viewer.reference)


def take_slot(
    viewer: Viewer,
    file: Application,
    intake: Intake,
    slot: str,
    *,
    by: str,
    office: bool = False,
    anyway: bool = False,
) -> SlotBooking:
    """Take a slot for a file whose row is locked, as `book` does. The `office` does it at any hour before the slot, and
    also for whoever did not come; and `anyway` though its person is engaged at that hour, or its panel may not mark
    them."""
    chosen, day = _chosen(intake, slot)
    phase = days.phase_of(intake, day.phase)
    if not own.is_in_phase(file, intake, phase):
        raise Refused(_NOT_IN)
    held = own.booked_of([file.id]).get((file.id, phase.key))
    if held is not None and held.booking.state == BookingState.BOOKED and held.slot.id == chosen.id:
        return held.booking
    _require_time(chosen, day, held, office)
    longer = access.needs_more_time(file)
    more = days.slot_behind(chosen) if longer else None
    if not anyway:
        _require_meeting(viewer, file, intake, phase, chosen, more)
    _swap(viewer, chosen, more, held, longer)
    missed = held is not None and held.booking.state == BookingState.NO_SHOW
    moved = missed or (held is not None and held.booking.state == BookingState.BOOKED)
    booking = _write(viewer, file, phase, chosen, more, held, by)
    before = _slot_said(held.slot) if held is not None and moved else None
    act = "interviews.move" if moved else "interviews.book"
    record(viewer, act, about_booking(viewer, booking), before=before, after=_slot_said(chosen))
    readings.settle(viewer, intake, phase, [file.id])
    if missed:
        absences.take_back(viewer, file, intake, phase)
    key = letters.CHANGED if moved else letters.BOOKED
    letters.tell(viewer, key, [booking.id], day, letters.shared_by(intake, phase))
    return booking


def _chosen(intake: Intake, slot: str) -> tuple[InterviewSlot, InterviewDay]:
    wanted = sa.select(InterviewSlot, InterviewDay).join(
        InterviewDay, InterviewDay.id == InterviewSlot.day_id
    )
    wanted = wanted.where(InterviewSlot.reference == slot, InterviewDay.intake_id == intake.id)
    row = db.session.execute(wanted.execution_options(populate_existing=True)).first()
    if row is None:
        raise NotFound(slot)
    return row[0], row[1]


def _require_time(slot: InterviewSlot, day: InterviewDay, held: BookedSlot | None, office: bool) -> None:
    """Refuse a slot that cannot be had any longer, and to leave one that does not change any longer."""
    now = clock.arrived()
    if day.state != DayState.OPEN:
        raise Refused(_OVER)
    if slot.starts_at <= now:
        raise Refused(_PAST)
    state = BookingState(held.booking.state) if held is not None else None
    if state is not None:
        BOOKING_STATES.move(state, BookingState.BOOKED)
    if office:
        return
    if state == BookingState.NO_SHOW:
        raise Refused(_MISSED)
    if held is not None and state == BookingState.BOOKED and now >= held.changes_until:
        raise Refused(Problem(_LATE_TO_MOVE, {"moment": held.changes_until}))
    until = changes_until(slot.starts_at, day.move_until)
    if now >= until:
        raise Refused(Problem(_LATE, {"moment": until}))


def _require_meeting(
    viewer: Viewer,
    file: Application,
    intake: Intake,
    phase: RubricPhase,
    slot: InterviewSlot,
    more: InterviewSlot | None,
) -> None:
    """Refuse a slot at an hour at which its person is to be elsewhere, by name, and one of a day whose panel may not
    mark them. Of two files of one person that book at once, the second sees what the first did."""
    rows = (
        sa.select(Person.id).where(Person.id.in_(sorted(engagements.same_person(file)))).order_by(Person.id)
    )
    db.session.execute(rows.with_for_update(key_share=True))
    for each in engagements.engagements_of(file, phase.key):
        if each.meets(slot.starts_at, more.ends_at if more is not None else slot.ends_at):
            told = {"intake": dict(each.intake), "moment": each.begins}
            raise Refused(Problem(_ENGAGED, told, "slot"))
    if not hearing.hearing_in(intake, [slot.day_id]).hears(phase, slot.day_id, file):
        raise Refused(Problem(_UNHEARD, {}, "slot"))


def _swap(
    viewer: Viewer, slot: InterviewSlot, more: InterviewSlot | None, held: BookedSlot | None, longer: bool
) -> None:
    """Take the places of a slot and of the one behind it, and give back those that were held. Refused, and nothing
    changed, if one is gone."""
    before = _held_places(held)
    after = {slot.id} | ({more.id} if more is not None else set())
    lock_slots(viewer, before | after)
    release(viewer, before - after)
    if not claim(viewer, {slot.id} - before):
        raise Refused(_TAKEN)
    if longer and (more is None or not claim(viewer, {more.id} - before)):
        raise Refused(_TAKEN_MORE)


def _held_places(held: BookedSlot | None) -> set[int]:
    if held is None or BookingState(held.booking.state) not in IN_A_SLOT:
        return set()
    return {held.booking.slot_id, held.booking.more_slot_id} - {None}  # type: ignore[return-value]


def lock_slots(viewer: Viewer, ids: Collection[int]) -> None:
    """Lock slots in one order, so that two who change places queue."""
    wanted = sa.select(InterviewSlot.id).where(InterviewSlot.id.in_(sorted(ids))).order_by(InterviewSlot.id)
    db.session.execute(wanted.with_for_update())


def claim(viewer: Viewer, ids: Collection[int]) -> bool:
    """Take a place of each slot if all have one, by one conditional UPDATE. Returns whether it took them."""
    if not ids:
        return True
    free = sa.update(InterviewSlot).where(
        InterviewSlot.id.in_(sorted(ids)), InterviewSlot.taken < InterviewSlot.places
    )
    taken = free.values(taken=InterviewSlot.taken + 1).execution_options(synchronize_session=False)
    return int(db.session.execute(taken).rowcount) == len(ids)  # type: ignore[attr-defined]


def release(viewer: Viewer, ids: Collection[int]) -> None:
    """Give back a place of each slot."""
    if ids:
        held = sa.update(InterviewSlot).where(InterviewSlot.id.in_(sorted(ids)), InterviewSlot.taken > 0)
        held = held.values(taken=InterviewSlot.taken - 1)
        db.session.execute(held.execution_options(synchronize_session=False))


def _write(
    viewer: Viewer,
    file: Application,
    phase: RubricPhase,
    slot: InterviewSlot,
    more: InterviewSlot | None,
    held: BookedSlot | None,
    by: str,
) -> SlotBooking:
    booking = held.booking if held is not None else None
    if booking is None:
        booking = SlotBooking(
            reference=new_reference(),
            institution_id=file.institution_id,
            intake_id=file.intake_id,
            application_id=file.id,
            person_id=file.person_id,
            phase=phase.key,
        )
        db.session.add(booking)
    booking.slot_id, booking.more_slot_id = slot.id, more.id if more is not None else None
    booking.state, booking.ended_because = BookingState.BOOKED.value, ""
    booking.booked_at, booking.booked_by, booking.marked_at = clock.now(), by, None
    db.session.flush()
    return booking


def about_booking(viewer: Viewer, booking: SlotBooking) -> About:
    """A booking; what its own person does with it is sealed by their key, what staff do by the installation's."""
    return about(booking, viewer.person_reference if viewer.person_id == booking.person_id else None)


def _slot_said(slot: InterviewSlot) -> dict[str, str]:
    return {"slot": slot.starts_at.isoformat()}


def give_back(viewer: Viewer, reference: str, phase: str) -> SlotBooking:
    """Give back one's own slot of a phase, until its hour; given back already, nothing happens."""
    file = own_held(viewer, reference)
    if own.is_guarded(file.application):
        raise Refused(_GUARDIANS)
    with acting_in(file.application.institution_id):
        return return_slot(viewer, file.application, file.intake, phase)


def return_slot(viewer: Viewer, file: Application, intake: Intake, phase: str) -> SlotBooking:
    """Give back the slot of a file whose row is locked, as `give_back` does."""
    held = own.booked_of([file.id]).get((file.id, phase))
    if held is None:
        raise NotFound(phase)
    if held.booking.state == BookingState.CANCELLED:
        return held.booking
    BOOKING_STATES.move(held.booking.state, BookingState.CANCELLED)
    if clock.arrived() >= held.changes_until:
        raise Refused(Problem(_LATE_TO_MOVE, {"moment": held.changes_until}))
    _end(viewer, intake, held, BookingState.CANCELLED, "interviews.give_back")
    return held.booking


def _end(
    viewer: Viewer, intake: Intake, held: BookedSlot, to: BookingState, act: str, reason: str = ""
) -> None:
    places = _held_places(held)
    lock_slots(viewer, places)
    release(viewer, places)
    held.booking.state, held.booking.ended_because = to.value, reason
    db.session.flush()
    after = {"reason": reason} if reason else None
    record(viewer, act, about_booking(viewer, held.booking), before=_slot_said(held.slot), after=after)
    phase = days.phase_named(intake, held.booking.phase)
    if phase is not None:
        readings.settle(viewer, intake, phase, [held.booking.application_id])


def place(
    viewer: Viewer, intake_reference: str, number: str, slot: str, *, anyway: bool = False
) -> SlotBooking:
    """Give somebody a slot by hand, by the file's number, or another one; also to whoever did not come, and `anyway`
    though they are engaged at that hour, or the panel may not mark them. They are told."""
    intake = get_intake(intake_reference)
    require(viewer, "reviews.assign", intake.path)
    require_unconcerned(viewer, intake)
    if not slot:
        raise Refused(Problem(_CHOOSE, {}, "slot"))
    day = _chosen(intake, slot)[1]
    phase = days.phase_of(intake, day.phase)
    file = days.file_numbered(intake, phase, number.strip().upper())
    if file is None:
        raise Refused(Problem(_UNKNOWN, {}, "number"))
    return take_slot(viewer, file, intake, slot, by=viewer.reference, office=True, anyway=anyway)


def call_off(viewer: Viewer, reference: str, reason: str) -> SlotBooking:
    """Call off somebody's slot, with the reason that they are told; they may choose another."""
    found = db.session.scalar(sa.select(SlotBooking).where(SlotBooking.reference == reference))
    if found is None:
        raise NotFound(reference)
    intake = db.session.get_one(Intake, found.intake_id)
    require(viewer, "reviews.assign", intake.path)
    require_unconcerned(viewer, intake)
    hold(viewer, sa.select(Application.id).where(Application.id == found.application_id))
    held = own.booked_of([found.application_id])[found.application_id, found.phase]
    reason = reason_given(reason)
    if held.booking.state == BookingState.CALLED_OFF:
        return held.booking
    BOOKING_STATES.move(held.booking.state, BookingState.CALLED_OFF)
    _end(viewer, intake, held, BookingState.CALLED_OFF, "interviews.call_off", reason)
    shared = letters.shared_by(intake, days.phase_of(intake, found.phase))
    letters.tell(viewer, letters.CALLED_OFF, [found.id], held.day, shared, reason=reason)
    return held.booking


def leave(viewer: Viewer, application: Application) -> None:
    """Give back the slots to come of a file that was withdrawn, or whose guardian took the word back. Called in the
    same transaction."""
    with acting_in(application.institution_id):
        intake = db.session.get_one(Intake, application.intake_id)
        for held in own.booked_of([application.id]).values():
            if held.booking.state == BookingState.BOOKED:
                _end(viewer, intake, held, BookingState.CANCELLED, "interviews.give_back")
