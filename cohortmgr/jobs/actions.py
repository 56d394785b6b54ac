"""Asking for work, and the worker's steps through it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa
from flask import current_app

from cohortmgr.base import clock
from cohortmgr.base.db import after_commit, db
from cohortmgr.base.text import new_reference
from cohortmgr.jobs.models import Job
from cohortmgr.jobs.rules import JobState, after_lost_start, lease_end

Progress = Callable[[int, int], None]
Handler = Callable[[Mapping[str, Any], Progress], Mapping[str, Any]]
handlers: dict[str, Handler] = {}


class Asker(Protocol):
    """Whoever asks for work."""

    @property
    def reference(self) -> str: ...


def handler(kind: str) -> Callable[[Handler], Handler]:
    """Register what does jobs of a kind. It may be called twice for one job and does its work once."""

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
    """Write a job in the present transaction and wake the worker after its commit; returns its reference."""
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
    db.session.execute(sa.insert(Job.__table__), [values])
    wake("jobs")
    return reference


def wake(queue: str) -> None:
    """After the commit, tell the worker that rows wait; one wake for many rows. The sweep finds what this misses."""
    send = current_app.extensions.get("cohortmgr-wake")
    if send is not None:
        after_commit(f"wake-{queue}", lambda: send(queue))


def claim() -> Job | None:
    """Take one due job by a conditional UPDATE; None if there is none or another worker was first."""
    moment = clock.now()
    waiting = (Job.state == JobState.WAITING, Job.due <= moment)
    found = db.session.scalar(sa.select(Job.id).where(*waiting).order_by(Job.due, Job.id).limit(1))
    if found is None:
        return None
    taken = (
        sa.update(Job)
        .where(Job.id == found, *waiting)
        .values(state=JobState.RUNNING, lease_until=lease_end(moment))
    )
    if db.session.connection().execute(taken).rowcount != 1:
        return None
    return db.session.get(Job, found, populate_existing=True)


def advance(job_id: int, percent: int) -> None:
    """Note how far a job is, and that its worker lives."""
    values = {"percent": percent, "lease_until": lease_end(clock.now())}
    db.session.execute(sa.update(Job).where(Job.id == job_id, Job.state == JobState.RUNNING).values(values))


def end(job_id: int, result: Mapping[str, Any] | None, error: str | None) -> None:
    """Record a result or an error; only a running job ends."""
    state = JobState.FAILED if error else JobState.DONE
    values = {
        "state": state,
        "result": dict(result or {}),
        "error": error,
        "ended_at": clock.now(),
        "lease_until": None,
    }
    if not error:
        values["percent"] = 100
    db.session.execute(sa.update(Job).where(Job.id == job_id, Job.state == JobState.RUNNING).values(values))


def give_back(job_id: int) -> None:
    """A stop by TERM: the job waits again and the start does not count."""
    values = {"state": JobState.WAITING, "lease_until": None}
    db.session.execute(sa.update(Job).where(Job.id == job_id, Job.state == JobState.RUNNING).values(values))


def recover_lost() -> int:
    """Give back, or set aside, the jobs whose worker fell silent; returns how many there were."""
    lost = (Job.state == JobState.RUNNING, Job.lease_until < clock.now())
    rows = db.session.execute(sa.select(Job.id, Job.lost_starts).where(*lost)).all()
    for row in rows:
        starts = row.lost_starts + 1
        values = {"state": after_lost_start(starts), "lost_starts": starts, "lease_until": None}
        db.session.execute(sa.update(Job).where(Job.id == row.id, *lost).values(values))
    return len(rows)
