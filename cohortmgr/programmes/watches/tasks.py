"""What the worker does for people who wait for an opening: it tells them, or forgets them after a year."""

from __future__ import annotations

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base.db import db, writing
from cohortmgr.base.work import Stopping, Work
from cohortmgr.programmes.watches import actions


def announce(stopping: Stopping) -> int:
    """Tell the people who wait for intakes that have opened; nothing is locked if none has. Returns how many
    were looked at."""
    looked_at = 0
    for intake in actions.due():
        db.session.rollback()
        while not stopping():
            with writing():
                count = actions.announce(SYSTEM, intake)
            looked_at += count
            if count < actions.CHUNK:
                break
    return looked_at


def forget(_stopping: Stopping) -> int:
    """Forget watches whose year is over. Returns how many."""
    with writing():
        return actions.sweep()


# What the worker does of this, and every how many seconds.
WORKS = (
    Work("announce.intakes", announce, every=300),
    Work("forget.watches", forget, every=3600),
)
