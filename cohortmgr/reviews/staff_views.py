"""The pages of readings for staff: the overview of who reads what, a reader's queue, the cockpit for reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from wtforms import SelectChoice

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import allows
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.base import storage
from cohortmgr.base.db import writing
from cohortmgr.base.errors import NotFound, Problem, Refused
from cohortmgr.base.i18n import localized
from cohortmgr.base.text import fold
from cohortmgr.base.web.asked import number_sent, place_asked
from cohortmgr.base.web.ordering import in_order
from cohortmgr.base.web.reading import reading
from cohortmgr.base.web.responses import posted_version, show_problems
from cohortmgr.jobs.models import KeptResult
from cohortmgr.jobs.queries import advance_of, is_due, kept_of
from cohortmgr.jobs.rules import Advance
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews import actions
from cohortmgr.reviews.display import papers_shown, sections_of
from cohortmgr.reviews.forms import AbstainForm, AssignForm, RecallForm
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.progress import actions as keeping
from cohortmgr.reviews.progress import queries as summing
from cohortmgr.reviews.queries import assignments
from cohortmgr.reviews.queries import readings as queries
from cohortmgr.reviews.rules import MOST_AT_ONCE, OPEN, Reader, ReadingProgress, ReviewState, shows_papers

bp = Blueprint("reviews_staff", __name__)
READER_ORDERS: Mapping[str, Callable[[Reader], Any]] = {
    "name": lambda reader: fold(reader.name),
    "held": lambda reader: reader.held,
    "handed_in": lambda reader: reader.handed_in,
    "waiting": lambda reader: reader.waiting,
    "abstained": lambda reader: reader.abstained,
    "mean": lambda reader: reader.mean,
    "severity": lambda reader: reader.severity,
}
QUEUE_ORDERS: Mapping[str, Callable[[Any], Any]] = {
    "number": lambda row: row.number,
    "intake": lambda row: fold(localized(row.intake_title)),
    "state": lambda row: [*ReviewState].index(ReviewState(row.state)),
    "mark": lambda row: row.total_thousandths,
}
AROUND = 6
# A paper may be framed by our own cockpit, and may run no script.
_SHOWN_INSIDE = "default-src 'none'; frame-ancestors 'self'; style-src 'unsafe-inline'"


@bp.get("/staff/intakes/<reference>/reviews")
@guards.staff
@reading
def overview(reference: str) -> ResponseReturnValue:
    """Show the progress of the readings, by reviewer, with severity and spread."""
    intake, files = summing.intake_with_files(guards.viewer(), reference)
    return _overview(intake, AssignForm(), files)


def _overview(intake: Intake, form: AssignForm, files: int | None = None) -> ResponseReturnValue:
    progress, kept, advance = _progress(intake, files)
    return render_template(
        "reviews/staff_overview.html",
        intake=intake,
        form=form,
        progress=progress,
        readers=in_order(progress.readers, READER_ORDERS, request.args.get("sort", "")) if progress else [],
        kept=kept,
        advance=advance,
        assigning=assignments.assignment_of(intake),
        may_assign=allows(guards.viewer(), "reviews.assign", intake.path),
        may_rank=allows(guards.viewer(), "selection.read", intake.path),
    )


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
    advance = advance_of(kept.job_reference if kept else "")
    return summing.from_kept(kept.figures) if kept and kept.made_at else None, kept, advance


@bp.get("/staff/intakes/<reference>/reviews/figures")
@guards.staff
def summing_up(reference: str) -> ResponseReturnValue:
    """Return how far the worker is with the figures of a large intake, as JSON, for the page that waits."""
    intake = queries.intake_for(guards.viewer(), reference)
    kept = kept_of(summing.KIND, intake.reference)
    advance = advance_of(kept.job_reference if kept else "")
    return jsonify(percentage=advance.percentage, text="", done=not advance.goes_on)


@bp.post("/staff/intakes/<reference>/reviews")
@guards.staff
def assign(reference: str) -> ResponseReturnValue:
    """Give each file the readers that it lacks; in a large intake the worker does, and the page shows how far it is."""
    intake = queries.intake_for(guards.viewer(), reference, "reviews.assign")
    form = AssignForm()
    if not form.validate_on_submit():
        return _overview(intake, form)
    if file_queries.counts([intake.id])[intake.id]["eligible"] > MOST_AT_ONCE:
        with writing():
            actions.ask_assignment(guards.viewer(), reference, form.seed.data or 0)
        return redirect(url_for(".overview", reference=reference))
    try:
        with writing():
            added = actions.assign(guards.viewer(), reference, seed=form.seed.data or 0)
    except Refused as refusal:
        show_problems(form, refusal)
        return _overview(queries.intake_for(guards.viewer(), reference), form)
    if added:
        flash(ngettext("%(num)s lecture confiée.", "%(num)s lectures confiées.", added), "done")
    else:
        flash(_("Chaque dossier avait déjà ses lecteurs : rien n’a changé."), "info")
    return redirect(url_for(".overview", reference=reference))


@bp.get("/staff/intakes/<reference>/reviews/progress")
@guards.staff
def assigning(reference: str) -> ResponseReturnValue:
    """Return how far the assignment of a large intake is, as JSON, for the page that waits."""
    found = assignments.assignment_of(queries.intake_for(guards.viewer(), reference, "reviews.assign"))
    return jsonify(
        percentage=found.percent if found else 100, text="", done=found is None or not found.is_under_way
    )


@bp.route("/staff/intakes/<reference>/reviews/readers/<reader>", methods=["GET", "POST"])
@guards.staff
def recall(reference: str, reader: str) -> ResponseReturnValue:
    """Take back the files that wait for a reader, for the pool or for a named reviewer."""
    viewer = guards.viewer()
    intake = queries.intake_for(viewer, reference, "reviews.assign")
    person, form = queries.reader_in(intake, reader), RecallForm()
    others = [row for row in queries.readers_of(intake) if row.reference != reader]
    form.to.choices = [
        SelectChoice("", _("Remettre au partage")),
        *(SelectChoice(row.reference, f"{row.given_name} {row.family_name}".strip()) for row in others),
    ]
    if form.validate_on_submit():
        try:
            with writing():
                taken, given = actions.recall(viewer, reference, reader, form.reason.data or "", form.to.data)
        except Refused as refusal:
            show_problems(form, refusal)
        else:
            flash(_recalled(taken, given), "done")
            return redirect(url_for(".overview", reference=reference))
    rows = queries.open_of(intake, person.id)
    return render_template("reviews/staff_recall.html", intake=intake, person=person, rows=rows, form=form)


def _recalled(taken: int, given: int) -> str:
    told: str = ngettext("%(num)s dossier repris.", "%(num)s dossiers repris.", taken)
    if given:
        told += " " + ngettext("%(num)s est confié aussitôt.", "%(num)s sont confiés aussitôt.", given)
    if taken > given:
        left = ngettext(
            "%(num)s attend un lecteur : confiez les lectures qui manquent.",
            "%(num)s attendent un lecteur : confiez les lectures qui manquent.",
            taken - given,
        )
        told += " " + left
    return told


@bp.get("/staff/intakes/<reference>/reviews/readers/<reader>/readings")
@guards.staff
def readings_of(reference: str, reader: str) -> ResponseReturnValue:
    """List the readings that one person holds, or handed in, in an intake, each with the way to it."""
    viewer = guards.viewer()
    intake = queries.intake_for(viewer, reference)
    person = queries.reader_in(intake, reader)
    page = queries.readings_of(viewer, intake, person, place_asked())
    return render_template("reviews/staff_readings.html", intake=intake, person=person, page=page)


@bp.get("/staff/reviews")
@guards.staff
def queue() -> ResponseReturnValue:
    """Show the viewer's own readings, the open ones first."""
    rows = queries.queue(guards.viewer())
    first, withheld = queries.next_after(rows, ""), queries.withheld_from(guards.viewer())
    shown = in_order(rows, QUEUE_ORDERS, request.args.get("sort", ""))
    return render_template("reviews/staff_queue.html", rows=shown, first=first, withheld=withheld)


@bp.route("/staff/reviews/<reference>", methods=["GET", "POST"])
@guards.staff
def review(reference: str) -> ResponseReturnValue:
    """Show the cockpit: list, file and rubric side by side. Handing in a reading leads to the next file."""
    viewer = guards.viewer()
    problems: Sequence[Problem] = ()
    if request.method == "POST":
        found = queries.get_for(viewer, reference)
        try:
            with writing():
                found = actions.score(
                    viewer, reference, _scores(found), request.form.get("comment", ""), posted_version()
                )
        except Refused as refusal:
            problems = refusal.problems
        else:
            following = queries.next_after(queries.queue(viewer, found.intake_id), reference)
            if following is None:
                flash(_("Tous vos dossiers de cette campagne sont lus. Merci."), "done")
                return redirect(url_for(".queue"))
            return redirect(url_for(".review", reference=following))
    return _cockpit(queries.get_for(viewer, reference), problems)


def _scores(found: Review) -> dict[str, int | None]:
    """Return the score that the form gives for each criterion; None if it is absent or no whole number."""
    rubric = programmes.definition_of(queries.intake_of(found)).rubric
    return {each.key: number_sent(f"score-{each.key}") for each in rubric.criteria}


def _cockpit(found: Review, problems: Sequence[Problem]) -> ResponseReturnValue:
    viewer = guards.viewer()
    intake = queries.intake_of(found)
    definition = programmes.definition_of(intake)
    application, phase = queries.file_of(found), definition.rubric.files
    papers = queries.documents_of(application) if shows_papers(phase, found.scores) else ()
    rows = queries.queue(viewer, intake.id)
    mine = found.reviewer_id == viewer.person_id
    return render_template(
        "reviews/staff_review.html",
        review=found,
        intake=intake,
        application=application,
        rubric=definition.rubric,
        sections=sections_of(definition.form, application.answers, phase.hidden),
        documents=papers_shown(definition.form, papers, phase.hidden),
        papers=phase.papers,
        rows=_around(rows, found.reference),
        read=sum(1 for row in rows if row.state == ReviewState.SUBMITTED),
        total=sum(1 for row in rows if row.state != ReviewState.ABSTAINED),
        mine=mine,
        reader="" if mine else queries.reader_name(found),
        editable=mine and found.state in OPEN,
        reversible=mine and found.state == ReviewState.SUBMITTED,
        problems=problems,
        errors={problem.where: problem for problem in problems},
        fields={each.key: {"id": f"score-{each.key}-0"} for each in definition.rubric.criteria},
        scores=_typed() if problems else found.scores,
        comment=request.form.get("comment", "") if problems else found.comment,
    )


def _typed() -> dict[str, str]:
    return {name[6:]: value for name, value in request.form.items() if name.startswith("score-")}


def _around(rows: Sequence[Any], reference: str) -> Sequence[Any]:
    """Return the rows around the present one, so that a long list still fits beside the file."""
    place = next((i for i, row in enumerate(rows) if row.reference == reference), 0)
    start = max(0, min(place - AROUND, len(rows) - 2 * AROUND - 1))
    return rows[start : start + 2 * AROUND + 1]


@bp.route("/staff/reviews/<reference>/abstain", methods=["GET", "POST"])
@guards.staff
def abstain(reference: str) -> ResponseReturnValue:
    """Give a file back, with the reason."""
    viewer = guards.viewer()
    found = queries.get_for(viewer, reference)
    if found.reviewer_id != viewer.person_id:  # those who only follow the readings may not give one back
        raise NotFound(reference)
    form = AbstainForm(version=str(found.version))
    if form.validate_on_submit():
        try:
            with writing():
                actions.abstain(viewer, reference, form.reason.data or "", posted_version())
        except Refused as refusal:
            show_problems(form, refusal)
        else:
            flash(_("Vous vous êtes récusé de ce dossier : il ira à quelqu’un d’autre."), "done")
            return redirect(url_for(".queue"))
    return render_template(
        "reviews/staff_abstain.html", review=found, application=queries.file_of(found), form=form
    )


@bp.post("/staff/reviews/<reference>/reopen")
@guards.staff
def reopen(reference: str) -> ResponseReturnValue:
    """Reopen a reading, so that it can be corrected."""
    try:
        with writing():
            actions.reopen(guards.viewer(), reference, request.form.get("reason", ""))
    except Refused as refusal:
        return _cockpit(queries.get_for(guards.viewer(), reference), refusal.problems)
    flash(_("La lecture est rouverte : ses notes ne comptent plus jusqu’à sa remise."), "wait")
    return redirect(url_for(".review", reference=reference))


@bp.get("/staff/reviews/<reference>/documents/<document>")
@guards.staff
def document(reference: str, document: str) -> ResponseReturnValue:
    """Show a paper of the file, only inside the cockpit; the audit notes that it was read."""
    with writing():
        found = actions.read_document(guards.viewer(), reference, document)
    response = Response(storage.load(found.storage_key or ""), mimetype=found.media_type)
    response.headers["Content-Disposition"] = "inline"
    response.headers["Content-Security-Policy"] = _SHOWN_INSIDE
    response.headers["Cache-Control"] = "no-store"
    return response
