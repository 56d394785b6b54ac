"""What the worker does for further readings: it finds what they promise, and gives them out in a large intake."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotPermitted, Problem, Refused, as_json
from cohortmgr.jobs.actions.queue import ProgressCallback, handler
from cohortmgr.programmes.queries import definition_of, get_intake
from cohortmgr.reviews.assignment import tasks as assigning
from cohortmgr.reviews.further import actions, queries
from cohortmgr.reviews.further.outlook import outlook
from cohortmgr.reviews.harmonising.queries import harmonisation_of
from cohortmgr.reviews.progress import tasks as summing


@handler(queries.KIND)
def look_ahead(payload: Mapping[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Find what further readings of `payload["intake"]` promise, and keep it. A second run finds it anew; without
    harmonised marks there is nothing to find."""
    reference = str(payload["intake"])
    intake = get_intake(reference)
    found = harmonisation_of(intake.id, definition_of(intake).rubric.files.key)
    if found is None:
        return {"found": False}
    stamp, kept = queries.stamp_of(intake, found), queries.kept_outlook(intake)
    if kept is not None and kept.figures.get("stamp") == stamp:
        figures = dict(kept.figures)
        db.session.rollback()
        with writing():
            actions.confirm(SYSTEM, get_intake(reference), figures)
        return {"found": True}
    ground = queries.ground_of(intake, found)
    db.session.rollback()
    progress(1, 3)
    promised = outlook(ground.files, ground.places, ground.state, ground.noise, reference)
    with writing():
        actions.keep(SYSTEM, get_intake(reference), promised, stamp)
    return {"found": True}


@handler(queries.GIVE)
def give(payload: Mapping[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Give further readings of `payload["intake"]` as whoever asked for it. Begun again after an interruption, it gives
    the rest. A refusal is a result, which the page shows."""
    try:
        viewer = assigning.asker_of(payload)
        due_on = date.fromisoformat(payload["due_on"]) if payload.get("due_on") else None
        asked = (int(payload["readings"]), due_on, int(payload["given"]))
        plan = actions.plan_further(viewer, str(payload["intake"]), *asked)
        added = assigning.give_by_parts(viewer, plan, progress)
    except Refused as refusal:
        return {"problems": [as_json(problem) for problem in refusal.problems]}
    except NotPermitted:
        return {"problems": [as_json(Problem(assigning.NOBODY))]}
    # The page that waited for this shows what is left to gain, and not the figures of before.
    summing.keep_anew(str(payload["intake"]))
    look_ahead(payload, lambda _done, _whole: None)
    return {"added": added}
