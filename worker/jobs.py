"""Draining the table of jobs."""

from __future__ import annotations

import signal
import threading
from typing import Any

from celery.signals import worker_shutting_down

import cohortmgr.operations.ping  # noqa: F401  # registers its handler
from cohortmgr.base.db import db, writing
from cohortmgr.jobs import actions
from cohortmgr.jobs.models import Job
from cohortmgr.jobs.rules import percentage
from cohortmgr.outbox.delivery import deliver
from worker.celery_app import app, flask_app

_stopping = threading.Event()


class Stopped(Exception):
    """The worker was told to stop: the job is given back."""


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _stop(sig: str = "", **_: Any) -> None:
    if sig in ("SIGTERM", signal.SIGTERM):
        _stopping.set()


@app.task(name="drain.jobs")  # type: ignore[untyped-decorator]
def drain() -> None:
    """Do every due job, one after the other."""
    with flask_app.app_context():
        while not _stopping.is_set():
            with writing():
                job = actions.claim()
            if job is None:
                return
            run(job)


@app.task(name="sweep")  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Find what wakes missed and what died with its worker."""
    with flask_app.app_context():
        with writing():
            actions.recover_lost()
    drain()
    with flask_app.app_context():
        while deliver():
            continue


def run(job: Job) -> None:
    """Do one claimed job in its own transactions and record its result; its handler may have begun once before."""

    def progress(done: int, total: int) -> None:
        if _stopping.is_set():
            raise Stopped
        with writing():
            actions.advance(job.id, percentage(done, total))

    job_id, error, result = job.id, None, None
    try:
        result = actions.handlers[job.kind](job.payload, progress)
    except Stopped:
        with writing():
            actions.give_back(job_id)
        return
    except Exception as failure:  # recorded on the row, where staff see it
        flask_app.logger.exception("job %s failed", job.reference)
        db.session.rollback()
        error = f"{type(failure).__name__}: {failure}"
    with writing():
        actions.end(job_id, result, error)
