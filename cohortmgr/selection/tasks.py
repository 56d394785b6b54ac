"""The worker's tasks of selection: expiring offers whose deadline has passed, calling lists for free seats."""

from __future__ import annotations

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base.db import writing
from cohortmgr.base.work import Stopping, Work
from cohortmgr.selection import queries
from cohortmgr.selection.actions import offers


def expire(_stopping: Stopping) -> int:
    """Expire the offers that are due. If none is, nothing is locked. Returns how many expired."""
    if not queries.anything_expired():
        return 0
    with writing():
        return offers.expire_offers(SYSTEM)


def call(_stopping: Stopping) -> int:
    """Offer free seats to those who wait. If there are none, nothing is locked. Returns how many were offered."""
    if not queries.callable_offerings():
        return 0
    with writing():
        return offers.call_waiting(SYSTEM)


# What the worker does of this, and every how many seconds.
WORKS = (Work("expire.offers", expire, every=60), Work("call.waiting", call, every=60))
