"""What the worker does with jobs: run them one after the other, and free those whose worker fell silent."""

from __future__ import annotations

from flask import current_app
from sqlalchemy.exc import OperationalError

from cohortmgr.base.databases.ailing import ailment_of
from cohortmgr.base.db import db, writing
from cohortmgr.base.work import Stopping, Work
from cohortmgr.jobs.actions import queue
from cohortmgr.jobs.actions.queue import JobClaim, TryLater
from cohortmgr.jobs.rules import PAUSE, percentage


class Stopped(BaseException):
    """The worker was told to stop, and the job waits again. A BaseException, so that no handler's
    `except Exception` swallows it."""


class Lost(BaseException):
    """The job was taken for lost and another worker may have it now:
    this start ends without recording anything."""


def do_next(stopping: Stopping) -> bool:
    """Do one due job; returns False when none is due."""
    with writing():
        job = queue.claim()
    if job is None:
        return False
    run(job, stopping)
    return True


def recover(_stopping: Stopping) -> int:
    """Let the jobs whose worker died wait again; returns how many there were."""
    with writing():
        return queue.recover_lost()


def run(job: JobClaim, stopping: Stopping) -> None:
    """Do one claimed job and record its result, in the job's own transactions.
    Its handler may have begun before."""

    def progress(done: int, total: int) -> None:
        if stopping():
            raise Stopped
        with writing():
            if not queue.advance(job, percentage(done, total)):
                raise Lost

    error, result, log = None, None, current_app.logger
    try:
        result = queue.handlers[job.kind](job.payload, progress)
    except Lost:
        log.warning("job %s was taken for lost while it ran", job.reference)
        return
    except Stopped:
        db.session.rollback()
        with writing():
            queue.give_back(job)
        return
    except Exception as failure:
        db.session.rollback()
        if _passes(failure):
            log.warning("job %s waits: %s", job.reference, failure)
            with writing():
                queue.put_off(job, getattr(failure, "wait", PAUSE), str(failure))
            return
        log.exception("job %s failed", job.reference)
        error = f"{type(failure).__name__}: {failure}"  # recorded on the row, where staff see it
    with writing():
        queue.end(job, result, error)


def _passes(failure: Exception) -> bool:
    """Whether another start may end otherwise: the handler says so, or the machine ails (a full disk, the database or
    the files away), which is no fault of the job's and asks for nobody."""
    return isinstance(failure, TryLater | OperationalError) or ailment_of(failure) is not None


# Jobs whose worker died are given back first, so that the next work finds them.
WORKS = (
    Work("recover.jobs", recover, every=60, at_start=True),
    # Two at a time, so that letters leave while long ones run.
    Work("drain.jobs", do_next, every=60, at_start=True, repeated=True, at_once=2),
)
