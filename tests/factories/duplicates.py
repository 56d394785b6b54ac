"""Files that look alike, as the worker finds them."""

from __future__ import annotations

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.duplicates.actions import comparing
from cohortmgr.base.db import db, writing


def compare_all() -> None:
    """Compare every file that waits, as the worker does."""
    found = 1
    while found:
        with writing():
            found = comparing.compare_waiting(SYSTEM)
    db.session.rollback()
