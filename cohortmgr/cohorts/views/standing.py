"""Where an intake stands with its cohort, for its overview."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base import clock
from cohortmgr.base.i18n import short_day
from cohortmgr.base.registries.waiting import StageStanding, StageState
from cohortmgr.cohorts import queries
from cohortmgr.cohorts.rules import PRESENT, EnrolmentState
from cohortmgr.programmes.models import Intake


def stage(_viewer: Viewer, intake: Intake) -> StageStanding:
    """Return how many people hold a place, how many wait to be confirmed, and how many left."""
    cohort = queries.of_intake(intake.id)
    if cohort is None:
        note = _("rentrée le %(day)s", day=short_day(intake.starts_on))
        return StageStanding(0, ngettext("personne inscrite", "personnes inscrites", 0), note)
    states = queries.by_state(intake.id)
    pending = states.get(EnrolmentState.PENDING.value, 0)
    present = sum(states.get(state.value, 0) for state in PRESENT)
    gone = states.get(EnrolmentState.WITHDRAWN.value, 0) + states.get(EnrolmentState.EXCLUDED.value, 0)
    begun = cohort.starts_on <= clock.today()
    if pending:
        note = ngettext("%(num)s à confirmer", "%(num)s à confirmer", pending)
    elif begun:
        note = ngettext("%(num)s départ", "%(num)s départs", gone)
    else:
        note = _("rentrée le %(day)s", day=short_day(cohort.starts_on))
    counted = ngettext("personne inscrite", "personnes inscrites", present)
    url = url_for("cohorts_staff.cohort", reference=cohort.reference)
    state: StageState = "done" if begun and not pending else "now"
    return StageStanding(present, counted, note, state, url=url, presses=bool(pending) and begun)
