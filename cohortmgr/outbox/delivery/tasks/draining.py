"""Empty the outbox, in one thread of a process at a time, however many wakes arrive."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta

import sqlalchemy as sa

from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.work import Stopping, Work
from cohortmgr.outbox.delivery.actions import pacing
from cohortmgr.outbox.delivery.tasks.handing_over import Post, deliver
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.rules import MessageState

# How many seconds to wait for messages that a rate put off. The sweep finds those that are due later.
WAIT = 60.0
_STEP = 0.25
_at_work = threading.Lock()
_asked = threading.Event()


def drain(stopping: Stopping = lambda: False) -> int:
    """Send every message that is due; returns how many were taken.

    A thread that finds another one at work leaves the messages to it, and that one looks once more before it
    ends. So one connection serves all messages, and the other threads stay free for jobs."""
    done = 0
    _asked.set()
    while _asked.is_set() and not stopping() and _at_work.acquire(blocking=False):
        try:
            _asked.clear()
            done += _emptied(stopping)
        finally:
            _at_work.release()
    return done


def _emptied(stopping: Stopping) -> int:
    done = 0
    with Post() as post:
        while not stopping():
            moment = clock.now()
            taken = deliver(post=post, stopping=stopping)
            done += taken
            paced = pacing.rates() and not post.providers.resting()
            if not taken and not (paced and _waited(moment, stopping)):
                break
    return done


def _waited(moment: datetime, stopping: Stopping) -> bool:
    """Wait for the next message that a rate put off, if it is due soon; returns False if there is none.

    A message that was due at `moment` and was not taken is held, or another worker has it."""
    near = Message.due.between(moment + timedelta(microseconds=1), moment + timedelta(seconds=WAIT))
    waiting = (Message.state == MessageState.WAITING.value, near)
    first = db.session.scalar(sa.select(sa.func.min(Message.due)).where(*waiting))
    db.session.rollback()
    if first is None:
        return False
    end = time.monotonic() + max(0.0, (first - clock.now()).total_seconds())
    while not stopping() and (left := end - time.monotonic()) > 0:
        time.sleep(min(left, _STEP))
    return True


# Wakes empty the outbox at once; each minute finds what a wake missed.
WORKS = (Work("drain.outbox", drain, queue="outbox", every=60, at_start=True),)
