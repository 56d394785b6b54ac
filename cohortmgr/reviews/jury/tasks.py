"""The worker's job of harmonised marks: it fits the phases of an intake that people have read, and keeps the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.jobs.actions.queue import ProgressCallback, handler
from cohortmgr.programmes.queries import get_intake
from cohortmgr.reviews.jury.actions import keeping
from cohortmgr.reviews.jury.queries.kept import KIND, settled_in, still_holds
from cohortmgr.reviews.jury.queries.marks import stamp_of, works_in


@handler(KIND)
def harmonise(payload: Mapping[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Harmonise each phase of `payload["intake"]` that people have read, unless what is kept still holds. Begun again
    it finds and keeps the same."""
    # numpy and scipy are loaded by the worker, once there is something to work out.
    from cohortmgr.reviews.jury.computing import harmonised

    reference = str(payload["intake"])
    intake = get_intake(reference)
    # Asked for before the marks are read: what changes meanwhile makes this a result that no longer holds.
    stamp = stamp_of(intake)
    if still_holds(intake, stamp):
        with writing():
            keeping.confirm(SYSTEM, get_intake(reference), stamp)
        return {"phases": 0}
    read_at = clock.now()
    works, ids = works_in(intake)
    settled = settled_in(intake)
    db.session.rollback()
    for done, (key, work) in enumerate(works.items(), start=1):
        if key in settled:
            with writing():
                keeping.hold(SYSTEM, get_intake(reference), key, stamp)
            continue
        found = harmonised(work)
        found = replace(found, figures={**found.figures, "stamp": stamp})
        with writing():
            intake = get_intake(reference)
            # Closed meanwhile: people went on by what was kept then.
            if key in settled_in(intake):
                keeping.hold(SYSTEM, intake, key, stamp)
            else:
                keeping.keep(SYSTEM, intake, key, found, ids, read_at)
        progress(done, len(works) + 1)
    with writing():
        keeping.forget(SYSTEM, get_intake(reference), stamp, {*works, *settled})
    return {"phases": len(works)}
