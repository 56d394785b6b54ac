"""The pages of who reads what, for staff: the progress of readings, and giving files out in equal parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import allows
from cohortmgr.base import clock
from cohortmgr.base.db import writing
from cohortmgr.base.errors import Refused
from cohortmgr.base.i18n import localized, say
from cohortmgr.base.text import fold
from cohortmgr.base.web.asked import place_asked
from cohortmgr.base.web.ordering import in_order
from cohortmgr.base.web.reading import reading
from cohortmgr.base.web.responses import show_problems
from cohortmgr.jobs.models import KeptResult
from cohortmgr.jobs.queries import advance_to, is_due, kept_of
from cohortmgr.jobs.rules import Advance
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rules import Rubric
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews import queries
from cohortmgr.reviews.assignment.actions import sharing
from cohortmgr.reviews.assignment.forms import AssignForm, DayForm
from cohortmgr.reviews.assignment.queries import bars, conflicts
from cohortmgr.reviews.assignment.queries import giving as assignments
from cohortmgr.reviews.phases.display import name_of
from cohortmgr.reviews.progress import actions as keeping
from cohortmgr.reviews.progress import queries as summing
from cohortmgr.reviews.rules import Reader, ReadingProgress
from cohortmgr.reviews.seals.queries import awaits_seal

bp = Blueprint("assignment_staff", __name__)


READER_ORDERS: Mapping[str, Callable[[Reader], Any]] = {
    "name": lambda reader: fold(reader.name),
    "held": lambda reader: reader.held,
    "handed_in": lambda reader: reader.handed_in,
    "waiting": lambda reader: reader.waiting,
    "abstained": lambda reader: reader.abstained,
    "mean": lambda reader: reader.mean,
    "severity": lambda reader: reader.severity,
    "late": lambda reader: reader.late,
}


@bp.get("/staff/intakes/<reference>/reviews")
@guards.staff
@reading
def overview(reference: str) -> ResponseReturnValue:
    """Show the progress of the readings, by reviewer, with severity and spread."""
    intake, files = summing.intake_with_files(guards.viewer(), reference)
    return _overview(intake, AssignForm(), files)


def _overview(intake: Intake, form: AssignForm, files: int | None = None) -> ResponseReturnValue:
    rubric = programmes.definition_of(intake).rubric
    if not rubric.criteria:
        return render_template(
            "reviews/assignment/staff_nothing_read.html", intake=intake, has_phases=rubric.ranks
        )
    progress, kept, advance = _progress(intake, files)
    may_assign = allows(guards.viewer(), "reviews.assign", intake.path)
    return render_template(
        "reviews/assignment/staff_overview.html",
        intake=intake,
        form=form,
        days=DayForm(formdata=None, prefix="all"),
        progress=progress,
        readers=in_order(progress.readers, READER_ORDERS, request.args.get("sort", "")) if progress else [],
        kept=kept,
        advance=advance,
        has_phases=not rubric.is_plain,
        # Of the worker it is asked in those intakes alone that no page sums up.
        assigning=assignments.assignment_of(intake) if kept or progress is None else None,
        may_assign=may_assign,
        read_by=_read_by(intake),
        unsaid=conflicts.unsaid_in(intake) if may_assign and progress and progress.lacking else [],
        closed=intake.closes_at <= clock.now(),
        awaits_seal=not (progress and progress.handed_in) and awaits_seal(intake),
        may_rank=allows(guards.viewer(), "selection.read", intake.path),
    )


def _read_by(intake: Intake) -> Mapping[str, Sequence[str]]:
    """What somebody reads, where that is said: languages and fields as the page names them, by the reader."""
    scopes = bars.scopes_in(intake)
    titles = bars.fields_of(intake) if any(scope.fields for scope in scopes.values()) else {}
    return {
        reader: [
            *(say(name) for key, name in bars.LANGUAGES.items() if key in scope.languages),
            *(localized(title) for key, title in titles.items() if key in scope.fields),
        ]
        for reader, scope in scopes.items()
    }


def _progress(intake: Intake, files: int | None) -> tuple[ReadingProgress | None, KeptResult | None, Advance]:
    """Return the progress of the readings; that of a large intake as the worker last summed it up, None before the
    first, and another is asked for if it is old."""
    at_once = summing.summed_at_once(intake, files)
    if at_once is not None:
        return at_once, None, Advance()
    kept = kept_of(summing.KIND, intake.reference)
    if is_due(kept):
        with writing():
            keeping.ask(guards.viewer(), intake)
        kept = kept_of(summing.KIND, intake.reference)
    advance = advance_to(kept)
    return summing.from_kept(kept.figures) if kept and kept.made_at else None, kept, advance


@bp.get("/staff/intakes/<reference>/reviews/figures")
@guards.staff
def summing_up(reference: str) -> ResponseReturnValue:
    """Return how far the worker is with the figures of a large intake, as JSON, for the page that waits."""
    intake = queries.intake_for(guards.viewer(), reference)
    kept = kept_of(summing.KIND, intake.reference)
    advance = advance_to(kept)
    return jsonify(percentage=advance.percentage, text="", done=not advance.goes_on)


@bp.post("/staff/intakes/<reference>/reviews")
@guards.staff
def assign(reference: str) -> ResponseReturnValue:
    """Give each file the readers that it lacks; in a large intake the worker does, and the page shows how far it is."""
    intake = queries.intake_for(guards.viewer(), reference, "reviews.assign")
    form = AssignForm()
    if not form.validate_on_submit():
        return _overview(intake, form)
    if not summing.is_summed_at_once(intake):
        return _asked(reference, form)
    try:
        with writing():
            given = sharing.assign(
                guards.viewer(), reference, due_on=form.due_on.data, anchors=form.anchors.data
            )
    except Refused as refusal:
        show_problems(form, refusal)
        return _overview(queries.intake_for(guards.viewer(), reference), form)
    if given.added:
        flash(ngettext("%(num)s lecture confiée.", "%(num)s lectures confiées.", given.added), "done")
    for problem in given.lacks:
        flash(say(problem), "wait")
    if not given.lacks and not given.added:
        flash(_("Chaque dossier avait déjà ses lecteurs : rien n’a changé."), "info")
    return redirect(url_for(".overview", reference=reference))


def _asked(reference: str, form: AssignForm) -> ResponseReturnValue:
    try:
        with writing():
            sharing.ask_assignment(guards.viewer(), reference, form.due_on.data, anchors=form.anchors.data)
    except Refused as refusal:
        show_problems(form, refusal)
        return _overview(queries.intake_for(guards.viewer(), reference), form)
    return redirect(url_for(".overview", reference=reference))


@bp.get("/staff/intakes/<reference>/reviews/agreement")
@guards.staff
@reading
def agreement(reference: str) -> ResponseReturnValue:
    """Show how far readers agree on the files that everybody reads."""
    intake = queries.intake_for(guards.viewer(), reference)
    return render_template(
        "reviews/assignment/staff_agreement.html",
        intake=intake,
        found=assignments.agreement_in(guards.viewer(), intake),
    )


@bp.get("/staff/intakes/<reference>/reviews/progress")
@guards.staff
def assigning(reference: str) -> ResponseReturnValue:
    """Return how far the assignment of a large intake is, as JSON, for the page that waits."""
    found = assignments.assignment_of(queries.intake_for(guards.viewer(), reference, "reviews.assign"))
    return jsonify(
        percentage=found.percent if found else 100, text="", done=found is None or not found.is_under_way
    )


@bp.get("/staff/intakes/<reference>/reviews/readers/<reader>/readings")
@guards.staff
def readings_of(reference: str, reader: str) -> ResponseReturnValue:
    """List the readings that one person holds, or handed in, in an intake, each with the way to it."""
    viewer = guards.viewer()
    intake = queries.intake_for(viewer, reference)
    person = assignments.reviewer_or_reader(intake, reader)
    page = queries.readings_of(viewer, intake, person, place_asked())
    return render_template(
        "reviews/assignment/staff_readings.html",
        intake=intake,
        person=person,
        page=page,
        phases=_names_of_phases(programmes.definition_of(intake).rubric),
        files=programmes.definition_of(intake).rubric.files.key,
        may_assign=allows(viewer, "reviews.assign", intake.path),
    )


def _names_of_phases(rubric: Rubric) -> Mapping[str, str]:
    """What the phases are called that people mark, by key, if there are several: a file may then stand in a list
    twice."""
    read = {each.key: name_of(each) for each in rubric.phases if each.is_read}
    return read if len(read) > 1 else {}
