"""What the worker does with sheets of marks: forget those that nobody came back to."""

from __future__ import annotations

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base.db import writing
from cohortmgr.base.work import Stopping, Work
from cohortmgr.reviews.marksheets import actions


def forget(_stopping: Stopping) -> None:
    """Forget old sheets."""
    with writing():
        actions.forget_old(SYSTEM)


WORKS = (Work("forget.marksheets", forget, every=3600),)
