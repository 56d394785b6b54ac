"""Reading rankings, batches of decisions, decisions and offers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Account, Person
from cohortmgr.accounts.queries.viewers import within
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import NAME, staff_intake
from cohortmgr.base import clock, paging
from cohortmgr.base.db import acting_in, db
from cohortmgr.base.errors import NotFound
from cohortmgr.outbox.models import Message
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.reviews.harmonising.queries import stale_in
from cohortmgr.reviews.phases import queries as phases
from cohortmgr.reviews.phases.rules import settled_keys
from cohortmgr.reviews.queries import followed, require_unconcerned
from cohortmgr.selection import rules
from cohortmgr.selection.board import SelectionBoard, SelectionFile, build
from cohortmgr.selection.bounded import AppliedRules
from cohortmgr.selection.models import RELEASED, Batch, Decision, Offer, Release
from cohortmgr.selection.moves.queries import absent_in, moves_in_force
from cohortmgr.selection.rules import WAITING_CLOSED, BatchState, OfferState, Outcome, WaitingState
from cohortmgr.selection.sealing.queries import applied_to, applied_to_all, covers_all

LIVE = tuple(state.value for state in rules.LIVE)
PAGE = 50
"""The decisions of one page."""
INELIGIBLE = "ineligible"
"""The decisions without a rank, of files that nobody reads; so they are called in a batch's summary too."""


def visible(viewer: Viewer, permission: str = "selection.read") -> sa.Select[Batch]:
    """Select the batches of the programmes whose selection the viewer may read; of no intake in which they have an
    interest."""
    inside = followed(viewer, permission)
    return sa.select(Batch).join(Intake, Intake.id == Batch.intake_id).where(inside)


def intake_for(viewer: Viewer, reference: str) -> Intake:
    """Return an intake whose selection the viewer reads. Raises NotFound otherwise, and Withheld from whoever has an
    interest in it."""
    intake = staff_intake(viewer, reference, "selection.read")
    require_unconcerned(viewer, intake, "selection.read")
    return intake


def get_for(viewer: Viewer, reference: str, *, lock: bool = False) -> Batch:
    """Return the batch with this public reference. Raises NotFound if the viewer may not see it, and Withheld if they
    have an interest in its intake.

    With `lock`, a second click waits for the first and then reads the changed row.
    """
    wanted = visible(viewer).where(Batch.reference == reference)
    if lock:
        wanted = wanted.with_for_update(of=Batch).execution_options(populate_existing=True)
    found = db.session.scalar(wanted)
    if found is None:
        there = (
            sa.select(Intake).join(Batch, Batch.intake_id == Intake.id).where(Batch.reference == reference)
        )
        intake = db.session.scalar(there.where(within(viewer, "selection.read", Intake.path)))
        if intake is not None:
            require_unconcerned(viewer, intake, "selection.read")
        raise NotFound(reference)
    return found


def by_reference(reference: str) -> Batch | None:
    """Return a batch for the worker, as it is now; None if there is none of this reference."""
    wanted = sa.select(Batch).where(Batch.reference == reference)
    return db.session.scalar(wanted.execution_options(populate_existing=True))


def offered_in(batch: Batch) -> tuple[Intake, Offering | None]:
    """The intake and the offering of a batch; None for one of all offerings."""
    number = batch.offering_id
    offering = db.session.get_one(Offering, number) if number is not None else None
    return db.session.get_one(Intake, batch.intake_id), offering


def offering_of(intake: Intake, reference: str | None = None) -> Offering:
    """Return the offering with this reference, or the intake's first one. Raises NotFound if there is none."""
    return _named(intake, programmes.offerings_of(intake), reference)


def scope_of(intake: Intake, reference: str | None = None) -> Offering | None:
    """Return of which offering the files are ranked and decided: that with this reference, or the intake's first one;
    None for all of them at once, whose seats are given by wishes. Raises NotFound if there is none."""
    offerings = programmes.offerings_of(intake)
    offering = _named(intake, offerings, reference)
    return None if len(offerings) > 1 and covers_all(intake) else offering


def _named(intake: Intake, offerings: Sequence[Offering], reference: str | None) -> Offering:
    for offering in offerings:
        if reference in (None, offering.reference):
            return offering
    raise NotFound(reference or intake.reference)


def ranking_of(intake: Intake, offering: Offering | None = None) -> SelectionBoard:
    """Return the ranking board of an offering from the marks given so far, harmonised where that was chosen; where
    files are read and nothing else is marked or chosen, in four statements; under sealed rules, as they choose. Without
    an offering it is that of all at once where seats are given by wishes, else of the first.

    The seed of the lots is the intake's reference. It was drawn when the intake was loaded, so it was known
    before anything was read, and nobody who sees the ranking can choose another.
    """
    offering = offering or scope_of(intake)
    definition, marks = programmes.definition_of(intake), phases.marks_in(intake)
    rubric, waiting = definition.rubric, definition.offers.waiting_list
    is_read_alone = rubric.is_plain and not marks.formulas
    rows = db.session.execute(_sent(intake, offering))
    if is_read_alone:
        given, key = marks.readings, rubric.files.key
        files = [replace(_file(row), readings=tuple(given.get(row.id, {}).get(key, ()))) for row in rows]
    else:
        files = [replace(_file(row), marks=marks.of(row.id)) for row in rows]
    current = phases.open_phase(intake)
    stale = stale_in(intake.id, marks.formulas, settled_keys(rubric, marks.closed))
    seed, rules = intake.reference, rules_for(intake, offering)
    seats = offering.seats if offering is not None else rules.seats if rules is not None else 0
    return build(files, rubric, seats, waiting, seed, current, marks.formulas, stale, rules)


def rules_for(intake: Intake, offering: Offering | None) -> AppliedRules | None:
    """Return the rules in force as they apply to the files of an offering, or of all at once, with the moves by hand,
    and the files of either that are gone; None without any."""
    found = applied_to(intake, offering) if offering is not None else applied_to_all(intake)
    if found is None:
        return None
    absent = absent_in(intake, offering, found.right)
    return replace(found, hand=moves_in_force(intake, offering), absent=absent)


def _file(row: Any) -> SelectionFile:
    return SelectionFile(
        application_id=row.id,
        person_id=row.person_id,
        number=row.number,
        name=row.name,
        region=row.region,
        eligible=row.eligible,
        reasons=tuple(row.reasons),
        reference=row.reference,
        language=row.language,
    )


def _sent(intake: Intake, offering: Offering | None) -> Any:
    """Select the files that were sent to an offering, or to any. A file that names no offering belongs to the intake's
    first."""
    names = ("id", "reference", "person_id", "number", "region", "language", "eligible", "reasons")
    wanted = sa.select(*(getattr(Application, name) for name in names), NAME)
    wanted = wanted.where(Application.intake_id == intake.id, Application.state == "submitted")
    if offering is not None:
        first = sa.select(sa.func.min(Offering.id)).where(Offering.intake_id == intake.id).scalar_subquery()
        wanted = wanted.where(sa.func.coalesce(Application.offering_id, first) == offering.id)
    return wanted.order_by(Application.number)


def live_batch(intake: Intake, offering: Offering | None) -> Batch | None:
    """Return the batch that is not cancelled of an offering, its own or that of all offerings, or None; without an
    offering that of all."""
    return db.session.scalar(sa.select(Batch).where(covering(intake, offering), Batch.state.in_(LIVE)))


def covering(intake: Intake, offering: Offering | None) -> sa.ColumnElement[bool]:
    """Whether a batch covers the files of an offering; without one, whether it covers all of an intake."""
    of_all = sa.and_(Batch.intake_id == intake.id, Batch.offering_id.is_(None))
    return of_all if offering is None else sa.or_(Batch.offering_id == offering.id, of_all)


def batches_of(intake: Intake) -> Sequence[Batch]:
    """Return every batch of an intake, the newest first."""
    wanted = sa.select(Batch).where(Batch.intake_id == intake.id)
    return db.session.scalars(wanted.order_by(Batch.id.desc())).all()


def waiting_for_approval(viewer: Viewer) -> Sequence[Any]:
    """Return (reference, intake_id, intake_title, seats, proposed_at) of the batches that the viewer may approve."""
    title = Intake.title.label("intake_title")
    columns = (Batch.reference, Batch.intake_id, title, Batch.seats, Batch.proposed_at)
    open_ones = visible(viewer, "selection.approve").with_only_columns(*columns)
    mine = (Batch.state == BatchState.PROPOSED.value, Batch.proposed_by != viewer.reference)
    return db.session.execute(open_ones.where(*mine).order_by(Batch.proposed_at)).all()


def holds_seat(application: Application) -> bool:
    """Whether the person of this application accepted the seat that was offered, and has not given it up."""
    accepted = (Offer.application_id == application.id, Offer.state == OfferState.ACCEPTED.value)
    return db.session.scalar(sa.select(Offer.id).where(*accepted)) is not None


def told_last() -> sa.Select[*tuple[Any, ...]]:
    """Select the file of each decision and what its person was told last, for lists: the decision, or for who waited
    that a seat came free, or that the list was closed."""
    later = {
        WaitingState.OFFERED.value: Outcome.OFFER.value,
        WaitingState.CLOSED.value: Outcome.REFUSED.value,
    }
    last = sa.case(later, value=Decision.waiting_state, else_=Decision.outcome)
    return sa.select(Decision.application_id, last.label("outcome"))


def account_name(reference: str | None) -> str:
    """Return the name of the person who proposed or approved a batch."""
    wanted = sa.select(Person).join(Account, Account.person_id == Person.id)
    person = db.session.scalar(wanted.where(Account.reference == reference)) if reference else None
    return person.name if person else ""


def decisions_of(batch: Batch) -> Sequence[Any]:
    """Return all decisions of a batch with file and offer, best first, in one statement."""
    ordered = _decisions(batch).order_by(Decision.rank.is_(None), Decision.rank, Application.number)
    return db.session.execute(ordered).all()


def decisions_page(batch: Batch, place: paging.ListPlace, asked: Mapping[str, str]) -> paging.Page:
    """Return a page of a batch's decisions as asked: by `sort`, of one `outcome` or `INELIGIBLE`, or of one `answer`
    (no state: all offers)."""
    wanted, answer, outcome = _decisions(batch), asked.get("answer"), asked.get("outcome")
    if answer:
        wanted = wanted.where(Offer.state == answer if answer in set(OfferState) else Offer.id.is_not(None))
    if outcome == INELIGIBLE:
        wanted = wanted.where(Decision.rank.is_(None))
    elif outcome:
        wanted = wanted.where(Decision.outcome == outcome)
    counted = -1 if answer else int(batch.summary.get(outcome or "all", -1))
    total = paging.Total(counted) if counted >= 0 else None
    wanted = wanted.order_by(Decision.id.desc() if asked.get("sort") == "-rank" else Decision.id)
    return paging.page_of(wanted, place, PAGE, total)


def offers_by_state(batch: Batch) -> dict[str, int]:
    """Count the offers that an approved batch led to; an offering has no other offers, nor the intake of one of all."""
    same = Offer.offering_id == batch.offering_id if batch.offering_id else Offer.intake_id == batch.intake_id
    counted = sa.select(Offer.state, sa.func.count()).where(same)
    return {row[0]: row[1] for row in db.session.execute(counted.group_by(Offer.state))}


def waiting_in(batch: Batch) -> int:
    """Count who waits for a seat on the list of a batch."""
    waiting = (Decision.batch_id == batch.id, Decision.waiting_state == WaitingState.WAITING.value)
    return db.session.scalar(sa.select(sa.func.count()).select_from(Decision).where(*waiting)) or 0


def _decisions(batch: Batch) -> sa.Select[Any]:
    return (
        sa.select(
            Decision.reference, Decision.outcome, Decision.rank, Decision.mean_thousandths, Decision.position,
            Decision.waiting_state, Decision.reasons, Decision.decided, Decision.added,
            Application.number, NAME, Application.language,
            Application.reference.label("application_reference"), Application.state.label("application_state"),
            Decision.wishes, sa.func.coalesce(Offer.offering_id, Decision.offering_id).label("offering_id"),
            Offer.state.label("offer_state"), Offer.reference.label("offer_reference"), Offer.deadline,
        )
        .join(Application, Application.id == Decision.application_id)
        .outerjoin(Offer, Offer.decision_id == Decision.id)
        .where(Decision.batch_id == batch.id)
    )  # fmt: skip


@dataclass(frozen=True)
class OwnDecision:
    """A decision about one's own file, and when one was told. `place` is the present rank on the waiting list, None
    once nobody is called from it."""

    decision: Decision
    told_at: datetime
    offer: Offer | None
    application: Application
    intake: Intake
    place: int | None


def _own(viewer: Viewer) -> Any:
    return (
        sa.select(Decision, Release.published_at, Offer, Application, Intake)
        .join(Release, RELEASED)
        .join(Application, Application.id == Decision.application_id)
        .join(Intake, Intake.id == Decision.intake_id)
        .outerjoin(Offer, Offer.decision_id == Decision.id)
        .where(Decision.person_id == viewer.person_id)
        .order_by(Decision.id.desc())
    )


def mine(viewer: Viewer) -> list[OwnDecision]:
    """Return the decisions that the viewer was told of, newest first; the home page shows them."""
    return [_mine(row) for row in db.session.execute(_own(viewer))]


def mine_for(viewer: Viewer, reference: str) -> OwnDecision:
    """Return one of these decisions, by the reference of the offer or of the decision. Raises NotFound."""
    same = sa.or_(Decision.reference == reference, Offer.reference == reference)
    row = db.session.execute(_own(viewer).where(same).execution_options(populate_existing=True)).first()
    if row is None:
        raise NotFound(reference)
    return _mine(row)


def _mine(row: Any) -> OwnDecision:
    decision, told_at, offer, application, intake = row
    waits = decision.outcome == Outcome.WAITING and decision.waiting_state == WaitingState.WAITING
    waits = waits and not offers_are_over(intake)
    return OwnDecision(decision, told_at, offer, application, intake, place_of(decision) if waits else None)


def list_closed_on(told: OwnDecision) -> date | None:
    """The day on which nobody was called any more from the list on which a person waited: that of its closing, or the
    last day of offers. None for whoever still waits, or never did. One statement where somebody closed it."""
    if told.decision.outcome != Outcome.WAITING or told.offer is not None or told.place is not None:
        return None
    last_day = programmes.definition_of(told.intake).last_offer_day(told.intake.key)
    if told.decision.waiting_state != WaitingState.CLOSED:
        return last_day if offers_are_over(told.intake) else None
    letters = sa.select(sa.func.max(Message.due)).where(
        Message.person_id == told.decision.person_id,
        Message.institution_id == told.decision.institution_id,
        Message.key == WAITING_CLOSED,
    )
    left = db.session.scalar(letters)
    return None if left is None else clock.local(left).date()


def place_of(decision: Decision) -> int:
    """Return the rank on the waiting list without those who left it.

    Only a count is read: no row of another person is returned."""
    ahead = sa.select(sa.func.count()).select_from(Decision)
    ahead = ahead.where(
        Decision.batch_id == decision.batch_id,
        Decision.waiting_state == WaitingState.WAITING.value,
        Decision.position < decision.position,
    )
    with acting_in(decision.institution_id):
        return 1 + (db.session.scalar(ahead) or 0)


def offers_are_over(intake: Intake) -> bool:
    """Whether the last day on which a seat of the intake is offered has passed."""
    return clock.today() > programmes.definition_of(intake).last_offer_day(intake.key)


def frozen() -> sa.ColumnElement[bool]:
    """Whether a batch that is not cancelled decided about a file of the statement, or one is being prepared that will,
    so that its readings change no more."""
    decided = sa.select(Decision.id).join(Batch, Batch.id == Decision.batch_id)
    decided = decided.where(Decision.application_id == Application.id, Batch.state.in_(LIVE))
    prepared = sa.select(Batch.id).where(
        Batch.intake_id == Application.intake_id,
        Batch.state == BatchState.DRAFT.value,
        sa.or_(
            Application.offering_id.is_(None),
            Batch.offering_id.is_(None),
            Batch.offering_id == Application.offering_id,
        ),
    )
    return sa.or_(*(each.correlate(Application).exists() for each in (decided, prepared)))


def is_frozen(application: Application) -> bool:
    """Whether that is so of a file."""
    wanted = sa.select(Application.id).where(Application.id == application.id, frozen())
    return db.session.scalar(wanted) is not None


def decided_of(applications: Collection[int]) -> set[int]:
    """Return the ids among `applications` about which an approved batch decided."""
    rows = sa.select(Decision.application_id).join(Batch, Batch.id == Decision.batch_id)
    rows = rows.where(Batch.state == BatchState.APPROVED.value)
    return set(db.session.scalars(rows.where(Decision.application_id.in_(sorted(applications)))))


def decided_offerings(intake_id: int) -> set[int]:
    """Return the ids of the intake's offerings about which an approved batch decided."""
    own = sa.or_(Batch.offering_id == Offering.id, Batch.offering_id.is_(None))
    rows = sa.select(Offering.id).join(Batch, sa.and_(Batch.intake_id == Offering.intake_id, own))
    rows = rows.where(Offering.intake_id == intake_id, Batch.state == BatchState.APPROVED.value)
    return set(db.session.scalars(rows))


def was_told(viewer: Viewer, application: Application) -> bool:
    """Whether the person was told of a decision on this application."""
    told = sa.select(Decision.id).join(Release, RELEASED)
    told = told.where(Decision.application_id == application.id)
    return db.session.scalar(told.limit(1)) is not None
