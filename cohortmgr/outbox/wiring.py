"""Join the outbox to the application: the worker empties it when woken, and every minute without a wake."""

from __future__ import annotations

from flask import Flask

from cohortmgr.base.work import Work, add_work
from cohortmgr.outbox.delivery.tasks.draining import drain


def init_app(app: Flask) -> None:
    """Register the worker's work of sending messages."""
    add_work(app, Work("drain.outbox", drain, queue="outbox", every=60, at_start=True))
