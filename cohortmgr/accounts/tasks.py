"""What the worker does for accounts: it forgets what nobody came back for."""

from __future__ import annotations

from cohortmgr.accounts.actions import codes, held_forms
from cohortmgr.base.db import writing
from cohortmgr.base.work import Stopping


def forget(_stopping: Stopping) -> int:
    """Codes of yesterday, and forms that waited an hour for their person; returns how many went."""
    forgotten = 0
    for sweep in (codes.sweep, held_forms.sweep):
        with writing():
            forgotten += sweep()
    return forgotten
