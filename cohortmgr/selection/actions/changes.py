"""What staff change of an offer or a waiting list: extend, remind, hold, withdraw an offer; close a list."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer, allows, require
from cohortmgr.applications.file.actions import hold, say_outcomes
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem, Refused, Stale
from cohortmgr.base.text import clean
from cohortmgr.outbox.actions import send_all
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake
from cohortmgr.selection import queries
from cohortmgr.selection.actions import letters, offers
from cohortmgr.selection.models import Decision, Offer
from cohortmgr.selection.people.queries import StaffOffer, offer_for
from cohortmgr.selection.rules import (
    OFFER_STATES,
    SEAT_HOLDING,
    WAITING_CLOSED,
    BatchState,
    OfferState,
    WaitingState,
    is_open,
    required_reason,
)
from cohortmgr.selection.standings.queries.lapsing import late_offers


def extend(viewer: Viewer, reference: str, until: date, version: int | None = None) -> Offer:
    """Give a person more days to answer, to the end of the day `until`, and write to them.

    Refused for a day that is not after the present deadline, and for an offer that waits for no answer: its
    seat may be somebody else's already. The same day again changes nothing."""
    found = _held(viewer, reference)
    deadline, offer = clock.instant(until, offers.ENDS_AT), found.offer
    if offer.state == OfferState.SENT and offer.deadline == deadline:
        return offer
    _require_fresh(offer, version)
    _require_waiting(offer)
    if deadline <= max(offer.deadline, clock.now()):
        what = N_("Choisissez un jour après la date limite actuelle, le %(deadline)s.")
        raise Refused(Problem(what, {"deadline": offer.deadline}, "until"))
    before, offer.deadline, offer.held_at = offer.deadline, deadline, None
    db.session.flush()
    offers.write(viewer, offer, letters.OFFER_EXTENDED)
    terms = programmes.definition_of(found.intake).offers
    rows = [letters.recipient_of(offer.decision_id)]
    shared = offers.shared_of(viewer, offer, rows[0])
    send_all(letters.reminders(rows, lambda _row: shared, deadline, terms.reminders_hours, clock.now()))
    record(
        viewer,
        "selection.extend",
        about(offer),
        before={"deadline": before.isoformat()},
        after={"deadline": deadline.isoformat()},
    )
    return offer


def remind(viewer: Viewer, reference: str, version: int | None = None) -> Offer:
    """Write once more, now, to a person who has not answered. Stale for a page that was opened before the last
    reminder, so that a second click writes nothing."""
    offer = _held(viewer, reference).offer
    _require_fresh(offer, version)
    _require_waiting(offer)
    offer.version += 1
    db.session.flush()
    offers.write(viewer, offer, letters.OFFER_REMINDER, until=offer.deadline)
    record(viewer, "selection.remind", about(offer), after={"deadline": offer.deadline.isoformat()})
    return offer


def hold_back(viewer: Viewer, reference: str, version: int | None = None) -> Offer:
    """Hold an unanswered offer: past its deadline it does not lapse until it is let go, extended or withdrawn. Holding
    again changes nothing."""
    offer = _held(viewer, reference).offer
    if offer.held_at is not None and offer.state == OfferState.SENT:
        return offer
    _require_fresh(offer, version)
    _require_waiting(offer)
    offer.held_at = clock.now()
    record(viewer, "selection.hold", about(offer), after={"deadline": offer.deadline.isoformat()})
    return offer


def let_go(viewer: Viewer, reference: str, version: int | None = None) -> Offer:
    """Hold an offer no more: if its day of grace is over, it lapses with the next sweep. Letting go again changes
    nothing."""
    offer = _held(viewer, reference).offer
    if offer.held_at is None:
        return offer
    _require_fresh(offer, version)
    _require_waiting(offer)
    offer.held_at = None
    record(viewer, "selection.let_go", about(offer), after={"deadline": offer.deadline.isoformat()})
    return offer


def hold_all_back(viewer: Viewer, batch_reference: str) -> int:
    """Hold every offer of a batch that is in its day of grace. Returns how many; the second click finds none."""
    batch = queries.get_for(viewer, batch_reference, lock=True)
    intake = db.session.get_one(Intake, batch.intake_id)
    if not allows(viewer, "selection.propose", intake.path):
        require(viewer, "selection.approve", intake.path)
    late = sa.select(Offer).where(*late_offers(batch)).order_by(Offer.id).with_for_update()
    found = db.session.scalars(late.execution_options(populate_existing=True)).all()
    for offer in found:
        offer.held_at = clock.now()
        record(viewer, "selection.hold", about(offer), after={"deadline": offer.deadline.isoformat()})
    return len(found)


def withdraw(viewer: Viewer, reference: str, reason: str, version: int | None = None) -> Offer:
    """Withdraw an offer, also an accepted one, with the reason that its person reads; the seat passes on.

    An enrolment that came of it ends. Withdrawing again changes nothing."""
    found = _held(viewer, reference)
    require(viewer, "selection.approve", found.intake.path)
    offer = found.offer
    if offer.state == OfferState.WITHDRAWN:
        return offer
    _require_fresh(offer, version)
    OFFER_STATES.move(offer.state, OfferState.WITHDRAWN)
    because = required_reason(clean(reason))
    before = {"state": offer.state}
    if not offers.move(viewer, offer, tuple(SEAT_HOLDING), OfferState.WITHDRAWN):
        raise Stale(reference)
    after = {"state": offer.state, "reason": because}
    record(viewer, "selection.withdraw", about(offer), before=before, after=after)
    for follow in offers.on_release:
        follow(viewer, offer)
    offers.write(viewer, offer, letters.OFFER_WITHDRAWN, reason=because)
    offers.pass_on(viewer, offer.offering_id, 1)
    return offer


def close_list(viewer: Viewer, batch_reference: str, reason: str) -> int:
    """Close the waiting list of an approved batch: nobody is called from it any more, and those who waited are
    told. Returns how many they were; closing again finds none. The reason stays in the trail."""
    batch = queries.get_for(viewer, batch_reference, lock=True)
    intake = db.session.get_one(Intake, batch.intake_id)
    require(viewer, "selection.approve", intake.path)
    if batch.state != BatchState.APPROVED:
        raise Refused(N_("Ce lot n’est pas approuvé : il n’a pas de liste d’attente."))
    because = required_reason(clean(reason))
    waiting = (Decision.batch_id == batch.id, Decision.waiting_state == WaitingState.WAITING.value)
    hold(viewer, sa.select(Decision.application_id).where(*waiting))
    rows = db.session.execute(letters.recipients().where(*waiting)).all()
    if not rows:
        return 0
    closed = sa.update(Decision).where(Decision.id.in_([row.decision_id for row in rows]))
    offers.changed(viewer, closed.values(waiting_state=WaitingState.CLOSED.value))
    say_outcomes(viewer, queries.told_last().where(Decision.id.in_([row.decision_id for row in rows])))
    shared = letters.SharedByOffering(*queries.offered_in(batch))
    told = [row for row in rows if row.application_state == "submitted" and letters.reachable(row)]
    send_all(letters.letter(row, WAITING_CLOSED, shared(row)) for row in told)
    after = {"files": [row.number for row in rows], "reason": because}
    record(viewer, "selection.close_list", about(batch), after=after)
    return len(rows)


def _held(viewer: Viewer, reference: str) -> StaffOffer:
    """Return the offer, locked, for whoever may propose or approve decisions of its programme."""
    found = offer_for(viewer, reference, lock=True)
    if not allows(viewer, "selection.propose", found.intake.path):
        require(viewer, "selection.approve", found.intake.path)
    return found


def _require_fresh(offer: Offer, version: int | None) -> None:
    if version is not None and version != offer.version:
        raise Stale(offer.reference)


def _require_waiting(offer: Offer) -> None:
    if not is_open(offer.state, offer.deadline, offer.held_at, clock.now()):
        raise Refused(
            N_("Cette offre n’attend plus de réponse : sa place est prise, rendue ou passée à la suite.")
        )
