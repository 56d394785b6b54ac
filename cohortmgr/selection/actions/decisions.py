"""Acts on batches of decisions: proposing one, approving it as a second person, cancelling a proposal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer, allows, require, require_second_person
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db, table_of
from cohortmgr.base.errors import N_, Problem, Refused, Stale, as_json
from cohortmgr.base.text import new_reference, says_number
from cohortmgr.outbox.actions import send_all
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.programmes.rules import require_published
from cohortmgr.selection import queries
from cohortmgr.selection.actions import letters, offers
from cohortmgr.selection.board import DecidedFile, SelectionBoard, decisions, require_read, rubric_of
from cohortmgr.selection.certificate import certificate, outcomes_of, verify
from cohortmgr.selection.models import Batch, Decision
from cohortmgr.selection.rules import (
    BATCH_STATES,
    BatchState,
    Outcome,
    WaitingState,
)

LONGEST_NOTE = 2000


def propose(
    viewer: Viewer,
    intake_reference: str,
    note: str = "",
    offering_reference: str | None = None,
    open_until: datetime | None = None,
) -> Batch:
    """Freeze the ranking of an offering into a batch of decisions with its certificate. Nobody is told yet.

    Refused while an eligible file lacks readings, and while the offering has another proposed or approved
    batch. A second call of the same person returns the batch of the first call. `open_until` is the close that
    the person saw and accepted, if the intake is open: without it the batch is not approved before that close.
    """
    intake = programmes.get_intake(intake_reference)
    require(viewer, "selection.propose", intake.path)
    # Two calls at once queue here, so that the second sees what the first proposed.
    db.session.execute(sa.select(Intake.id).where(Intake.id == intake.id).with_for_update())
    offering = queries.offering_of(intake, offering_reference)
    live = queries.live_batch(offering)
    if live is not None:
        if live.proposed_by == viewer.reference and live.state == BatchState.PROPOSED:
            return live
        raise Refused(N_("Un lot de décisions est déjà proposé ou approuvé pour cette campagne."))
    board = queries.ranking_of(intake, offering)
    require_read(board)
    batch = _frozen(viewer, intake, offering, board, note)
    batch.open_until = open_until
    db.session.add(batch)
    db.session.flush()
    _insert(batch, decisions(board, programmes.definition_of(intake).eligibility))
    after = {"seed": batch.seed, "seats": board.seats, "certificate": batch.certificate["sha256"]}
    record(viewer, "selection.propose", about(batch), after=after)
    return batch


def _frozen(viewer: Viewer, intake: Intake, offering: Offering, board: SelectionBoard, note: str) -> Batch:
    seed = board.ranking.seed
    return Batch(
        reference=new_reference(),
        institution_id=intake.institution_id,
        intake_id=intake.id,
        offering_id=offering.id,
        state=BatchState.PROPOSED.value,
        seats=board.seats,
        waiting=board.waiting,
        seed=seed,
        note=note.strip()[:LONGEST_NOTE],
        certificate=certificate(
            board.ranking, board.seats, seed, rubric_of(board.rubric), board.waiting, board.scores
        ),
        proposed_by=viewer.reference,
        proposed_at=clock.now(),
    )


def _insert(batch: Batch, found: list[DecidedFile]) -> None:
    rows = [
        {
            "reference": new_reference(),
            "institution_id": batch.institution_id,
            "batch_id": batch.id,
            "application_id": each.file.application_id,
            "person_id": each.file.person_id,
            "intake_id": batch.intake_id,
            "outcome": each.outcome.value,
            "rank": each.rank,
            "mean_thousandths": each.mean,
            "position": each.position,
            "waiting_state": WaitingState.WAITING.value if each.outcome is Outcome.WAITING else None,
            "reasons": [as_json(reason) for reason in each.reasons],
            "notified_at": None,
        }
        for each in found
    ]
    db.session.execute(sa.insert(table_of(Decision)), rows)


def approve(
    viewer: Viewer,
    batch_reference: str,
    typed_number: str,
    version: int | None = None,
    open_until: datetime | None = None,
) -> Batch:
    """Approve a batch as a second person: claim the seats, send the offers with a deadline, tell everyone.

    `typed_number` is the number of offers as the person wrote it. If the batch is approved already, it is
    returned and nothing happens twice. Refused if the certificate does not hold, if somebody chosen has
    withdrawn since, while the programme is in preparation, after the last day of offers, and while the intake is
    open, unless proposer and approver have each accepted that it is, until that moment (`open_until`).
    """
    batch, intake = _locked(viewer, batch_reference)
    require(viewer, "selection.approve", intake.path)
    if batch.state == BatchState.APPROVED:
        return batch
    require_published(intake.state, intake.path)
    require_second_person(batch.proposed_by, viewer.reference)
    if version is not None and version != batch.version:
        raise Stale(batch_reference)
    BATCH_STATES.move(batch.state, BatchState.APPROVED)
    _require_days_left(intake)
    _require_closed(batch, intake, open_until)
    rows = db.session.execute(letters.held_recipients().where(Decision.batch_id == batch.id)).all()
    chosen = [row for row in rows if row.outcome == Outcome.OFFER]
    _require_number(typed_number, len(chosen))
    _require_sound(batch, rows)
    _require_all_there(chosen)
    offering = db.session.get_one(Offering, batch.offering_id)
    if not offers.claim_seats(viewer, offering.id, len(chosen)):
        raise Refused(N_("Il n’y a plus assez de places libres pour ces offres."))
    moment = clock.now()
    deadline = offers.send_offers(viewer, intake, offering.id, chosen)
    _tell(batch)
    batch.state, batch.approved_by, batch.approved_at = BatchState.APPROVED.value, viewer.reference, moment
    told = send_all(letters.for_decisions(rows, letters.shared_by(intake, offering), deadline))
    after = {"offers": len(chosen), "messages": told, "deadline": deadline.isoformat()}
    record(viewer, "selection.approve", about(batch), after=after)
    offers.call_list(viewer, offering.id)  # seats that were added since the proposal
    return batch


def _require_days_left(intake: Intake) -> None:
    if queries.offers_are_over(intake):
        what = N_(
            "Le dernier jour des offres de cette campagne était le %(day)s : plus aucune place n’est offerte. Pour en "
            "offrir encore, changez ce jour dans la définition du programme."
        )
        day = programmes.definition_of(intake).last_offer_day(intake.key)
        raise Refused(Problem(what, {"day": day}))


def _require_closed(batch: Batch, intake: Intake, seen: datetime | None) -> None:
    """Refuse while the intake is open, unless both people have accepted that it is, until the same moment."""
    if clock.now() >= intake.closes_at or batch.open_until == seen == intake.closes_at:
        return
    values = {"moment": intake.closes_at}
    if batch.open_until == intake.closes_at:
        what = N_(
            "La campagne est ouverte jusqu’au %(moment)s : cochez que vous le savez, ou attendez la clôture."
        )
        raise Refused(Problem(what, values, "open_until"))
    what = N_(
        "La campagne est ouverte jusqu’au %(moment)s, et la personne qui a proposé ce lot ne l’a pas coché : attendez "
        "la clôture, ou annulez ce lot et proposez-le de nouveau."
    )
    raise Refused(Problem(what, values))


def _locked(viewer: Viewer, reference: str) -> tuple[Batch, Intake]:
    batch = queries.get_for(viewer, reference, lock=True)
    return batch, db.session.get_one(Intake, batch.intake_id)


def _require_number(typed: str, offered: int) -> None:
    if not says_number(typed, offered):
        what = N_("Écrivez le nombre d’offres qui vont partir : %(offered)s.")
        raise Refused(Problem(what, {"offered": offered}, "confirmation"))


def _require_sound(batch: Batch, rows: Sequence[sa.Row[Any]]) -> None:
    """Refuse unless the certificate holds and the decisions are exactly those that it states."""
    found = {row.number: (row.outcome, row.rank) for row in rows if row.rank is not None}
    unranked = {row.outcome for row in rows if row.rank is None}
    if (
        verify(batch.certificate)
        or found != outcomes_of(batch.certificate)
        or not unranked <= {Outcome.REFUSED}
    ):
        raise Refused(N_("Le certificat de ce lot ne se vérifie pas : annulez-le et proposez-le de nouveau."))


def _require_all_there(chosen: Sequence[sa.Row[Any]]) -> None:
    gone = sum(1 for row in chosen if row.application_state != "submitted")
    if gone:
        what = N_(
            "%(gone)s personnes retenues ont retiré leur candidature depuis la proposition : annulez ce lot et "
            "proposez-le de nouveau."
        )
        raise Refused(Problem(what, {"gone": gone}))


def _tell(batch: Batch) -> None:
    told = sa.update(Decision).where(Decision.batch_id == batch.id).values(notified_at=clock.now())
    db.session.execute(told.execution_options(synchronize_session=False))


def cancel(viewer: Viewer, batch_reference: str, version: int | None = None) -> Batch:
    """Cancel a proposal before it is approved. If it is cancelled already, nothing happens."""
    batch, intake = _locked(viewer, batch_reference)
    if not allows(viewer, "selection.propose", intake.path):
        require(viewer, "selection.approve", intake.path)
    if batch.state == BatchState.CANCELLED:
        return batch
    if version is not None and version != batch.version:
        raise Stale(batch_reference)
    BATCH_STATES.move(batch.state, BatchState.CANCELLED)
    before = {"state": batch.state}
    batch.state = BatchState.CANCELLED.value
    after = {"state": batch.state}
    record(viewer, "selection.cancel", about(batch), before=before, after=after)
    return batch
