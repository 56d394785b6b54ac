"""Reading at which hours a person is engaged: the slots that they have in other phases and other programmes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.rules import Consent
from cohortmgr.applications.interests.queries import contacts_of, same_people
from cohortmgr.base import clock
from cohortmgr.base.db import acting_in, db
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.interviews.models import InterviewSlot, SlotBooking
from cohortmgr.reviews.interviews.rules import BookingState


@dataclass(frozen=True)
class Engagement:
    """A slot that somebody is to come to: from when to when, in which intake."""

    begins: datetime
    ends: datetime
    intake: Mapping[str, str]

    def meets(self, begins: datetime, ends: datetime) -> bool:
        """Whether the two have a moment in common."""
        return self.begins < ends and begins < self.ends


def same_person(application: Application) -> set[int]:
    """Return the ids of the rows of persons that are the person of a file. A child is their own row alone, and those
    whose files staff united with theirs: they share their parents' address with their siblings."""
    number = application.person_id
    known = contacts_of([number]) if application.consent == Consent.NONE else {number: set()}
    return same_people(known)[number]


def engagements_of(application: Application, phase: str) -> Sequence[Engagement]:
    """Return the slots to come that the person of a file has, whatever row of a person they hang on, beside the one of
    this file in this phase; the first one first. To the person all are told, to others those of their institutions."""
    mine = SlotBooking.person_id == application.person_id
    booked = SlotBooking.state == BookingState.BOOKED.value
    at = db.session.scalars(sa.select(SlotBooking.institution_id).where(mine, booked).distinct()).all()
    with ExitStack() as stack:
        for institution in sorted({*at} - {application.institution_id}):
            stack.enter_context(acting_in(institution))
        return [Engagement(*row) for row in db.session.execute(_slots(application, phase))]


def _slots(application: Application, phase: str) -> sa.Select[datetime, datetime, Mapping[str, str]]:
    more = sa.orm.aliased(InterviewSlot)
    ends = sa.func.coalesce(more.ends_at, InterviewSlot.ends_at)
    # A child who shares an address with an adult is somebody else.
    adult = sa.or_(SlotBooking.person_id == application.person_id, Application.consent == Consent.NONE.value)
    theirs = adult if application.consent == Consent.NONE else sa.true()
    this = sa.and_(SlotBooking.application_id == application.id, SlotBooking.phase == phase)
    return (
        sa.select(InterviewSlot.starts_at, ends, Intake.title)
        .select_from(SlotBooking)
        .join(InterviewSlot, InterviewSlot.id == SlotBooking.slot_id)
        .join(Application, Application.id == SlotBooking.application_id)
        .join(Intake, Intake.id == SlotBooking.intake_id)
        .outerjoin(more, more.id == SlotBooking.more_slot_id)
        .where(SlotBooking.person_id.in_(sorted(same_person(application))), theirs, ~this)
        .where(SlotBooking.state == BookingState.BOOKED.value, InterviewSlot.starts_at > clock.now())
        .order_by(InterviewSlot.starts_at, SlotBooking.id)
    )
