"""Where an intake stands with its readings, for its overview."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.registries.waiting import WITHHELD, StageStanding, StageState
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews import queries
from cohortmgr.reviews.discussion import queries as discussions
from cohortmgr.reviews.progress import queries as progress


def stage(viewer: Viewer, intake: Intake) -> StageStanding | None:
    """Return how many readings were handed in of those that somebody holds, and how many discussions are open."""
    if intake.id in queries.barred_to(viewer):
        return WITHHELD
    tally = progress.tally_of(intake)
    if tally is None:
        return None
    handed_in, held = tally
    each = definition_of(intake).rubric.readings
    note = ngettext("%(num)s par dossier", "%(num)s par dossier", each) if held else _("rien n’est confié")
    counted = ngettext("lecture rendue", "lectures rendues", handed_in)
    talks = discussions.open_in(intake) if handed_in else 0
    if talks:
        said = ngettext("%(num)s discussion ouverte", "%(num)s discussions ouvertes", talks)
        note = f"{note} · {said}"
    url = url_for("assignment_staff.overview", reference=intake.reference)
    if not held:
        return StageStanding(0, counted, note, url=url)
    state: StageState = "now" if handed_in < held else "done"
    return StageStanding(handed_in, counted, note, state, held if handed_in < held else None, url)
