"""What the worker does for selection: it ends offers whose deadline has passed."""

from __future__ import annotations

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base.db import writing
from cohortmgr.base.work import Stopping
from cohortmgr.selection import queries
from cohortmgr.selection.actions import offers


def expire(_stopping: Stopping) -> int:
    """End what is over; nothing is locked when nothing is. Returns how many offers ended."""
    if not queries.anything_expired():
        return 0
    with writing():
        return offers.expire_offers(SYSTEM)
