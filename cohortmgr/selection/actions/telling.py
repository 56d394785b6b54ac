"""How a batch is approved: its letters are written in chunks and held, then all is told at once.

No offer is there, no decision shows and no letter leaves before the last step, which one transaction does. What was
begun goes on after a worker died, since each letter has a name of its own; or it is taken back whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.actions import hold, say_outcomes
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem, Refused, as_json
from cohortmgr.jobs.actions import queue
from cohortmgr.jobs.queries import job_of
from cohortmgr.outbox.actions import open_bundle, send_all, turn_bundle
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.selection import queries
from cohortmgr.selection.actions import freezing, letters, offers
from cohortmgr.selection.certificate import outcomes_of, verify
from cohortmgr.selection.joint.allotted import stated_in
from cohortmgr.selection.models import Batch, Decision, Release
from cohortmgr.selection.rules import BATCH_STATES, BatchState, OfferState, Outcome
from cohortmgr.selection.standings.queries.published import names_in

TELL = "selection.tell"
CHUNK = 500
"""How many decisions have their letters written in one transaction."""
SAID = 2_000
"""Into how many files' rows one transaction writes what was told."""
UNSOUND = N_("Le certificat de ce lot ne se vérifie pas : annulez-le et proposez-le de nouveau.")


def ask(viewer: Viewer, batch: Batch, offered: int) -> None:
    """Begin to approve a batch whose seats are claimed: the worker writes its letters into a bundle that is held."""
    BATCH_STATES.move(batch.state, BatchState.APPROVING)
    batch.state, batch.stopped = BatchState.APPROVING.value, []
    batch.deadline, batch.reached, batch.letters = None, 0, 0
    batch.bundle = open_bundle(batch.institution_id)
    db.session.flush()
    turn_bundle(batch.bundle, "held")
    record(viewer, "selection.begin", about(batch), after={"offers": offered})
    go_on(viewer, batch)


def go_on(viewer: Viewer, batch: Batch) -> None:
    """Ask the worker to write the letters that a batch still lacks."""
    batch.job_reference = queue.request(viewer, TELL, {"batch": batch.reference}, batch.institution_id)


def require_sound(viewer: Viewer, batch: Batch) -> None:
    """Refuse unless the certificate holds and the decisions are exactly those that it states."""
    rows = db.session.execute(
        sa.select(Decision.outcome, Decision.rank, Application.number, Offering.key)
        .join(Application, Application.id == Decision.application_id)
        .outerjoin(Offering, Offering.id == Decision.offering_id)
        .where(Decision.batch_id == batch.id)
    ).all()
    named = names_in(batch)
    found = {named(row.number): row for row in rows if row.rank is not None}
    unranked = {row.outcome for row in rows if row.rank is None}
    if verify(batch.certificate) or not unranked <= {Outcome.REFUSED} or not _is_as_stated(batch, found):
        raise Refused(UNSOUND)


def _is_as_stated(batch: Batch, found: Mapping[str, Any]) -> bool:
    """Whether the ranked decisions, by the names of their files, are exactly those that the certificate states."""
    if batch.offering_id is not None:
        stated = outcomes_of(batch.certificate)
        return stated == {name: (row.outcome, row.rank) for name, row in found.items()}
    joint = stated_in(batch.certificate, batch.waiting)
    return joint.keys() == found.keys() and all(
        (row.outcome, row.key) == (joint[name][0], joint[name][2]) and joint[name][1] in (None, row.rank)
        for name, row in found.items()
    )


def begin(viewer: Viewer, batch: Batch, intake: Intake) -> None:
    """Say until when the offers may be answered, once for all letters."""
    if batch.deadline is None:
        batch.deadline = offers.deadline_for(viewer, intake)


def next_rows(viewer: Viewer, batch: Batch) -> Sequence[sa.Row[Any]]:
    """Return the decisions of a batch whose letters are to be written next, with what these need."""
    behind = (Decision.batch_id == batch.id, Decision.id > batch.reached)
    return db.session.execute(letters.recipients().where(*behind).order_by(Decision.id).limit(CHUNK)).all()


def write(viewer: Viewer, batch: Batch, rows: Sequence[sa.Row[Any]]) -> None:
    """Write the letters and reminders of some decisions, sealed; with the batch's bundle if it has one."""
    intake, offering = queries.offered_in(batch)
    deadline, moment = batch.deadline, batch.approved_at
    if deadline is None or moment is None:
        raise RuntimeError(f"nobody approved the batch {batch.reference}")
    shared = letters.SharedByOffering(intake, offering)
    hours = programmes.definition_of(intake).offers.reminders_hours
    staying = [row for row in rows if row.application_state == "submitted"]
    chosen = [row for row in staying if row.outcome == Outcome.OFFER]
    told = letters.for_decisions(staying, shared, deadline)
    found = letters.reminders(chosen, shared, deadline, hours, moment) + told
    send_all(letters.in_bundle(found, batch.bundle) if batch.bundle else found)
    batch.letters += len(told)
    batch.reached = rows[-1].decision_id if rows else batch.reached


def held_rows(viewer: Viewer, batch: Batch, *, offers_alone: bool) -> Sequence[sa.Row[Any]]:
    """Lock the files of a batch, or of its offers alone, and return their decisions with what letters need.

    Files first, then decisions: the order in which a withdrawal locks them."""
    wanted = [Decision.batch_id == batch.id]
    if offers_alone:
        wanted.append(Decision.outcome == Outcome.OFFER.value)
    hold(viewer, sa.select(Decision.application_id).where(*wanted))
    return db.session.execute(letters.recipients().where(*wanted).order_by(Decision.id)).all()


def settle(viewer: Viewer, batch: Batch, rows: Sequence[sa.Row[Any]]) -> None:
    """Tell everybody at once: the offers stand, the decisions show, the letters leave. `rows` are those of the offers,
    held in this transaction.

    Who withdrew while the letters were written has declined: the seat goes to the next on the list."""
    intake = db.session.get_one(Intake, batch.intake_id)
    gone = [row for row in rows if row.application_state != "submitted"]
    staying = [row for row in rows if row.application_state == "submitted"]
    if batch.deadline is None or batch.approved_by is None:
        raise RuntimeError(f"nobody approved the batch {batch.reference}")
    for offering_id, own in offers.by_offering(viewer, staying, batch.offering_id).items():
        offers.make_offers(viewer, intake, offering_id, own, batch.deadline)
    leaving = offers.by_offering(viewer, gone, batch.offering_id)
    for offering_id, own in leaving.items():
        offers.make_offers(viewer, intake, offering_id, own, batch.deadline, OfferState.DECLINED)
    db.session.add(Release(institution_id=batch.institution_id, batch_id=batch.id, published_at=clock.now()))
    BATCH_STATES.move(batch.state, BatchState.APPROVED)
    batch.state = BatchState.APPROVED.value
    batch.reached = 0
    if batch.bundle:
        turn_bundle(batch.bundle, "open")
    after = {"offers": len(staying), "messages": batch.letters, "deadline": batch.deadline.isoformat()}
    if gone:
        after["withdrawn"] = [row.number for row in gone]
    record(freezing.OnBehalf(batch.approved_by), "selection.approve", about(batch), after=after)
    db.session.flush()
    for offering_id, own in leaving.items():
        offers.pass_on(viewer, offering_id, len(own))
    if batch.offering_id is not None and not gone:
        offers.call_list(viewer, batch.offering_id)  # seats that were added since the proposal


def say_all(viewer: Viewer, batch: Batch) -> None:
    """Write what was told into the rows of all files of a batch, for lists."""
    say_outcomes(viewer, queries.told_last().where(Decision.batch_id == batch.id))


def say_some(viewer: Viewer, batch: Batch) -> int:
    """As `say_all`, of the next files. Returns how many these were."""
    behind = (Decision.batch_id == batch.id, Decision.id > batch.reached)
    numbers = db.session.scalars(
        sa.select(Decision.id).where(*behind).order_by(Decision.id).limit(SAID)
    ).all()
    if numbers:
        among = (Decision.batch_id == batch.id, Decision.id.between(numbers[0], numbers[-1]))
        hold(viewer, sa.select(Decision.application_id).where(*among))
        say_outcomes(viewer, queries.told_last().where(*among))
        batch.reached = numbers[-1]
    return len(numbers)


def has_told(viewer: Viewer, batch: Batch) -> bool:
    """Whether the last job of a batch is the one that told everybody: files' rows follow until it is done."""
    job = job_of(batch.job_reference)
    return batch.state == BatchState.APPROVED and job is not None and job.kind == TELL


def is_too_late(viewer: Viewer, batch: Batch) -> bool:
    """Whether the letters lay for so long that nobody could answer any more."""
    return batch.deadline is not None and batch.deadline <= clock.now()


TOO_LATE = N_(
    "Le délai de réponse est passé avant que toutes les lettres soient écrites : approuvez de nouveau."
)


def take_back(viewer: Viewer, batch: Batch, problems: Sequence[Problem] = ()) -> None:
    """Undo an approval before its last step: no letter leaves, the seats are free, the batch is proposed again."""
    BATCH_STATES.move(batch.state, BatchState.PROPOSED)
    wanted = sa.select(Decision.offering_id).where(
        Decision.batch_id == batch.id, Decision.outcome == Outcome.OFFER.value
    )
    claimed = Counter(number or batch.offering_id for number in db.session.scalars(wanted))
    for offering_id, number in sorted((key, n) for key, n in claimed.items() if key is not None):
        offers.release_seats(viewer, offering_id, number)
    turn_bundle(batch.bundle, "called_off")
    before = {"state": batch.state, "approved_by": batch.approved_by}
    batch.state, batch.approved_by, batch.approved_at = BatchState.PROPOSED.value, None, None
    batch.bundle, batch.deadline, batch.reached, batch.letters = "", None, 0, 0
    batch.stopped = [as_json(problem) for problem in problems]
    after = {"state": batch.state, "because": batch.stopped}
    record(viewer, "selection.take_back", about(batch), before=before, after=after)
