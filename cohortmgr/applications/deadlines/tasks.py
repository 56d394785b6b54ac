"""What the worker does about deadlines: it reminds people who have begun and not sent."""

from __future__ import annotations

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.deadlines import queries
from cohortmgr.applications.deadlines.actions import reminders
from cohortmgr.base.db import db, writing
from cohortmgr.base.work import Stopping, Work


def remind_drafts(stopping: Stopping) -> int:
    """Send the reminders that are due; nothing is locked when none is. Returns how many people were told."""
    told = 0
    for due in queries.due_reminders():
        db.session.rollback()
        while not stopping():
            with writing():
                count = reminders.remind_drafts(SYSTEM, due)
            told += count
            if count < reminders.CHUNK:
                break
    return told


# What the worker does of this, and every how many seconds.
WORKS = (Work("recall.drafts", remind_drafts, every=300),)
