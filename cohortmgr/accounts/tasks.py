"""What the worker does for accounts: delete codes and held forms that nobody came back for."""

from __future__ import annotations

from cohortmgr.accounts.actions import codes, held_forms
from cohortmgr.base.db import writing
from cohortmgr.base.work import Stopping, Work


def forget(_stopping: Stopping) -> int:
    """Delete old codes, and forms that were held for more than an hour; returns how many were deleted."""
    forgotten = 0
    for sweep in (codes.sweep, held_forms.sweep):
        with writing():
            forgotten += sweep()
    return forgotten


# What the worker does of this, and every how many seconds.
WORKS = (Work("forget.codes", forget, every=3600),)
