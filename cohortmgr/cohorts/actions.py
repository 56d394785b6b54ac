"""Acts on cohorts: opening one, enrolling those who accepted an offer, confirming and ending enrolments."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.queries import viewers as accounts
from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import AGREED
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import Refused, Stale
from cohortmgr.base.hooks import Hook
from cohortmgr.cohorts import queries
from cohortmgr.cohorts.models import Cohort, Enrolment
from cohortmgr.cohorts.rules import ENROLMENT_STATES, EnrolmentState, check_days
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake
from cohortmgr.selection.models import Offer
from cohortmgr.selection.rules import OfferState

# A hook for higher rooms, called in the same transaction when someone is enrolled. Their wiring.py fills it.
on_enrolment: Hook[[Viewer, Enrolment, Application], None] = Hook()
# The same when someone leaves, called after the change.
on_leaving: Hook[[Viewer, Enrolment], None] = Hook()


def open_cohort(viewer: Viewer, intake_reference: str) -> Cohort:
    """Open the cohort of an intake and enrol those who have accepted already. Opening it again changes nothing."""
    intake = programmes.get_for(viewer, intake_reference)
    require(viewer, "cohorts.manage", intake.path)
    # Two who open it at once queue on the intake's row.
    db.session.execute(sa.select(Intake.id).where(Intake.id == intake.id).with_for_update())
    cohort = queries.of_intake(intake.id)
    if cohort is not None:
        return cohort
    cohort = Cohort(
        institution_id=intake.institution_id,
        intake_id=intake.id,
        name=dict(intake.title),
        starts_on=intake.starts_on,
        path=intake.path,
        published_at=clock.now(),
    )
    db.session.add(cohort)
    db.session.flush()
    accepted = sa.select(Offer).where(Offer.intake_id == intake.id, Offer.state == OfferState.ACCEPTED.value)
    enrolled = [_enrol(viewer, cohort, offer) for offer in db.session.scalars(accepted.order_by(Offer.id))]
    after = {"intake": intake.reference, "enrolled": [row.reference for row in enrolled]}
    record(viewer, "cohorts.open", about(cohort), after=after)
    return cohort


def enrol(viewer: Viewer, offer: Offer) -> None:
    """Enrol the person of an accepted offer; called in the transaction of the acceptance.

    While the intake has no cohort, nothing happens: opening it enrols everyone who accepted before. Enrolling
    again changes nothing.
    """
    cohort = queries.of_intake(offer.intake_id)
    if cohort is not None:
        _enrol(viewer, cohort, offer)


def _enrol(viewer: Viewer, cohort: Cohort, offer: Offer) -> Enrolment:
    known = db.session.scalar(sa.select(Enrolment).where(Enrolment.application_id == offer.application_id))
    if known is not None:
        return known
    application = db.session.get_one(Application, offer.application_id)
    enrolment = Enrolment(
        institution_id=cohort.institution_id,
        person_id=application.person_id,
        cohort_id=cohort.id,
        application_id=application.id,
        state=EnrolmentState.PENDING.value,
        enrolled_at=clock.now(),
        starts_on=_first_day(cohort, offer),
    )
    db.session.add(enrolment)
    db.session.flush()
    for follow in on_enrolment:
        follow(viewer, enrolment, application)
    person = db.session.get_one(Person, application.person_id)
    after = {"cohort": cohort.reference, "application": application.reference}
    record(
        viewer,
        "cohorts.enrol",
        about(enrolment, person.reference),
        after=after,
    )
    return enrolment


def _first_day(cohort: Cohort, offer: Offer) -> date:
    """The day from which a person takes part: the cohort's, or that of an acceptance that came later."""
    if offer.answered_at is None:
        return cohort.starts_on
    return max(cohort.starts_on, clock.local(offer.answered_at).date())


def set_days(
    viewer: Viewer,
    enrolment_reference: str,
    starts_on: date,
    ends_on: date | None,
    reason: str,
    version: int | None,
) -> Enrolment:
    """Write the true first and last day of somebody's part in the cohort, with the reason; months are paid by them.

    A month that is approved already keeps its amounts: what differs is an arrear of a later one. The same days
    again change nothing. Refused for a last day before the first, for a first one before the cohort's, and for a
    person who was never confirmed, who has no last day."""
    enrolment, cohort = queries.enrolment_for(viewer, enrolment_reference, lock=True)
    require(viewer, "cohorts.manage", cohort.path)
    if (enrolment.starts_on, enrolment.ends_on) == (starts_on, ends_on):
        return enrolment
    if version is not None and version != enrolment.version:
        raise Stale(enrolment_reference)
    problems = check_days(EnrolmentState(enrolment.state), starts_on, ends_on, cohort.starts_on, reason)
    if problems:
        raise Refused(*problems)
    before = {"starts_on": enrolment.starts_on, "ends_on": enrolment.ends_on}
    enrolment.starts_on, enrolment.ends_on = starts_on, ends_on
    db.session.flush()
    after = {"starts_on": starts_on, "ends_on": ends_on, "reason": reason.strip()}
    subject = accounts.reference_of(enrolment.person_id)
    record(viewer, "cohorts.set_days", about(enrolment, subject), before=before, after=after)
    return enrolment


def leave(viewer: Viewer, offer: Offer) -> None:
    """End the enrolment of an offer whose seat was given back; called in the same transaction.

    A person who was never confirmed has not begun, so there is no last day: `ends_on` stays empty and nothing
    is owed.
    """
    present = [state.value for state in ENROLMENT_STATES.leading_to(EnrolmentState.WITHDRAWN)]
    mine = (Enrolment.application_id == offer.application_id, Enrolment.state.in_(present))
    left = db.session.scalar(sa.select(Enrolment).where(*mine))
    if left is None:
        return
    before = {"state": left.state}
    if left.state != EnrolmentState.PENDING:
        left.ends_on = clock.today()
    left.state = EnrolmentState.WITHDRAWN.value
    db.session.flush()
    for follow in on_leaving:
        follow(viewer, left)
    subject = accounts.reference_of(left.person_id)
    record(
        viewer,
        "cohorts.leave",
        about(left, subject),
        before=before,
        after={"state": left.state, "ends_on": left.ends_on},
    )


def confirm(viewer: Viewer, cohort_reference: str) -> int:
    """Confirm every enrolment that waits. Returns how many. Doing it again finds none.

    Where the definition asks for a check of figures, a file whose figures nobody has read on its papers goes
    on waiting. So does the file of a child whose guardian has withdrawn the consent.
    """
    cohort = queries.get_for(viewer, cohort_reference)
    require(viewer, "cohorts.manage", cohort.path)
    waiting = [Enrolment.cohort_id == cohort.id, Enrolment.state == EnrolmentState.PENDING.value]
    waiting.append(Enrolment.application_id.in_(sa.select(Application.id).where(AGREED)))
    held = queries.held_by_checks(cohort)
    if held:
        waiting.append(Enrolment.application_id.not_in([row.id for row in held]))
    moved = db.session.scalars(
        sa.update(Enrolment)
        .where(*waiting)
        .values(state=EnrolmentState.ACTIVE.value, version=Enrolment.version + 1, confirmed_at=clock.now())
        .returning(Enrolment.reference)
        .execution_options(synchronize_session=False)
    ).all()
    if moved:
        after = {"enrolments": sorted(moved)}
        record(viewer, "cohorts.confirm", about(cohort), after=after)
    return len(moved)
