"""What the worker does for interviews and tests: it reminds, frees what was left, and gives panels whom they mark."""

from __future__ import annotations

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base.db import db, writing
from cohortmgr.base.work import Stopping, Work
from cohortmgr.reviews.interviews.actions import readings, reminding
from cohortmgr.reviews.interviews.queries import hearing, reminders


def remind(stopping: Stopping) -> int:
    """Write to who comes tomorrow, and to the panels that hear them; nothing is locked when nobody does. Returns how
    many letters there were."""
    told = 0
    for day in reminders.days_tomorrow():
        db.session.rollback()
        if stopping():
            break
        with writing():
            told += reminding.tell_tomorrow(SYSTEM, day)
    return told


def free(stopping: Stopping) -> int:
    """Give back the slots of files that are in their intake no longer. Returns how many files there were."""
    freed = 0
    intakes = reminders.intakes_left_behind()
    db.session.rollback()
    for intake_id in intakes:
        if stopping():
            break
        with writing():
            freed += reminding.free_left_behind(SYSTEM, intake_id)
    return freed


def settle(stopping: Stopping) -> int:
    """Bring the readings of panels to who may hear whom. Returns how many changed."""
    changed = 0
    adrift = hearing.phases_adrift()
    db.session.rollback()
    for intake_id, phase in adrift:
        if stopping():
            break
        with writing():
            changed += readings.settle_all(SYSTEM, intake_id, phase)
    return changed


# What the worker does of this, and every how many seconds.
WORKS = (
    Work("recall.slots", remind, every=300),
    Work("free.slots", free, every=300),
    Work("settle.panels", settle, every=300),
)
