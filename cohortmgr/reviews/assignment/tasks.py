"""What the worker does for readings: assign the files of a large intake, some hundred at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cohortmgr.accounts.queries.viewers import viewer_of_account
from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.db import writing
from cohortmgr.base.errors import N_, NotPermitted, Problem, Refused, as_json
from cohortmgr.jobs.actions.queue import ProgressCallback, handler
from cohortmgr.reviews.assignment import actions
from cohortmgr.reviews.assignment.actions import AssignmentPlan
from cohortmgr.reviews.assignment.flow import short_of
from cohortmgr.reviews.assignment.queries import ASSIGN
from cohortmgr.reviews.progress import tasks as summing

# How many readings are written in one transaction, and stand in one event of the trail.
CHUNK = 1_000
_NOBODY = N_("La personne qui l’a demandée n’a plus le droit de confier des lectures. Demandez-la vous-même.")


@handler(ASSIGN)
def assign(payload: Mapping[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Assign the files of `payload["intake"]` as whoever asked for it, by what they hold now. A seed that older
    requests bear says nothing any more.

    What is written stays: begun again after an interruption, it gives what is still lacking, and in the end nothing. A
    refusal is a result, which the page shows."""
    try:
        plan, added = _assign(_asker(payload), str(payload["intake"]), progress)
    except Refused as refusal:
        return {"problems": [as_json(problem) for problem in refusal.problems]}
    except NotPermitted:
        return {"problems": [as_json(Problem(_NOBODY))]}
    # The page that waited for this shows what came of it, and not the figures of before.
    summing.keep_anew(str(payload["intake"]))
    return {"added": added, "problems": [as_json(short_of(plan.short))]} if plan.short else {"added": added}


def _asker(payload: Mapping[str, Any]) -> Viewer:
    by = str(payload["by"])
    viewer = viewer_of_account(by)
    if viewer is None:
        raise NotPermitted(by)
    return viewer


def _assign(viewer: Viewer, intake: str, progress: ProgressCallback) -> tuple[AssignmentPlan, int]:
    plan, added = actions.plan_assignment(viewer, intake), 0
    stranded = sorted(plan.stranded)
    for start in range(0, len(stranded), CHUNK):
        with writing():
            actions.release(viewer, {each: plan.stranded[each] for each in stranded[start : start + CHUNK]})
    for start in range(0, len(plan.pairs), CHUNK):
        chunk = plan.pairs[start : start + CHUNK]
        with writing():
            added += actions.give_some(viewer, plan, chunk)
        progress(start + len(chunk), len(plan.pairs) + 1)
    return plan, added
