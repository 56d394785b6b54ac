"""The life of an offer: sent, answered, expired; a freed seat goes to the next on the waiting list.

One row counts the seats of an offering. Whoever frees a seat locks that row until the commit. So acts that
free seats at the same time queue, and each promotes another person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.actions import hold, say_outcomes
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.joining import actions as joining
from cohortmgr.audit.actions import About, about, record
from cohortmgr.base import clock
from cohortmgr.base.db import acting_in, db, table_of
from cohortmgr.base.errors import N_, NotFound, NotPermitted, Problem, Refused
from cohortmgr.base.hooks import Hook
from cohortmgr.base.text import new_reference
from cohortmgr.outbox.actions import send_all
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.selection import queries
from cohortmgr.selection.actions import letters
from cohortmgr.selection.models import Batch, Decision, Offer
from cohortmgr.selection.rules import GRACE, SEAT_HOLDING, BatchState, OfferState, WaitingState
from cohortmgr.selection.standings.queries import called
from cohortmgr.selection.standings.queries.lapsing import lapsed

# Hooks for higher rooms: what follows an acceptance, and what follows when an accepted seat is given up. They
# are called in the same transaction, after the change, while the institution's rows can be reached.
on_acceptance: Hook[[Viewer, Offer], None] = Hook()
on_release: Hook[[Viewer, Offer], None] = Hook()

ENDS_AT = 18  # hour in Casablanca at which the last day to answer ends


def claim_seats(viewer: Viewer, offering_id: int, number: int) -> bool:
    """Take `number` seats if that many are free, by one conditional UPDATE. Returns whether it took them."""
    free = Offering.taken + number <= Offering.seats
    claim = sa.update(Offering).where(Offering.id == offering_id, free)
    return changed(viewer, claim.values(taken=Offering.taken + number)) == 1


def release_seats(viewer: Viewer, offering_id: int, number: int) -> None:
    """Give back `number` seats that were claimed."""
    held = sa.update(Offering).where(Offering.id == offering_id, Offering.taken >= number)
    if changed(viewer, held.values(taken=Offering.taken - number)) != 1:
        raise RuntimeError(f"offering {offering_id} held fewer than {number} seats")


def changed(viewer: Viewer, statement: sa.Update) -> int:
    """Run one UPDATE that is a step of an act of the viewer. Returns how many rows it changed."""
    done = db.session.execute(statement.execution_options(synchronize_session=False))
    return int(done.rowcount)  # type: ignore[attr-defined]


def deadline_for(viewer: Viewer, intake: Intake) -> datetime:
    """Return until when an offer that is made now may be answered."""
    terms = programmes.definition_of(intake).offers
    return clock.instant(clock.today() + timedelta(days=terms.days_to_answer), ENDS_AT)


def by_offering(
    viewer: Viewer, rows: Iterable[sa.Row[Any]], offering_id: int | None
) -> dict[int, list[sa.Row[Any]]]:
    """The rows of decisions that offer a seat by the offering in which it is, that of the batch unless they say it;
    lower numbers first, so that acts at once lock in one order."""
    found: dict[int, list[sa.Row[Any]]] = {}
    for row in rows:
        number = row.offering_id or offering_id
        if number is None:
            raise RuntimeError(f"the decision {row.reference} offers a seat of no offering")
        found.setdefault(number, []).append(row)
    return dict(sorted(found.items()))


def make_offers(
    viewer: Viewer,
    intake: Intake,
    offering_id: int,
    rows: Iterable[sa.Row[Any]],
    deadline: datetime,
    state: OfferState = OfferState.SENT,
) -> None:
    """Insert the offers for rows of `letters.recipients`, whose seats are claimed; declined ones for who withdrew."""
    moment = clock.now()
    values = [
        {
            "reference": new_reference(),
            "institution_id": intake.institution_id,
            "application_id": row.application_id,
            "decision_id": row.decision_id,
            "person_id": row.person_id,
            "intake_id": intake.id,
            "offering_id": offering_id,
            "state": state.value,
            "sent_at": moment,
            "deadline": deadline,
            "answered_at": None if state is OfferState.SENT else moment,
            "version": 1,
        }
        for row in rows
    ]
    if values:
        db.session.execute(sa.insert(table_of(Offer)), values)


def _send_offers(
    viewer: Viewer, intake: Intake, offering: Offering, rows: Sequence[sa.Row[Any]], *, is_joint: bool
) -> datetime:
    """Make offers to people who waited, on the list of all offerings or of one, and write them the letters and
    reminders. Returns the deadline."""
    moment, deadline = clock.now(), deadline_for(viewer, intake)
    make_offers(viewer, intake, offering.id, rows, deadline)
    shared = letters.shared_by(intake, offering, named=is_joint)
    hours = programmes.definition_of(intake).offers.reminders_hours
    send_all(letters.reminders(rows, lambda _row: shared, deadline, hours, moment))
    told = [row for row in rows if letters.reachable(row)]
    send_all(letters.letter(row, letters.OFFER_MADE, shared, deadline=deadline) for row in told)
    return deadline


def answer_offer(viewer: Viewer, offer_reference: str, accept: bool) -> Offer:
    """Answer one's own offer, by one conditional UPDATE and the server's clock.

    The same answer again returns the same offer. An acceptance calls `on_acceptance`; declining frees the
    seat for the next on the waiting list. Refused once the offer has lapsed, a day after its deadline unless staff hold
    it, and when the other answer was given before.
    """
    found = queries.mine_for(viewer, offer_reference).offer
    if found is None:
        raise NotFound(offer_reference)
    to = OfferState.ACCEPTED if accept else OfferState.DECLINED
    with acting_in(found.institution_id):
        if not move(viewer, found, (OfferState.SENT,), to, _not_lapsed()):
            return _answered_before(viewer, offer_reference, to)
        before = {"state": OfferState.SENT.value}
        act = f"selection.{'accept' if accept else 'decline'}"
        record(viewer, act, about_offer(viewer, found), before=before, after={"state": to.value})
        if accept:
            for follow in on_acceptance:
                follow(viewer, found)
        else:
            pass_on(viewer, found.offering_id, 1)
        write(viewer, found, letters.OFFER_ACCEPTED if accept else letters.OFFER_DECLINED)
        if accept:
            joining.ask(viewer, db.session.get_one(Application, found.application_id))
    return found


def _not_lapsed() -> sa.ColumnElement[bool]:
    return sa.or_(Offer.held_at.is_not(None), Offer.deadline > clock.now() - GRACE)


def move(
    viewer: Viewer, offer: Offer, before: Sequence[OfferState], to: OfferState, *also: sa.ColumnElement[bool]
) -> bool:
    """Move an offer to another state, as a step of an act.

    Returns whether this transaction is the one that moved it."""
    moment = clock.now()
    values: dict[str, Any] = {"state": to.value, "answered_at": moment, "version": Offer.version + 1}
    if to is OfferState.ACCEPTED:
        values["accepted_at"] = moment  # it stays when the seat is given up: reports count who ever accepted
    same = (Offer.id == offer.id, Offer.state.in_([state.value for state in before]), *also)
    if changed(viewer, sa.update(Offer).where(*same).values(values)) != 1:
        return False
    for name, value in {**values, "version": offer.version + 1}.items():
        sa.orm.attributes.set_committed_value(offer, name, value)
    return True


def _answered_before(viewer: Viewer, reference: str, wanted: OfferState) -> Offer:
    offer = queries.mine_for(viewer, reference).offer
    if offer is None:
        raise NotFound(reference)
    if offer.state == wanted:
        return offer
    if offer.state in (OfferState.SENT, OfferState.EXPIRED):
        what = N_("La date limite pour répondre est passée : %(deadline)s.")
        raise Refused(Problem(what, {"deadline": offer.deadline}))
    raise Refused(N_("Vous avez déjà donné une autre réponse à cette offre."))


def about_offer(viewer: Viewer, offer: Offer) -> About:
    """An offer; what its own person does with it is sealed by their key, what staff do by the installation's."""
    return about(offer, viewer.person_reference if viewer.person_id == offer.person_id else None)


def write(viewer: Viewer, offer: Offer, key: str, **more: Any) -> None:
    """Write a letter about an offer to its person. It is part of each act on the offer."""
    row = letters.recipient_of(offer.decision_id)
    shared = shared_of(viewer, offer, row)
    if letters.reachable(row):
        send_all([letters.letter(row, key, shared, deadline=offer.deadline, **more)])


def shared_of(viewer: Viewer, offer: Offer, row: sa.Row[Any]) -> dict[str, Any]:
    """What letters about an offer say; of one of all offerings of an intake they name the offering."""
    intake, offering = (
        db.session.get_one(Intake, offer.intake_id),
        db.session.get_one(Offering, offer.offering_id),
    )
    return letters.shared_by(intake, offering, named=bool(row.wishes))


def pass_on(viewer: Viewer, offering_id: int, number: int) -> int:
    """Free seats and offer them to the next on the waiting list. Returns how many were offered again."""
    _lock(offering_id)
    release_seats(viewer, offering_id, number)
    return call_list(viewer, offering_id)


def call_more(viewer: Viewer, offering: Offering) -> None:
    """Call the waiting list of an offering that got more seats; called in the same transaction."""
    with acting_in(offering.institution_id):
        call_list(viewer, offering.id)


def call_waiting(viewer: Viewer) -> int:
    """Call every waiting list for which a seat is free, however it became free. Returns how many offers it made.

    Only the system may do it."""
    if not viewer.is_system:
        raise NotPermitted("selection.promote")
    return sum(call_list(viewer, offering_id) for offering_id in called.callable_offerings())


def call_list(viewer: Viewer, offering_id: int) -> int:
    """Offer every free seat to the next on the waiting list, up to the last day of offers. Returns how many."""
    offering = _lock(offering_id)
    intake = db.session.get_one(Intake, offering.intake_id)
    free = offering.seats - offering.taken
    if free <= 0 or queries.offers_are_over(intake):
        return 0
    batch = queries.live_batch(intake, offering)
    if batch is None or batch.state != BatchState.APPROVED:
        return 0
    rules = batch.summary.get("rules")
    if rules:  # seats of later are given by rules of later
        free -= max(0, offering.seats - called.seats_in(batch, offering))
    if free <= 0:
        return 0
    # All who wait are locked, and read behind it: who left while we waited for the lock takes nobody's place.
    waiting = (Decision.batch_id == batch.id, Decision.waiting_state == WaitingState.WAITING.value)
    hold(viewer, sa.select(Decision.application_id).where(*waiting))
    wanted = (
        letters.recipients().where(*waiting, Application.state == "submitted").order_by(Decision.position)
    )
    if rules and (rules["bounds"] or batch.offering_id is None):
        wanted = wanted.where(Decision.id.in_(called.next_decisions(batch, offering, free)))
    rows = db.session.execute(wanted.limit(free)).all()
    if not rows or not claim_seats(viewer, offering_id, len(rows)):
        return 0
    promoted = sa.update(Decision).where(Decision.id.in_([row.decision_id for row in rows]))
    changed(viewer, promoted.values(waiting_state=WaitingState.OFFERED.value))
    say_outcomes(viewer, queries.told_last().where(Decision.id.in_([row.decision_id for row in rows])))
    deadline = _send_offers(viewer, intake, offering, rows, is_joint=batch.offering_id is None)
    after = {"files": [row.number for row in rows], "deadline": deadline.isoformat()}
    record(viewer, "selection.promote", about(offering), after=after)
    return len(rows)


def _lock(offering_id: int) -> Offering:
    """Lock the row of an offering, behind those of its neighbours that share its waiting list: two acts that free seats
    of two of them would else wait for each other."""
    shared = sa.select(Batch.intake_id).join(Offering, Offering.intake_id == Batch.intake_id)
    shared = shared.where(Offering.id == offering_id, Batch.offering_id.is_(None))
    shared = shared.where(Batch.state == BatchState.APPROVED.value)
    wanted = sa.select(Offering).where(sa.or_(Offering.id == offering_id, Offering.intake_id.in_(shared)))
    wanted = wanted.order_by(Offering.id).with_for_update().execution_options(populate_existing=True)
    return next(each for each in db.session.scalars(wanted).all() if each.id == offering_id)


def expire_offers(viewer: Viewer) -> int:
    """Expire the offers that have lapsed and pass their seats on. Returns how many expired.

    Only the system may do it."""
    if not viewer.is_system:
        raise NotPermitted("selection.expire")
    moment = clock.now()
    values = {"state": OfferState.EXPIRED.value, "answered_at": moment, "version": Offer.version + 1}
    ended = sa.update(Offer).where(*lapsed()).values(values).returning(Offer.id, Offer.offering_id)
    rows = db.session.execute(ended.execution_options(synchronize_session=False)).all()
    for offering_id, number in sorted(Counter(row.offering_id for row in rows).items()):
        _end(viewer, offering_id, [row.id for row in rows if row.offering_id == offering_id])
        pass_on(viewer, offering_id, number)
    return len(rows)


def _end(viewer: Viewer, offering_id: int, offer_ids: list[int]) -> None:
    offering = db.session.get_one(Offering, offering_id)
    intake = db.session.get_one(Intake, offering.intake_id)
    ended = letters.recipients().join(Offer, Offer.decision_id == Decision.id).where(Offer.id.in_(offer_ids))
    rows = db.session.execute(ended).all()
    shared = letters.shared_by(intake, offering, named=any(row.wishes for row in rows))
    send_all(letters.letter(row, letters.OFFER_EXPIRED, shared) for row in rows if letters.reachable(row))
    after = {"files": [row.number for row in rows]}
    record(viewer, "selection.expire", about(offering), after=after)


def release_on_withdrawal(viewer: Viewer, application: Application) -> None:
    """Free what a withdrawal leaves: the seat of a live offer, or the place on the waiting list."""
    with acting_in(application.institution_id):
        live = [state.value for state in SEAT_HOLDING]
        held = sa.select(Offer).where(Offer.application_id == application.id, Offer.state.in_(live))
        offer = db.session.scalar(held)
        if offer is None:
            waiting = Decision.waiting_state == WaitingState.WAITING.value
            left = sa.update(Decision).where(Decision.application_id == application.id, waiting)
            changed(viewer, left.values(waiting_state=WaitingState.LEFT.value))
            return
        before = {"state": offer.state}
        if move(viewer, offer, tuple(SEAT_HOLDING), OfferState.DECLINED):
            record(
                viewer,
                "selection.decline",
                about_offer(viewer, offer),
                before=before,
                after={"state": offer.state},
            )
            for follow in on_release:
                follow(viewer, offer)
            pass_on(viewer, offer.offering_id, 1)
