"""The queue of jobs: acts ask for work, and the worker claims, advances and ends it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa
from flask import current_app

from cohortmgr.base import clock
from cohortmgr.base.db import after_commit, append, db
from cohortmgr.base.text import new_reference
from cohortmgr.jobs.models import Job
from cohortmgr.jobs.rules import PAUSE, JobState, after_lost_start, lease_end

ProgressCallback = Callable[[int, int], None]


class TryLater(Exception):
    """A handler's temporary failure: the job waits for `wait`, and this start is not counted."""

    def __init__(self, reason: str, wait: timedelta = PAUSE) -> None:
        super().__init__(reason)
        self.wait = wait


Handler = Callable[[Mapping[str, Any], ProgressCallback], Mapping[str, Any]]
handlers: dict[str, Handler] = {}


class Asker(Protocol):
    """Whoever asks for work."""

    @property
    def reference(self) -> str: ...


def handler(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that does jobs of a kind.
    It may be called twice for one job and must work once only."""

    def register(function: Handler) -> Handler:
        handlers[kind] = function
        return function

    return register


def request(
    viewer: Asker,
    kind: str,
    payload: Mapping[str, Any],
    institution_id: int | None,
    due: datetime | None = None,
) -> str:
    """Write a job in the current transaction and wake the worker after its commit.
    Returns the job's reference."""
    moment = clock.now()
    reference = new_reference()
    values = {
        "reference": reference,
        "kind": kind,
        "payload": dict(payload),
        "institution_id": institution_id,
        "asked_by": viewer.reference,
        "asked_at": moment,
        "due": due or moment,
        "state": JobState.WAITING.value,
        "percent": 0,
        "lost_starts": 0,
    }
    append(db.session, Job, [values])
    wake("jobs")
    return reference


def wake(queue: str) -> None:
    """Tell the worker, after the commit, that rows wait: one wake for many rows.
    The sweep finds what a wake misses."""
    send = current_app.extensions.get("cohortmgr-wake")
    if send is not None:
        after_commit(f"wake-{queue}", lambda: send(queue))


@dataclass(frozen=True)
class JobClaim:
    """A job that this worker holds.
    `start` tells this start from a later one, made after this one was taken for lost."""

    id: int
    reference: str
    kind: str
    payload: Mapping[str, Any]
    start: int


def claim() -> JobClaim | None:
    """Take one due job by a conditional UPDATE.
    Returns None if none is due, or if other workers hold them all."""
    moment = clock.now()
    waiting = (Job.state == JobState.WAITING, Job.due <= moment)
    # PostgreSQL skips the row that another worker is taking; SQLite has one writer at a time.
    first = sa.select(Job.id).where(*waiting).order_by(Job.due, Job.id).limit(1)
    found = db.session.scalar(first.with_for_update(skip_locked=True))
    if found is None:
        return None
    taken = sa.update(Job).where(Job.id == found, *waiting)
    values = {"state": JobState.RUNNING, "lease_until": lease_end(moment)}
    if not _changed(taken.values(values)):
        return None
    held = sa.select(Job.id, Job.reference, Job.kind, Job.payload, Job.lost_starts).where(Job.id == found)
    return JobClaim(*db.session.execute(held).one())


def advance(job: JobClaim, percent: int) -> bool:
    """Note how far a job is, and that its worker is alive.
    Returns False if the job was taken for lost and another worker may have it now."""
    return _changed(_held(job).values(percent=percent, lease_until=lease_end(clock.now())))


def end(job: JobClaim, result: Mapping[str, Any] | None, error: str | None) -> bool:
    """Record a result or an error. Only the worker that holds the job can end it; returns whether it did."""
    state = JobState.FAILED if error else JobState.DONE
    values: dict[str, Any] = {
        "state": state,
        "result": dict(result or {}),
        "error": error,
        "ended_at": clock.now(),
        "lease_until": None,
    }
    if not error:
        values["percent"] = 100
    return _changed(_held(job).values(values))


def give_back(job: JobClaim) -> bool:
    """Let a job wait again when the worker was stopped by TERM. This start is not counted."""
    return _changed(_held(job).values(state=JobState.WAITING, lease_until=None))


def put_off(job: JobClaim, wait: timedelta, reason: str) -> bool:
    """Let a job wait for a while after a temporary failure, with its reason noted.
    This start is not counted."""
    values = {"state": JobState.WAITING, "lease_until": None, "due": clock.now() + wait, "error": reason}
    return _changed(_held(job).values(values))


def _held(job: JobClaim) -> sa.Update:
    """Update the row only while this start holds it: a start that was taken for lost has an older number."""
    mine = (Job.id == job.id, Job.state == JobState.RUNNING, Job.lost_starts == job.start)
    return sa.update(Job).where(*mine)


def _changed(update: sa.Update) -> bool:
    return db.session.connection().execute(update).rowcount == 1


def recover_lost() -> int:
    """Let jobs whose worker fell silent wait again, or set them aside; returns how many there were."""
    lost = (Job.state == JobState.RUNNING, Job.lease_until < clock.now())
    rows = db.session.execute(sa.select(Job.id, Job.lost_starts).where(*lost)).all()
    for row in rows:
        starts = row.lost_starts + 1
        values = {"state": after_lost_start(starts), "lost_starts": starts, "lease_until": None}
        db.session.execute(sa.update(Job).where(Job.id == row.id, *lost).values(values))
    return len(rows)
