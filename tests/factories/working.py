"""Does the jobs that wait, as the worker does; and kills it at a step."""

from __future__ import annotations

import sqlalchemy as sa

from cohortmgr.base.db import db, writing
from cohortmgr.jobs.actions.queue import handlers
from cohortmgr.jobs.models import Job
from cohortmgr.jobs.tasks import do_next


class Killed(BaseException):
    """The worker's process is gone: nobody records what became of the job."""


def work() -> int:
    """Do every job that is due; returns how many there were."""
    done = 0
    db.session.rollback()
    while do_next(lambda: False):
        db.session.rollback()
        db.session.expire_all()
        done += 1
    return done


def killed_at(step: int) -> bool:
    """Do the first job that waits up to its `step`-th word of progress, and lose its worker there. Returns False if it
    ended before. The job waits, as it does once its lease is over."""
    db.session.rollback()
    job = db.session.scalars(sa.select(Job).where(Job.state == "waiting").order_by(Job.id)).first()
    assert job is not None
    words = 0

    def progress(_done: int, _total: int) -> None:
        nonlocal words
        words += 1
        with writing():  # as the worker: each step ends the handler's transaction
            pass
        if words == step:
            raise Killed

    try:
        handlers[job.kind](job.payload, progress)
    except Killed:
        return True
    finally:
        db.session.rollback()
        db.session.expire_all()
    return False
