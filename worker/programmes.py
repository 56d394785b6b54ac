"""Telling those who wait that an intake has opened, and forgetting those whose year is over."""

from __future__ import annotations

from cohortmgr.accounts.actions import codes, held_forms
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base.db import db, writing
from cohortmgr.programmes.watches import actions as watches
from worker.celery_app import app, flask_app
from worker.jobs import stopping


@app.task(name="announce.intakes")
def announce() -> int:
    """Every five minutes; nothing is locked when no intake has opened."""
    with flask_app.app_context():
        looked_at = 0
        for intake in watches.due():
            db.session.rollback()
            while not stopping():
                with writing():
                    count = watches.announce(SYSTEM, intake)
                looked_at += count
                if count < watches.CHUNK:
                    break
        return looked_at


@app.task(name="forget.addresses")
def forget() -> int:
    """Every hour: codes of yesterday, forms that nobody came back for, and watches of last year."""
    with flask_app.app_context():
        forgotten = 0
        for sweep in (codes.sweep, held_forms.sweep, watches.sweep):
            with writing():
                forgotten += sweep()
        return forgotten
