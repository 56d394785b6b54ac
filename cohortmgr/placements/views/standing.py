"""Where an intake stands with its placements, for its overview."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.registries.waiting import StageStanding, StageState
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.placements.queries import placements, standing
from cohortmgr.placements.rules import MatchingState
from cohortmgr.programmes.models import Intake


def stage(_viewer: Viewer, intake: Intake) -> StageStanding:
    """Return how many people have a company, and how many companies have somebody."""
    cohort = cohorts.of_intake(intake.id)
    if cohort is None:
        return StageStanding(0, ngettext("personne en entreprise", "personnes en entreprise", 0))
    people, companies = standing.hosted_of(intake.id)
    run = placements.latest_run(cohort.id)
    waits = run is not None and run.state == MatchingState.DRAFT
    note = ngettext("%(num)s entreprise", "%(num)s entreprises", companies) if people else ""
    counted = ngettext("personne en entreprise", "personnes en entreprise", people)
    url = url_for("placements_staff.board", reference=cohort.reference)
    state: StageState = "now" if waits or not people else "done"
    return StageStanding(
        people,
        counted,
        _("une affectation attend un accord") if waits else note,
        state,
        url=url,
        presses=waits,
    )
