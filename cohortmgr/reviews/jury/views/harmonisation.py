"""The jury's page: what the marks of a phase come to once severities are taken out, and by which of them it is ranked.

Names are masked; who gives files out may ask for them, and chooses on the page without."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import Viewer, allows
from cohortmgr.base.db import writing
from cohortmgr.base.errors import NotFound, Refused
from cohortmgr.base.web.reading import reading
from cohortmgr.base.web.responses import show_problems
from cohortmgr.jobs.queries import advance_to, kept_of
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rules import PhaseKind, RubricPhase
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.reviews import queries
from cohortmgr.reviews.harmonising.models import Harmonisation
from cohortmgr.reviews.harmonising.rules import BASIS_WORDS, MarkBasis, MarkFormula
from cohortmgr.reviews.jury import display
from cohortmgr.reviews.jury.actions import choosing, keeping
from cohortmgr.reviews.jury.forms import ChooseMarksForm, TakeMarksBackForm
from cohortmgr.reviews.jury.queries import kept as found
from cohortmgr.reviews.jury.rules import compared_basis
from cohortmgr.reviews.phases.display import name_of

bp = Blueprint("harmonisation_staff", __name__)

_MarksForm = ChooseMarksForm | TakeMarksBackForm


@bp.get("/staff/intakes/<reference>/harmonisation")
@guards.staff
@reading
def harmonisation(reference: str) -> ResponseReturnValue:
    """Show a phase's harmonised marks beside the raw ones: how far readers differ, who crosses the line, how sure it
    is. What is old is asked of the worker anew."""
    viewer = guards.viewer()
    intake = queries.intake_for(viewer, reference)
    return _page(intake, _phase(intake))


def _phase(intake: Intake) -> RubricPhase:
    phase = found.asked_phase(programmes.definition_of(intake).rubric, request.values.get("phase", ""))
    if phase is None:
        raise NotFound("phase")
    return phase


def _page(intake: Intake, phase: RubricPhase, form: _MarksForm | None = None) -> ResponseReturnValue:
    viewer, rubric = guards.viewer(), programmes.definition_of(intake).rubric
    kept = found.kept_marks(intake, phase.key)
    if kept.is_due:
        with writing():
            keeping.ask(viewer, intake)
        kept = found.kept_marks(intake, phase.key)
    story = found.choices_of(intake, phase.key)
    choice = next((row[0] for row in story if row[0].taken_back_at is None), None)
    may_assign = allows(viewer, "reviews.assign", intake.path)
    is_named = may_assign and request.args.get("names") == "1"
    chosen = MarkBasis(choice.basis) if choice is not None else MarkBasis.RAW
    shown = _shown(viewer, intake, phase, kept.found, chosen, is_named) if kept.found is not None else {}
    return render_template(
        "reviews/jury/staff_harmonisation.html",
        intake=intake,
        phase=phase,
        phases=[(each.key, name_of(each)) for each in rubric.phases if each.is_read and each.criteria],
        kept=kept,
        choice=choice,
        chosen=chosen,
        story=story,
        words=BASIS_WORDS,
        may_assign=may_assign,
        is_named=is_named,
        is_of_files=phase.kind is PhaseKind.FILES,
        may_rank=allows(viewer, "selection.read", intake.path),
        form=form or (TakeMarksBackForm(formdata=None) if choice else ChooseMarksForm(formdata=None)),
        **shown,
    )


def _shown(
    viewer: Viewer,
    intake: Intake,
    phase: RubricPhase,
    kept: Harmonisation,
    chosen: MarkBasis,
    is_named: bool,
) -> Mapping[str, Any]:
    figures, compared = kept.figures, compared_basis(chosen, request.args.get("basis", ""))
    letters: Mapping[str, str] = kept.formulas["letters"]
    labels = found.names_of(letters) if is_named else letters
    formula = MarkFormula.of_json(kept.formulas[compared.value])
    offering, offerings = _offering(intake, figures["ribbons"])
    ribbon = figures["ribbons"].get(offering.reference, {}) if offering else {}
    near = ribbon.get(compared.value, [])
    hidden = found.in_hand(viewer, intake, phase.key)
    files = display.ribbon_of(near, hidden)
    readings = found.readings_of_files(intake, phase.key, [file.number for file in files])
    rows = display.ribbon_rows(files, readings, formula, labels)
    severities, left_out = display.severity_rows(figures["readers"], compared, labels)
    words = figures["words"][compared.value]
    return {
        "compared": compared,
        "figures": figures,
        "seats": kept.seats,
        "doubtful": figures["doubtful"],
        "severities_told": display.told_severities(severities, compared),
        "readers_left_out": left_out,
        "severity_reach": display.severity_reach(severities),
        "rows": rows,
        "ribbon_told": display.told_ribbon(rows),
        "ribbon_reach": display.ribbon_reach(rows),
        "line": display.line_of(files),
        "crossing": ribbon.get(f"{compared.value}_crossing", 0),
        "crossing_shown": sum(1 for file in files if file.crosses),
        "hidden": len(near) - len(files),
        "offering": offering,
        "offerings": offerings,
        "chances_told": [(_(what), words[word.value]) for word, what in display.CHANCES.items()],
        "cautions": display.cautions_of(figures["cautions"], labels),
        "formula": formula,
        "example": display.worked_example(files, readings, formula, labels),
    }


def _offering(intake: Intake, ribbons: Mapping[str, Any]) -> tuple[Offering | None, list[Offering]]:
    """The offering that the address names, of those with files that were read, else the first; and all of these."""
    known = [each for each in programmes.offerings_of(intake) if each.reference in ribbons]
    asked = request.args.get("offering", "")
    return next((each for each in known if each.reference == asked), known[0] if known else None), known


@bp.get("/staff/intakes/<reference>/harmonisation/progress")
@guards.staff
def harmonising(reference: str) -> ResponseReturnValue:
    """Return how far the worker is with the marks of an intake, as JSON, for the page that waits."""
    intake = queries.intake_for(guards.viewer(), reference)
    kept = kept_of(found.KIND, intake.reference)
    advance = advance_to(kept)
    return jsonify(percentage=advance.percentage, text="", done=not advance.goes_on)


@bp.post("/staff/intakes/<reference>/harmonisation")
@guards.staff
@guards.survives
def choose(reference: str) -> ResponseReturnValue:
    """Say by which marks a phase is ranked, with the reason."""
    viewer = guards.viewer()
    intake = queries.intake_for(viewer, reference, "reviews.assign")
    phase, form = _phase(intake), ChooseMarksForm()
    if not form.validate_on_submit():
        return _page(intake, phase, form)
    basis = MarkBasis(form.basis.data)
    try:
        with writing():
            seen = request.form.get("seen", "")
            choosing.choose(viewer, reference, phase.key, basis, form.because.data or "", seen)
    except Refused as refusal:
        show_problems(form, refusal)
        return _page(queries.intake_for(viewer, reference), phase, form)
    flash(
        _("Le choix est noté : cette phase se classe par « %(basis)s ».", basis=_(BASIS_WORDS[basis])), "done"
    )
    return _back(reference, phase)


@bp.post("/staff/intakes/<reference>/harmonisation/back")
@guards.staff
@guards.survives
def take_back(reference: str) -> ResponseReturnValue:
    """Take back by which marks a phase is ranked, with the reason: raw marks count again."""
    viewer = guards.viewer()
    intake = queries.intake_for(viewer, reference, "reviews.assign")
    phase, form = _phase(intake), TakeMarksBackForm()
    try:
        with writing():
            seen = request.form.get("choice", "")
            choosing.take_back(viewer, reference, phase.key, form.because.data or "", seen)
    except Refused as refusal:
        show_problems(form, refusal)
        return _page(queries.intake_for(viewer, reference), phase, form)
    flash(_("Le choix est repris : les notes brutes comptent de nouveau."), "wait")
    return _back(reference, phase)


def _back(reference: str, phase: RubricPhase) -> ResponseReturnValue:
    return redirect(url_for(".harmonisation", reference=reference, phase=phase.key))
