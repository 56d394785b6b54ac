"""The company's pages: its candidates, whom it scores, and its apprentices."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from cohortmgr.accounts.guards import company, viewer
from cohortmgr.accounts.rules import Role
from cohortmgr.base.db import writing
from cohortmgr.base.errors import Refused
from cohortmgr.base.web.responses import posted_version
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.organisations.rules import REGIONS
from cohortmgr.placements.actions import positions
from cohortmgr.placements.models import Position
from cohortmgr.placements.queries import placements
from cohortmgr.placements.queries.around import people_with
from cohortmgr.placements.rules import PLACEMENT_STATES, PositionState
from cohortmgr.programmes import queries as programmes

bp = Blueprint("placements_company", __name__)


@bp.get("/company/positions/<reference>")
@company
def candidates(reference: str) -> ResponseReturnValue:
    """Show who wishes the position, with what they agreed to show, and the scores given."""
    return _candidates(placements.position_for(viewer(), reference), {})


@bp.post("/company/positions/<reference>")
@company
def give_scores(reference: str) -> ResponseReturnValue:
    """Save the scores. If some are wrong, show what was typed again, with each mistake beside it."""
    typed = {
        name.removeprefix("score-"): text for name, text in request.form.items() if name.startswith("score-")
    }
    version = posted_version() or 0
    try:
        with writing():
            count = positions.give_scores(viewer(), reference, typed, version)
    except Refused as refusal:
        return _candidates(placements.position_for(viewer(), reference), typed, refusal), 422
    flash(
        ngettext("%(num)s candidat a une note.", "%(num)s candidats ont une note.", count),
        "done",
    )
    return redirect(url_for(".candidates", reference=reference))


def _candidates(position: Position, typed: Mapping[str, str], refusal: Refused | None = None) -> str:
    problems = refusal.problems if refusal else ()
    card = placements.about_position(position)
    return render_template(
        "placements/company_candidates.html",
        position=position,
        company=card.company,
        cohort=card.Cohort,
        rows=placements.candidates_of(position.id),
        diplomas=cohorts.diploma_names(card.Intake),
        regions=REGIONS,
        terms=placements.terms_of(card.Intake),
        open=position.state == PositionState.OPEN,
        typed=typed,
        wrong={problem.where: problem for problem in problems},
        problems=problems,
    )


@bp.get("/company/apprentices")
@company
def apprentices() -> ResponseReturnValue:
    """List the company's own apprentices."""
    rows = placements.apprentices(viewer())
    return render_template("placements/company_apprentices.html", rows=rows, names=PLACEMENT_STATES.names)


@bp.get("/company/apprentices/<reference>")
@company
def apprentice(reference: str) -> ResponseReturnValue:
    """Show one apprentice: training, first day, and whom to write to."""
    placement = placements.get_for(viewer(), reference)
    card = placements.card_of(placement)
    definition = programmes.definition_of(card.Intake)
    return render_template(
        "placements/company_apprentice.html",
        placement=placement,
        card=card,
        definition=definition,
        calendar=definition.calendar_of(card.Intake.key),
        diplomas=cohorts.diploma_names(card.Intake),
        regions=REGIONS,
        tutors=people_with([Role.TUTOR, Role.COMPANY_CONTACT], card.company_path),
        contacts=people_with([Role.PROGRAMME_ADMINISTRATOR], card.Cohort.path),
        names=PLACEMENT_STATES.names,
        meanings=PLACEMENT_STATES.meanings,
    )
