"""The pages of an intake's phases, for staff: where it stands, who would go on, who went on."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import allows
from cohortmgr.base.db import writing
from cohortmgr.base.errors import NotFound, Problem, Refused
from cohortmgr.base.web.asked import place_asked
from cohortmgr.base.web.reading import reading
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews import queries
from cohortmgr.reviews.phases import queries as found
from cohortmgr.reviews.phases.actions import closing
from cohortmgr.reviews.phases.actions.closing import ClosingPlan
from cohortmgr.reviews.phases.display import listed, name_of

bp = Blueprint("phases_staff", __name__)
# How many files on either side of the line the page names.
AROUND = 2


@bp.get("/staff/intakes/<reference>/phases")
@guards.staff
@reading
def phases(reference: str) -> ResponseReturnValue:
    """Show the phases of an intake, who would go on if the present one were closed, and what was closed before."""
    return _page(queries.intake_for(guards.viewer(), reference))


def _page(intake: Intake, problems: Sequence[Problem] = ()) -> ResponseReturnValue:
    viewer, rubric = guards.viewer(), programmes.definition_of(intake).rubric
    closed, still_open = found.closings_of(intake), found.open_phase(intake)
    waits = queries.has_many(intake) and "plan" not in request.args and request.method == "GET"
    plan = closing.plan_closing(viewer, intake.reference) if still_open is not None and not waits else None
    return render_template(
        "reviews/phases/staff_phases.html",
        intake=intake,
        phases=listed(rubric, closed.keys()),
        counts={each.key: found.count_in(intake, each.key) for each in rubric.phases} if not waits else {},
        still_open=still_open,
        plan=plan,
        chosen_marks=found.chosen_marks(intake),
        around=_around(plan) if plan else {},
        named=programmes.definition_of(intake).intake(intake.key).named,
        talks=found.discussed_in(intake, plan.phase.key) if plan else 0,
        story=found.story_of(intake),
        closed=closed,
        for_good={
            each: why for each in closed if (why := closing.why_closed(viewer, intake, each)) is not None
        },
        names={each.key: name_of(each) for each in rubric.phases},
        may_close=allows(viewer, "reviews.assign", intake.path),
        problems=problems,
        reason=request.form.get("reason", ""),
    )


def _around(plan: ClosingPlan) -> dict[str, tuple[Sequence[str], Sequence[str]]]:
    """The numbers of the last who would go on and of the first who would not, by the offering's reference."""
    return {
        each.offering.reference: (each.going.chosen[-AROUND:], each.going.staying[:AROUND])
        for each in plan.offerings
    }


@bp.post("/staff/intakes/<reference>/phases/<phase>/close")
@guards.staff
def close(reference: str, phase: str) -> ResponseReturnValue:
    """Close the present phase: the best go on."""
    viewer = guards.viewer()
    intake = queries.intake_for(viewer, reference, "reviews.assign")
    way = redirect(url_for(".phases", reference=reference))
    if phase in found.closings_of(intake):
        return way
    try:
        plan = closing.plan_closing(viewer, reference)
        if plan.phase.key != phase:
            raise NotFound(phase)
        with writing():
            done = closing.close(viewer, plan, request.form.get("stamp", ""))
    except Refused as refusal:
        return _page(queries.intake_for(viewer, reference), refusal.problems)
    told = ngettext("La phase est close : %(num)s dossier continue.",
                    "La phase est close : %(num)s dossiers continuent.", done.gone_on)  # fmt: skip
    flash(told, "done")
    return way


@bp.post("/staff/intakes/<reference>/phases/<phase>/open")
@guards.staff
@guards.survives
def open_again(reference: str, phase: str) -> ResponseReturnValue:
    """Open a phase again, with the reason."""
    viewer = guards.viewer()
    intake = queries.intake_for(viewer, reference, "reviews.assign")
    try:
        with writing():
            closing.take_back(viewer, reference, phase, request.form.get("reason", ""))
    except Refused as refusal:
        return _page(intake, refusal.problems)
    flash(_("La phase est rouverte : plus personne n’en est sorti."), "wait")
    return redirect(url_for(".phases", reference=reference))


@bp.get("/staff/intakes/<reference>/phases/<phase>")
@guards.staff
def gone_on(reference: str, phase: str) -> ResponseReturnValue:
    """List who went on from a phase, the best of each choice first, with the mark that they had."""
    intake = queries.intake_for(guards.viewer(), reference)
    closed = found.closings_of(intake).get(phase)
    if closed is None:
        raise NotFound(phase)
    return render_template(
        "reviews/phases/staff_gone_on.html",
        intake=intake,
        closed=closed,
        named=programmes.definition_of(intake).intake(intake.key).named,
        name=name_of(programmes.definition_of(intake).rubric.phase(phase)),
        page=found.advanced_page(closed, place_asked()),
    )
