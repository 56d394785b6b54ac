"""Join the outbox to the application: the worker empties it when woken, and every minute without a wake."""

from __future__ import annotations

from flask import Flask

from cohortmgr.base.work import add_work
from cohortmgr.outbox.delivery.tasks import draining


def init_app(app: Flask) -> None:
    """Register the worker's work of sending messages."""
    add_work(app, *draining.WORKS)
