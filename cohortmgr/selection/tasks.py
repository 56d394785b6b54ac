"""The worker's tasks of selection: batches of large intakes, offers whose deadline has passed, lists with seats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Problem, Refused
from cohortmgr.base.work import Stopping, Work
from cohortmgr.jobs.actions.queue import ProgressCallback, TryLater, handler
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.selection import queries
from cohortmgr.selection.actions import freezing, moving, offers, publishing, telling
from cohortmgr.selection.certificate import verify
from cohortmgr.selection.models import Batch
from cohortmgr.selection.moves import queries as moves
from cohortmgr.selection.moves.rules import MoveDirection, MoveState
from cohortmgr.selection.rules import BatchState
from cohortmgr.selection.sealing.queries import covers_all
from cohortmgr.selection.standings.queries import called
from cohortmgr.selection.standings.queries import kept as standings
from cohortmgr.selection.standings.queries.lapsing import anything_expired
from cohortmgr.selection.standings.queries.tried import tried

TRIES = 3
"""How often a batch is read again because somebody changed what it rests on, before the job waits."""


@handler(freezing.FREEZE)
def freeze(payload: Mapping[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Write the decisions of the batch `payload["batch"]` and propose it. A second run begins anew; of a batch that was
    proposed or cancelled meanwhile nothing is written."""
    reference = str(payload["batch"])
    for _ in range(TRIES):
        if _freeze(reference, progress):
            return {"batch": reference}
    raise TryLater(f"what the batch {reference} rests on is changing")


def _freeze(reference: str, progress: ProgressCallback) -> bool:
    """Returns False if what the decisions rest on changed while they were written."""
    batch = queries.by_reference(reference)
    if batch is None or batch.state != BatchState.DRAFT:
        return True
    try:
        found = freezing.read(SYSTEM, *queries.offered_in(batch))
    except Refused as refusal:
        with writing():
            if (drafted := freezing.held(SYSTEM, reference, BatchState.DRAFT)) is not None:
                freezing.give_up(SYSTEM, drafted, refusal.problems)
        return True
    starts = range(0, len(found.decisions), freezing.CHUNK)
    steps = len(starts) + 4
    with writing():
        if (drafted := freezing.held(SYSTEM, reference, BatchState.DRAFT)) is None:
            return True
        freezing.begin(SYSTEM, drafted)
    progress(2, steps)
    for step, start in enumerate(starts, start=3):
        with writing():
            if (drafted := freezing.held(SYSTEM, reference, BatchState.DRAFT)) is None:
                return True
            freezing.write(SYSTEM, drafted, found, start)
        progress(step, steps)
    if not _keep_sheet(reference, found):
        return True
    progress(steps - 1, steps)
    with writing():
        drafted = freezing.held(SYSTEM, reference, BatchState.DRAFT)
        return drafted is None or freezing.settle(SYSTEM, drafted, found)


def _keep_sheet(reference: str, found: freezing.Frozen) -> bool:
    """Keep what others can check of a draft, hashed between transactions. Returns False if it is none any more."""
    prepared = publishing.prepare_sheet(SYSTEM, found.certificate)
    if prepared is None:
        return True
    for start, parts in publishing.hashed_lines(SYSTEM, prepared):
        with writing():
            if (drafted := freezing.held(SYSTEM, reference, BatchState.DRAFT)) is None:
                return False
            publishing.keep_lines(SYSTEM, drafted, start, parts)
    with writing():
        if (drafted := freezing.held(SYSTEM, reference, BatchState.DRAFT)) is None:
            return False
        publishing.keep_sheet(SYSTEM, drafted, prepared)
    return True


@handler(freezing.CHECK)
def check(payload: Mapping[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Recompute the certificate of the batch `payload["batch"]` and keep what was found."""
    reference = str(payload["batch"])
    batch = queries.by_reference(reference)
    if batch is not None:
        problems = verify(batch.certificate)
        with writing():
            if (kept := freezing.held(SYSTEM, reference, *BatchState)) is not None:
                freezing.keep_check(SYSTEM, kept, problems)
    return {"batch": reference}


@handler(moving.TRY)
def try_move(payload: Mapping[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Find what the move by hand `payload["move"]` would change of the ranking of its offering, and keep it. One that
    was agreed to or taken back meanwhile is left as it is."""
    reference = str(payload["move"])
    row = moves.by_reference(reference)
    if row is None or row.state != MoveState.ASKED:
        return {"move": reference}
    intake = db.session.get_one(Intake, row.intake_id)
    offering = db.session.get_one(Offering, row.offering_id)
    number, way = moves.number_of(row), MoveDirection(row.direction)
    rests_on = standings.state_of(intake, None if covers_all(intake) else offering)
    effect = tried(intake, offering, number, [way]).effects[way]
    with writing():
        moving.keep_effect(SYSTEM, reference, rests_on, effect)
    return {"move": reference}


@handler(telling.TELL)
def tell(payload: Mapping[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Write the letters of the batch `payload["batch"]`, tell all at once, and let the files' rows follow; a second run
    goes on where the first stopped. What may not be told is taken back whole."""
    reference = str(payload["batch"])
    batch = queries.by_reference(reference)
    if batch is not None and batch.state == BatchState.APPROVING:
        _tell(reference, batch, progress)
    while _say_some(reference):
        pass
    return {"batch": reference}


def _tell(reference: str, batch: Batch, progress: ProgressCallback) -> None:
    total = int(batch.summary.get("all", 0)) + 1
    if batch.reached == 0 and not _is_sound(batch):
        return
    done = 0
    while (written := _tell_some(reference)) is not None:
        done += written
        progress(min(done, total - 1), total)
    with writing():
        if (approving := freezing.held(SYSTEM, reference, BatchState.APPROVING)) is not None:
            telling.settle(SYSTEM, approving, telling.held_rows(SYSTEM, approving, offers_alone=True))


def _say_some(reference: str) -> int:
    with writing():
        batch = freezing.held(SYSTEM, reference, BatchState.APPROVED)
        return telling.say_some(SYSTEM, batch) if batch is not None else 0


def _is_sound(batch: Batch) -> bool:
    try:
        telling.require_sound(SYSTEM, batch)
    except Refused as refusal:
        _take_back(batch.reference, *refusal.problems)
        return False
    return True


def _take_back(reference: str, *problems: Problem) -> None:
    with writing():
        if (approving := freezing.held(SYSTEM, reference, BatchState.APPROVING)) is not None:
            telling.take_back(SYSTEM, approving, problems)


def _tell_some(reference: str) -> int | None:
    """Write one chunk of letters; returns how many decisions it was, None once none is left or it was stopped."""
    with writing():
        batch = freezing.held(SYSTEM, reference, BatchState.APPROVING)
        if batch is None:
            return None
        if telling.is_too_late(SYSTEM, batch):
            telling.take_back(SYSTEM, batch, [Problem(telling.TOO_LATE)])
            return None
        telling.begin(SYSTEM, batch, queries.offered_in(batch)[0])
        rows = telling.next_rows(SYSTEM, batch)
        telling.write(SYSTEM, batch, rows)
        return len(rows) or None


def expire(_stopping: Stopping) -> int:
    """Expire the offers that are due. If none is, nothing is locked. Returns how many expired."""
    if not anything_expired():
        return 0
    with writing():
        return offers.expire_offers(SYSTEM)


def call(_stopping: Stopping) -> int:
    """Offer free seats to those who wait. If there are none, nothing is locked. Returns how many were offered."""
    if not called.callable_offerings():
        return 0
    with writing():
        return offers.call_waiting(SYSTEM)


# What the worker does of this, and every how many seconds.
WORKS = (Work("expire.offers", expire, every=60), Work("call.waiting", call, every=60))
