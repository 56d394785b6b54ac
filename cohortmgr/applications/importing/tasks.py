"""What the worker does for imports: invite the people of a large intake, and count whom an invitation would reach."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cohortmgr.accounts.queries.viewers import viewer_of_account
from cohortmgr.accounts.rules import SYSTEM, Viewer
from cohortmgr.applications.importing.actions import invitations
from cohortmgr.applications.importing.queries import invited
from cohortmgr.base.db import writing
from cohortmgr.base.errors import NotFound, NotPermitted, Problem, Refused, as_json
from cohortmgr.jobs.actions.queue import ProgressCallback, handler
from cohortmgr.jobs.queries import kept_of
from cohortmgr.programmes.queries import get_intake

# How many people are invited in one transaction, and stand in one event of the trail.
CHUNK = 500


@handler(invited.COUNTING)
def count(payload: Mapping[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Count whom an invitation would reach in `payload["intake"]`. A second run keeps what it finds then."""
    return {"everybody": _count(str(payload["intake"]))}


@handler(invited.INVITING)
def invite(payload: Mapping[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Invite the people of `payload["intake"]` as whoever asked for it, by what they hold now.

    Nobody gets two links of one asking: begun again after an interruption, it leaves out who got one since. A refusal
    is a result, which the page shows."""
    reference, again = str(payload["intake"]), bool(payload["again"])
    asked_at = datetime.fromisoformat(str(payload["asked_at"]))
    kept = kept_of(invited.COUNTING, reference)
    total = (kept.figures.get("everybody" if again else "fresh", 0) if kept else 0) + 1
    done, after = 0, 0
    try:
        viewer = _asker(str(payload["by"]))
        while True:
            with writing():
                number, reached = invitations.invite_some(viewer, reference, again, asked_at, after, CHUNK)
            if reached is None:
                break
            done, after = done + number, reached
            progress(min(done, total - 1), total)
    except Refused as refusal:
        return {"problems": [as_json(problem) for problem in refusal.problems]}
    except (NotPermitted, NotFound):
        return {"problems": [as_json(Problem(invited.NOBODY))]}
    # The page that waited for this shows what came of it, and not the numbers of before.
    _count(reference)
    return {"links": done}


def _asker(reference: str) -> Viewer:
    viewer = viewer_of_account(reference)
    if viewer is None:
        raise NotPermitted(reference)
    return viewer


def _count(reference: str) -> int:
    intake = get_intake(reference)
    fresh, everybody = invited.invitable_counts(intake)
    with writing():
        invitations.keep_counts(SYSTEM, intake, fresh, everybody)
    return everybody
