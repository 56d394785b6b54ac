"""Draining the table of jobs."""

from __future__ import annotations

import threading
from typing import Any

from celery.signals import worker_ready, worker_shutting_down
from sqlalchemy.exc import OperationalError

import cohortmgr.operations.tasks  # noqa: F401  # registers its handler
from cohortmgr.base.db import db, writing
from cohortmgr.jobs.actions import queue
from cohortmgr.jobs.actions.queue import Claim, TryLater
from cohortmgr.jobs.rules import PAUSE, percentage
from cohortmgr.outbox.delivery.tasks.draining import drain as send_all
from worker.celery_app import app, flask_app

_stopping = threading.Event()


class Stopped(BaseException):
    """The worker was told to stop: the job is given back. No handler's `except Exception` swallows it."""


class Lost(BaseException):
    """The job was taken for lost and is another worker's now: this start ends without a word."""


@worker_shutting_down.connect
def _stop(**_: Any) -> None:
    """TERM of a supervisor or Ctrl-C in a terminal."""
    _stopping.set()


@worker_ready.connect
def _begin(**_: Any) -> None:
    """What waited while no worker ran is found at once, not at the next minute."""
    app.send_task("sweep", queue="jobs", expires=60)


def stopping() -> bool:
    """Whether the worker was told to stop: nothing new is begun."""
    return _stopping.is_set()


@app.task(name="drain.jobs")
def drain() -> None:
    """Do every due job, one after the other, each in a context of its own."""
    while not _stopping.is_set():
        with flask_app.app_context():
            with writing():
                job = queue.claim()
            if job is None:
                return
            run(job)


@app.task(name="sweep")
def sweep() -> None:
    """Find what wakes missed and what died with its worker."""
    with flask_app.app_context():
        with writing():
            queue.recover_lost()
        send_all(stopping)
    drain()


def run(job: Claim) -> None:
    """Do one claimed job in its own transactions and record its result; its handler may have begun once before."""

    def progress(done: int, total: int) -> None:
        if _stopping.is_set():
            raise Stopped
        with writing():
            if not queue.advance(job, percentage(done, total)):
                raise Lost

    error, result = None, None
    try:
        result = queue.handlers[job.kind](job.payload, progress)
    except Lost:
        flask_app.logger.warning("job %s was taken for lost while it ran", job.reference)
        return
    except Stopped:
        db.session.rollback()
        with writing():
            queue.give_back(job)
        return
    except (TryLater, OperationalError) as failure:
        flask_app.logger.warning("job %s waits: %s", job.reference, failure)
        db.session.rollback()
        with writing():
            queue.put_off(job, getattr(failure, "wait", PAUSE), str(failure))
        return
    except Exception as failure:  # recorded on the row, where staff see it
        flask_app.logger.exception("job %s failed", job.reference)
        db.session.rollback()
        error = f"{type(failure).__name__}: {failure}"
    with writing():
        queue.end(job, result, error)
