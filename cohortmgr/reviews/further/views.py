"""The page of further readings, for staff: what they promise, and one press that gives them out."""

from __future__ import annotations

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts import guards
from cohortmgr.base.db import writing
from cohortmgr.base.errors import NotFound, Refused
from cohortmgr.base.typed import whole
from cohortmgr.base.web.responses import show_problems
from cohortmgr.jobs.models import KeptResult
from cohortmgr.jobs.queries import advance_to, is_due
from cohortmgr.jobs.rules import Advance
from cohortmgr.programmes.definition.rules import RubricPhase
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews import queries
from cohortmgr.reviews.assignment.queries import giving as assignments
from cohortmgr.reviews.further import actions
from cohortmgr.reviews.further import queries as found
from cohortmgr.reviews.further.forms import FurtherForm
from cohortmgr.reviews.further.outlook import ReadingOutlook
from cohortmgr.reviews.harmonising.queries import harmonisation_of

bp = Blueprint("further_staff", __name__)
_UNKNOWN = -1


@bp.route("/staff/intakes/<reference>/harmonisation/further", methods=["GET", "POST"])
@guards.staff
def further(reference: str) -> ResponseReturnValue:
    """Show what further readings promise, and give out as many as are asked for."""
    viewer = guards.viewer()
    intake, form = queries.intake_for(viewer, reference, "reviews.assign"), FurtherForm()
    phase = _phase_of(intake)
    if form.validate_on_submit():
        last = whole(request.form.get("last", ""))
        asked = (form.readings.data or 0, form.due_on.data, _UNKNOWN if last is None else last)
        try:
            with writing():
                if queries.has_many(intake):
                    actions.ask_further(viewer, reference, *asked)
                else:
                    _tell(actions.give_further(viewer, reference, *asked).added)
        except Refused as refusal:
            show_problems(form, refusal)
        else:
            return redirect(url_for(".further", reference=reference, phase=phase.key))
    return _page(queries.intake_for(viewer, reference, "reviews.assign"), phase, form)


def _phase_of(intake: Intake) -> RubricPhase:
    """The phase in which files are read. Raises NotFound if the address names another, or if none is read."""
    phase = definition_of(intake).rubric.files
    if not phase.criteria or request.args.get("phase", phase.key) != phase.key:
        raise NotFound(request.args.get("phase", ""))
    return phase


def _tell(added: int) -> None:
    if added:
        flash(ngettext("%(num)s lecture confiée.", "%(num)s lectures confiées.", added), "done")
    else:
        flash(_("Aucune lecture de plus ne peut être confiée : rien n’a changé."), "info")


def _page(intake: Intake, phase: RubricPhase, form: FurtherForm) -> ResponseReturnValue:
    problems = found.in_the_way(intake, phase)
    kept, advance, is_old = _kept(intake, phase) if not problems else (None, Advance(), False)
    outlook = ReadingOutlook.of_json(_figures(kept)) if kept and kept.made_at else None
    if outlook and outlook.worthwhile and not form.is_submitted():
        form.readings.data = outlook.worthwhile
    return render_template(
        "reviews/further/staff_further.html",
        intake=intake,
        phase=phase,
        form=form,
        problems=problems,
        kept=kept,
        advance=advance,
        is_old=is_old,
        outlook=outlook,
        last=found.last_given(intake),
        giving=assignments.assignment_of(intake, found.GIVE),
    )


def _figures(kept: KeptResult) -> dict[str, object]:
    return {name: value for name, value in kept.figures.items() if name != "stamp"}


def _kept(intake: Intake, phase: RubricPhase) -> tuple[KeptResult | None, Advance, bool]:
    """Return what is kept of an intake, how far the worker is, and whether what is kept is old: then it is found anew;
    after a failure not at once. Of a large intake no page counts readings: the worker looks, once a minute at most."""
    kept = found.kept_outlook(intake)
    advance = advance_to(kept)
    is_old = kept is None or not kept.made_at
    if queries.has_many(intake):
        is_due_now = is_due(kept)
    else:
        harmonisation = harmonisation_of(intake.id, phase.key)
        stamp = found.stamp_of(intake, harmonisation) if harmonisation else ""
        is_old = kept is None or not kept.made_at or kept.figures.get("stamp") != stamp
        is_due_now = is_old and (not advance.failed or is_due(kept))
    if is_due_now and not advance.goes_on:
        with writing():
            actions.ask(guards.viewer(), intake)
        kept = found.kept_outlook(intake)
        advance = advance_to(kept)
    return kept, advance, is_old


@bp.get("/staff/intakes/<reference>/harmonisation/further/figures")
@guards.staff
def looking(reference: str) -> ResponseReturnValue:
    """Return how far the worker is with what further readings promise, as JSON, for the page that waits."""
    kept = found.kept_outlook(queries.intake_for(guards.viewer(), reference, "reviews.assign"))
    advance = advance_to(kept)
    return jsonify(percentage=advance.percentage, text="", done=not advance.goes_on)


@bp.get("/staff/intakes/<reference>/harmonisation/further/progress")
@guards.staff
def giving(reference: str) -> ResponseReturnValue:
    """Return how far the worker is with giving further readings of a large intake, as JSON, for the page that waits."""
    intake = queries.intake_for(guards.viewer(), reference, "reviews.assign")
    known = assignments.assignment_of(intake, found.GIVE)
    return jsonify(
        percentage=known.percent if known else 100, text="", done=known is None or not known.is_under_way
    )
