"""What the worker does about files that look alike: it compares those of which something changed."""

from __future__ import annotations

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.duplicates.actions import comparing
from cohortmgr.applications.duplicates.queries import pairs
from cohortmgr.base.db import writing
from cohortmgr.base.work import Stopping, Work


def compare(_stopping: Stopping) -> bool:
    """Compare some of the files that wait; False when none does, so that the worker comes back. Nothing is locked
    then."""
    if not pairs.anything_waits():
        return False
    with writing():
        return comparing.compare_waiting(SYSTEM) > 0


# What the worker does of this, and every how many seconds: what somebody sends is compared within moments.
WORKS = (Work("compare.files", compare, every=15, repeated=True, at_start=True, at_once=1),)
