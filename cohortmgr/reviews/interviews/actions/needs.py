"""Saying what one needs at interviews and tests, sealed as health; and forgetting it with its person."""

from __future__ import annotations

import json
from collections.abc import Collection

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import own_held
from cohortmgr.audit.actions import record
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import acting_in, db
from cohortmgr.base.errors import N_, Refused
from cohortmgr.base.text import clean, new_reference
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.interviews.actions import booking as bookings
from cohortmgr.reviews.interviews.models import AccessRequest
from cohortmgr.reviews.interviews.queries import access, days, engagements, own
from cohortmgr.reviews.interviews.rules import LONGEST_WORDS, AccessNeed, BookingState

_GUARDIANS = N_("Votre tuteur légal dit ce qu’il faut, par le lien qui lui est envoyé.")


def say_needs(viewer: Viewer, reference: str, kinds: Collection[str], words: str) -> bool:
    """Say what one needs, or nothing any longer. Returns whether the slots that one has allow for it: whoever needs
    more time takes the slot behind theirs too, if it is free."""
    file = own_held(viewer, reference)
    if own.is_guarded(file.application):
        raise Refused(_GUARDIANS)
    with acting_in(file.application.institution_id):
        return write_needs(viewer, file.application, file.intake, kinds, words)


def write_needs(
    viewer: Viewer, file: Application, intake: Intake, kinds: Collection[str], words: str
) -> bool:
    """Write what the person of a file needs, whose row is locked, as `say_needs` does."""
    chosen = [each for each in AccessNeed if each.value in kinds]
    row = access.asked_for(file) or AccessRequest(
        reference=new_reference(),
        institution_id=file.institution_id,
        application_id=file.id,
        person_id=file.person_id,
    )
    told = json.dumps({"kinds": [each.value for each in chosen], "words": clean(words)[:LONGEST_WORDS]})
    row.sealed = crypto.seal(told, *access.PLACE, row.reference)
    row.said_at = clock.now()
    db.session.add(row)
    db.session.flush()
    longer, fits = AccessNeed.EXTRA_TIME in chosen, True
    for held in own.booked_of([file.id]).values():
        if held.booking.state == BookingState.BOOKED and held.slot.starts_at > clock.now():
            fits = _fit(viewer, file, held, longer) and fits
            # What is needed is health: the trail only says that it was said.
            record(viewer, "interviews.say_needs", bookings.about_booking(viewer, held.booking))
    return fits


def _fit(viewer: Viewer, file: Application, held: own.BookedSlot, longer: bool) -> bool:
    """Take the slot behind somebody's, or give it back. Returns whether they have what they need."""
    booking = held.booking
    if longer == (booking.more_slot_id is not None):
        return True
    if not longer:
        bookings.release(viewer, {booking.more_slot_id or 0})
        booking.more_slot_id = None
        return True
    more = days.slot_behind(held.slot)
    engaged = engagements.engagements_of(file, booking.phase)
    if more is None or any(each.meets(more.starts_at, more.ends_at) for each in engaged):
        return False
    if not bookings.claim(viewer, {more.id}):
        return False
    booking.more_slot_id = more.id
    return True


def forget_with(subject: str) -> None:
    """Erase what an erased person said that they need."""
    theirs = sa.select(Person.id).where(Person.reference == subject)
    gone = sa.delete(AccessRequest).where(AccessRequest.person_id.in_(theirs))
    db.session.execute(gone.execution_options(synchronize_session=False))
