"""The worker's job of rankings: it ranks the files of an offering and keeps the rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base.db import db, writing
from cohortmgr.base.work import Stopping, Work
from cohortmgr.jobs.actions.queue import ProgressCallback, handler
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.selection import queries as selection
from cohortmgr.selection.standings import actions
from cohortmgr.selection.standings.queries import decided, kept


@handler(actions.KIND)
def rank(payload: Mapping[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Compute and keep the ranking `payload["standing"]`. A second run finds it kept and does nothing; one that was
    cut off begins anew, from the readings as they are then."""
    reference = str(payload["standing"])
    wanted = kept.to_make(reference)
    if wanted is None:
        return {"standing": reference}
    number = wanted.offering_id
    intake = db.session.get_one(Intake, wanted.intake_id)
    offering = db.session.get_one(Offering, number) if number is not None else None
    rests_on = kept.rests_on(intake, offering)
    batch = decided.settled_batch(intake, offering)
    if batch is not None:
        found = actions.ranked_by_batch(SYSTEM, wanted, rests_on, batch)
    else:
        found = actions.ranked(SYSTEM, wanted, rests_on, selection.ranking_of(intake, offering))
    steps = len(found.rows) // actions.CHUNK + 3
    with writing():
        actions.begin(SYSTEM, wanted)
    progress(1, steps)
    for step, start in enumerate(range(0, len(found.rows), actions.CHUNK), start=2):
        with writing():
            if not actions.write(SYSTEM, reference, found.rows[start : start + actions.CHUNK]):
                return {"standing": reference}
        progress(step, steps)
    with writing():
        actions.keep(SYSTEM, reference, found)
    while _forget(intake, offering):
        progress(steps - 1, steps)
    return {"standing": reference, "files": len(found.rows)}


def follow(_stopping: Stopping) -> int:
    """Keep anew the rankings of small intakes that no longer hold: lists show them. A large one is asked for by whoever
    opens it. Returns how many were asked for."""
    found = kept.outdated()
    if found:
        with writing():
            for intake, offering in found:
                actions.ask(SYSTEM, intake, offering)
    return len(found)


def _forget(intake: Intake, offering: Offering | None) -> bool:
    with writing():
        return actions.forget_some(SYSTEM, intake, offering)


WORKS = (Work("follow.rankings", follow, every=60),)
