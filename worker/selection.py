"""Ending offers whose deadline has passed."""

from __future__ import annotations

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base.db import writing
from cohortmgr.selection import queries
from cohortmgr.selection.actions import offers
from worker.celery_app import app, flask_app


@app.task(name="expire.offers")
def expire() -> int:
    """Once a minute; nothing is locked when nothing has expired."""
    with flask_app.app_context():
        if not queries.anything_expired():
            return 0
        with writing():
            return offers.expire_offers(SYSTEM)
