"""The worker's job of scenarios: it computes one of an intake that has more files than a request computes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base.db import db, writing
from cohortmgr.jobs.actions.queue import ProgressCallback, handler
from cohortmgr.programmes.models import Intake
from cohortmgr.selection.scenarios import actions, queries
from cohortmgr.selection.scenarios.rules import ScenarioChanges
from cohortmgr.selection.standings.queries import kept as standings


@handler(actions.KIND)
def compute(payload: Mapping[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Compute and keep the scenario `payload["scenario"]` from the marks as they are now; a second run does the same
    again. One that was deleted meanwhile is nothing to do."""
    reference = str(payload["scenario"])
    wanted = queries.by_reference(reference)
    if wanted is None:
        return {"scenario": reference}
    intake = db.session.get_one(Intake, wanted.intake_id)
    offering = queries.offering_in(intake, wanted)
    rests_on, changes = standings.state_of(intake, offering), ScenarioChanges.of_json(wanted.changes)
    found = queries.trials_of(intake, offering).found(changes)
    progress(1, 2)
    with writing():
        actions.keep_figures(SYSTEM, reference, rests_on, found)
    return {"scenario": reference, "files": found["after"]["ranked"]}
