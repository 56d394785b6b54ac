"""The worker's job of the progress of readings: it sums up a large intake and keeps the figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base.db import writing
from cohortmgr.jobs.actions.queue import ProgressCallback, handler
from cohortmgr.programmes.queries import get_intake
from cohortmgr.reviews.progress import actions, queries
from cohortmgr.reviews.rules import ReadingProgress


@handler(queries.KIND)
def sum_up(payload: Mapping[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Sum up the readings of `payload["intake"]`. A second run writes what it finds then."""
    return {"files": keep_anew(str(payload["intake"])).files}


def keep_anew(intake_reference: str) -> ReadingProgress:
    """Sum up the readings of an intake, and keep and return what was found."""
    intake = get_intake(intake_reference)
    found = queries.progress_of(intake)
    with writing():
        actions.keep(SYSTEM, intake, found)
    return found
