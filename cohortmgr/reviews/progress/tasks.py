"""The worker's job of the progress of readings: it sums up a large intake and keeps the figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base.db import writing
from cohortmgr.jobs.actions.queue import ProgressCallback, handler
from cohortmgr.programmes.queries import get_intake
from cohortmgr.reviews.progress import actions, queries


@handler(queries.KIND)
def sum_up(payload: Mapping[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Sum up the readings of `payload["intake"]`. A second run writes what it finds then."""
    intake = get_intake(str(payload["intake"]))
    found = queries.progress_of(intake)
    with writing():
        actions.keep(SYSTEM, intake, found)
    return {"files": found.files}
