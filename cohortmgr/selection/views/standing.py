"""Where an intake stands with its decisions, for its overview."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base import clock
from cohortmgr.base.i18n import short_day
from cohortmgr.base.registries.waiting import WITHHELD, StageStanding, StageState
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import offerings_of
from cohortmgr.reviews.queries import barred_to
from cohortmgr.selection import queries
from cohortmgr.selection.rules import BatchState


def stage(viewer: Viewer, intake: Intake) -> StageStanding:
    """Return how many seats are taken, and where the decisions stand."""
    if intake.id in barred_to(viewer):
        return WITHHELD
    offerings, states = offerings_of(intake), {batch.state for batch in queries.batches_of(intake)}
    seats, taken = sum(each.seats for each in offerings), sum(each.taken for each in offerings)
    counted = ngettext("place attribuée", "places attribuées", taken)
    url = url_for("ranking_staff.ranking", reference=intake.reference)
    waits = BatchState.PROPOSED in states
    state: StageState = "now"
    if waits:
        note = _("un lot attend un accord")
    elif BatchState.APPROVED in states:
        settled = taken == seats or intake.starts_on <= clock.today()
        state, note = "done" if settled else "now", _("décisions approuvées et certifiées")
    else:
        past = intake.decision_by < clock.today()
        said = _("réponses promises pour le %(day)s") if past else _("réponses le %(day)s au plus tard")
        state, note = "now" if past else "next", said % {"day": short_day(intake.decision_by)}
        waits = past
    return StageStanding(taken, counted, note, state, seats, url, waits)
