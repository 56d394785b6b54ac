"""What the worker does about invited people: it forgets them once their intake is long closed."""

from __future__ import annotations

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.invitees import actions
from cohortmgr.base.db import writing
from cohortmgr.base.work import Stopping, Work


def sweep(stopping: Stopping) -> int:
    """Forget a few hundred people whose intake closed long ago. Returns how many."""
    with writing():
        return actions.sweep(SYSTEM)


# What the worker does of this, and every how many seconds.
WORKS = (Work("invitees.sweep", sweep, every=3600),)
