"""Acts on batches of decisions: proposing one, approving it as a second person, cancelling a proposal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer, allows, require, require_second_person
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NN_, Problem, Quantity, Refused, Stale, from_json
from cohortmgr.base.text import new_reference, says_number
from cohortmgr.jobs.queries import advance_of
from cohortmgr.jobs.rules import Advance
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.programmes.rules import require_published
from cohortmgr.reviews.queries import require_unconcerned
from cohortmgr.selection import queries
from cohortmgr.selection.actions import freezing, offers, publishing, telling
from cohortmgr.selection.certificate import verify
from cohortmgr.selection.models import Batch
from cohortmgr.selection.rules import BATCH_STATES, BatchState, Outcome
from cohortmgr.selection.standings.queries import kept as standings
from cohortmgr.selection.standings.queries import published

LONGEST_NOTE = 2000

_CHOSEN = NN_("%(num)s personne retenue", "%(num)s personnes retenues")


def propose(
    viewer: Viewer,
    intake_reference: str,
    note: str = "",
    offering_reference: str | None = None,
    open_until: datetime | None = None,
) -> Batch:
    """Freeze the ranking of an offering, or of all at once where seats are given by wishes, into a batch of decisions
    with its certificate. Nobody is told yet.

    Refused while an eligible file lacks readings, and while the offering has another batch that is not cancelled. A
    second call of the same person returns the batch of the first call. `open_until` is the close that the person saw
    and accepted, if the intake is open: without it the batch is not approved before that close. Of a large intake the
    worker writes the decisions; what the person saw must hold still.
    """
    intake = programmes.get_intake(intake_reference)
    require(viewer, "selection.propose", intake.path)
    require_unconcerned(viewer, intake, "selection.propose")
    # Two calls at once queue here, so that the second sees what the first proposed.
    db.session.execute(sa.select(Intake.id).where(Intake.id == intake.id).with_for_update())
    offering = queries.scope_of(intake, offering_reference)
    live = queries.live_batch(intake, offering)
    if live is not None:
        if live.proposed_by == viewer.reference and live.state in (BatchState.DRAFT, BatchState.PROPOSED):
            return live
        raise Refused(N_("Un lot de décisions est déjà proposé ou approuvé pour cette campagne."))
    batch = _draft(viewer, intake, offering, note)
    batch.open_until = open_until
    if standings.is_done_at_once(intake):
        _freeze_at_once(viewer, batch, intake, offering)
        return batch
    _require_as_seen(intake, offering)
    db.session.add(batch)
    db.session.flush()
    freezing.ask(viewer, batch)
    return batch


def _draft(viewer: Viewer, intake: Intake, offering: Offering | None, note: str) -> Batch:
    offered = [offering] if offering is not None else programmes.offerings_of(intake)
    return Batch(
        reference=new_reference(),
        institution_id=intake.institution_id,
        intake_id=intake.id,
        offering_id=offering.id if offering is not None else None,
        state=BatchState.DRAFT.value,
        seats=sum(each.seats for each in offered),
        waiting=programmes.definition_of(intake).offers.waiting_list,
        seed=intake.reference,
        note=note.strip()[:LONGEST_NOTE],
        certificate={},
        proposed_by=viewer.reference,
        proposed_at=clock.now(),
    )


def _freeze_at_once(viewer: Viewer, batch: Batch, intake: Intake, offering: Offering | None) -> None:
    found = freezing.read(viewer, intake, offering)
    if prepared := publishing.prepare_sheet(viewer, found.certificate):
        for start, parts in publishing.hashed_lines(viewer, prepared):
            publishing.keep_lines(viewer, batch, start, parts)
        publishing.keep_sheet(viewer, batch, prepared)
    freezing.fill(viewer, batch, found)
    db.session.add(batch)
    db.session.flush()
    for start in range(0, len(found.decisions), freezing.CHUNK):
        freezing.write(viewer, batch, found, start)
    if not freezing.holds(viewer, batch, found):
        raise Stale(batch.reference)
    freezing.note(viewer, batch)


def _require_as_seen(intake: Intake, offering: Offering | None) -> None:
    """Refuse unless the kept ranking is that of this moment, and all its files are read and decided."""
    standing = standings.newest(intake, offering)
    if standing is None or standing.rests_on != standings.rests_on(intake, offering):
        raise Refused(N_("Le classement a changé et se recalcule : regardez-le de nouveau, puis proposez."))
    if standing.refusal:
        raise Refused(*map(from_json, standing.refusal))


def approve(
    viewer: Viewer,
    batch_reference: str,
    typed_number: str,
    version: int | None = None,
    open_until: datetime | None = None,
) -> Batch:
    """Approve a batch as a second person: claim the seats, send the offers with a deadline, tell everyone.

    `typed_number` is the number of offers as the person wrote it. If the batch is approved already, or is being so, it
    is returned and nothing happens twice. Refused if the certificate does not hold, if somebody chosen has withdrawn
    since, while the programme is in preparation, after the last day of offers, and while the intake is open, unless
    proposer and approver have each accepted that it is, until that moment (`open_until`). Of a large intake the seats
    are claimed here and the worker does the rest.
    """
    batch, intake = _locked(viewer, batch_reference)
    require(viewer, "selection.approve", intake.path)
    if batch.state in (BatchState.APPROVED, BatchState.APPROVING):
        return batch
    require_published(intake.state, intake.path)
    require_second_person(batch.proposed_by, viewer.reference)
    if version is not None and version != batch.version:
        raise Stale(batch_reference)
    BATCH_STATES.move(batch.state, BatchState.APPROVED)
    _require_days_left(intake)
    _require_closed(batch, intake, open_until)
    at_once = standings.is_done_at_once(intake)
    rows = telling.held_rows(viewer, batch, offers_alone=not at_once)  # the worker reads the rest
    chosen = [row for row in rows if row.outcome == Outcome.OFFER]
    _require_number(typed_number, len(chosen))
    if at_once:
        telling.require_sound(viewer, batch)
    elif batch.problems:
        raise Refused(telling.UNSOUND)
    _require_all_there(chosen)
    for offering_id, own in offers.by_offering(viewer, chosen, batch.offering_id).items():
        if not offers.claim_seats(viewer, offering_id, len(own)):
            raise Refused(N_("Il n’y a plus assez de places libres pour ces offres."))
    batch.approved_by, batch.approved_at = viewer.reference, clock.now()
    if at_once:
        with db.session.no_autoflush:  # the batch's row is not written for each of its columns
            telling.begin(viewer, batch, intake)
            telling.write(viewer, batch, rows)
            telling.settle(viewer, batch, chosen)
        telling.say_all(viewer, batch)
    else:
        telling.ask(viewer, batch, len(chosen))
    return batch


def _require_days_left(intake: Intake) -> None:
    if queries.offers_are_over(intake):
        what = N_(
            "Le dernier jour des offres de cette campagne était le %(day)s : plus aucune place n’est offerte. Pour en "
            "offrir encore, l’administration du programme change ce jour sous « Dates »."
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


def _require_all_there(chosen: Sequence[sa.Row[Any]]) -> None:
    gone = sum(1 for row in chosen if row.application_state != "submitted")
    if gone:
        what = N_(
            "Depuis la proposition, la candidature est retirée par %(gone)s : annulez ce lot et proposez-le de nouveau."
        )
        raise Refused(Problem(what, {"gone": Quantity(*_CHOSEN, gone)}))


def cancel(viewer: Viewer, batch_reference: str, version: int | None = None) -> Batch:
    """Cancel a proposal before it is approved. One that is being approved is proposed again as before, and nobody is
    told. If it is cancelled already, nothing happens."""
    batch, intake = _locked(viewer, batch_reference)
    _require_either(viewer, intake)
    if batch.state == BatchState.CANCELLED:
        return batch
    if version is not None and version != batch.version:
        raise Stale(batch_reference)
    if batch.state == BatchState.APPROVING:
        telling.take_back(viewer, batch)
        return batch
    BATCH_STATES.move(batch.state, BatchState.CANCELLED)
    before = {"state": batch.state}
    batch.state = BatchState.CANCELLED.value
    if before["state"] == BatchState.DRAFT or published.has_sheet(batch):
        publishing.forget(viewer, batch)
    after = {"state": batch.state}
    record(viewer, "selection.cancel", about(batch), before=before, after=after)
    return batch


def resume(viewer: Viewer, batch_reference: str) -> Batch:
    """Let the worker go on with a batch whose job failed. Nothing happens while it goes on, or has nothing to do."""
    batch, intake = _locked(viewer, batch_reference)
    _require_either(viewer, intake)
    advance = advance_of(batch.job_reference)
    if batch.state == BatchState.DRAFT and not advance.goes_on:
        freezing.ask(viewer, batch)
    elif _stopped_telling(viewer, batch, advance):
        telling.go_on(viewer, batch)
    elif advance.failed:
        freezing.ask_check(viewer, batch)
    return batch


def _stopped_telling(viewer: Viewer, batch: Batch, advance: Advance) -> bool:
    """Whether the job that tells stopped before its end: before all were told, or while files' rows followed."""
    if batch.state == BatchState.APPROVING:
        return not advance.goes_on
    return advance.failed and telling.has_told(viewer, batch)


def check(viewer: Viewer, batch_reference: str) -> Batch:
    """Recompute the certificate of a batch, and keep what was found; of a large intake the worker does. If the job that
    told was lost, it goes on first: nobody would know of it behind another."""
    batch, intake = _locked(viewer, batch_reference)
    advance = advance_of(batch.job_reference)
    if batch.state == BatchState.DRAFT or advance.goes_on:
        return batch
    if _stopped_telling(viewer, batch, advance):
        telling.go_on(viewer, batch)
    elif standings.is_done_at_once(intake):
        freezing.keep_check(viewer, batch, verify(batch.certificate))
    else:
        freezing.ask_check(viewer, batch)
    return batch


def _require_either(viewer: Viewer, intake: Intake) -> None:
    """Who may propose decisions or approve them may also stop or go on with what was begun."""
    if not allows(viewer, "selection.propose", intake.path):
        require(viewer, "selection.approve", intake.path)
