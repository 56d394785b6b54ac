"""What the worker does for readings: it gives them out in a large intake, reminds readers, and passes on.

An intake's files are given some hundred at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from cohortmgr.accounts.queries.viewers import viewer_of_account
from cohortmgr.accounts.rules import SYSTEM, Viewer
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import N_, NotPermitted, Problem, Refused, as_json
from cohortmgr.base.work import Stopping, Work
from cohortmgr.jobs.actions.queue import ProgressCallback, handler
from cohortmgr.reviews.assignment.actions import passing, reminding, sharing
from cohortmgr.reviews.assignment.actions.sharing import AssignmentPlan
from cohortmgr.reviews.assignment.queries import days
from cohortmgr.reviews.assignment.queries import giving as assignments
from cohortmgr.reviews.assignment.queries.giving import ASSIGN
from cohortmgr.reviews.progress import tasks as summing

# How many readings are written in one transaction, and stand in one event of the trail.
CHUNK = 1_000
NOBODY = N_("La personne qui l’a demandée n’a plus le droit de confier des lectures. Demandez-la vous-même.")


@handler(ASSIGN)
def assign(payload: Mapping[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Assign the files of `payload["intake"]` as whoever asked for it, by what they hold now. A seed that older
    requests bear says nothing any more.

    What is written stays: begun again after an interruption, it gives what is still lacking, and in the end nothing. A
    refusal is a result, which the page shows."""
    try:
        plan, added = _assign(asker_of(payload), payload, progress)
    except Refused as refusal:
        return {"problems": [as_json(problem) for problem in refusal.problems]}
    except NotPermitted:
        return {"problems": [as_json(Problem(NOBODY))]}
    # The page that waited for this shows what came of it, and not the figures of before.
    summing.keep_anew(str(payload["intake"]))
    return (
        {"added": added, "problems": [as_json(each) for each in plan.lacks]}
        if plan.short
        else {"added": added}
    )


def remind(stopping: Stopping) -> int:
    """Send the reminders of readings that are due; nothing is locked when none is. Returns how many people were
    told."""
    told = 0
    for due in days.due_reminders():
        db.session.rollback()
        if stopping():
            break
        with writing():
            told += reminding.remind(SYSTEM, due)
    return told


def pass_on(stopping: Stopping) -> int:
    """Give to others what is with people who may read no longer; of a role that ends by its day nobody tells.
    Returns how many readings were given."""
    given = 0
    references = [intake.reference for intake in assignments.intakes_left()]
    db.session.rollback()
    for reference in references:
        # Found before anything is locked: of a large intake that takes a while.
        plan = passing.plan_stranded(SYSTEM, reference)
        numbers = sorted(plan.moves)
        for start in range(0, len(numbers), CHUNK):
            if stopping():
                return given
            with writing():
                given += passing.pass_some(SYSTEM, plan, numbers[start : start + CHUNK])
        db.session.rollback()
    return given


# What the worker does of this, and every how many seconds.
WORKS = (Work("recall.readings", remind, every=300), Work("pass.readings", pass_on, every=300))


def asker_of(payload: Mapping[str, Any]) -> Viewer:
    """Return who asked the worker to give readings out. Raises NotPermitted if they have no account any more."""
    by = str(payload["by"])
    viewer = viewer_of_account(by)
    if viewer is None:
        raise NotPermitted(by)
    return viewer


def _assign(
    viewer: Viewer, payload: Mapping[str, Any], progress: ProgressCallback
) -> tuple[AssignmentPlan, int]:
    due_on = date.fromisoformat(payload["due_on"]) if payload.get("due_on") else None
    intake, anchors = str(payload["intake"]), bool(payload.get("anchors"))
    if payload.get("apart"):
        plan = sharing.plan_apart(viewer, intake, due_on)
    else:
        plan = sharing.plan_assignment(viewer, intake, due_on, anchors=anchors)
    held = plan.standing.stranded
    stranded = sorted(held)
    for start in range(0, len(stranded), CHUNK):
        with writing():
            sharing.release(viewer, {each: held[each] for each in stranded[start : start + CHUNK]})
    return plan, give_by_parts(viewer, plan, progress)


def give_by_parts(viewer: Viewer, plan: AssignmentPlan, progress: ProgressCallback) -> int:
    """Give what is planned, a part in each transaction, as far as it still holds. Returns how many were given."""
    added = 0
    for start in range(0, len(plan.pairs), CHUNK):
        chunk = plan.pairs[start : start + CHUNK]
        with writing():
            added += sharing.give_some(viewer, plan, chunk)
        progress(start + len(chunk), len(plan.pairs) + 1)
    return added
