"""Recalling deadlines."""

from __future__ import annotations

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.deadlines import queries as deadlines
from cohortmgr.applications.deadlines.actions import reminders
from cohortmgr.base.db import db, writing
from worker.celery_app import app, flask_app
from worker.jobs import stopping


@app.task(name="recall.drafts")
def recall() -> int:
    """Every five minutes; nothing is locked when no recall has its turn."""
    with flask_app.app_context():
        told = 0
        for intake, due in deadlines.due_recalls():
            db.session.rollback()
            while not stopping():
                with writing():
                    count = reminders.recall_drafts(SYSTEM, intake, due)
                told += count
                if count < reminders.CHUNK:
                    break
        return told
