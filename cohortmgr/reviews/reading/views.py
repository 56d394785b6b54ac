"""The pages of a reader: the queue, and the cockpit with list, file and rubric side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.base import storage
from cohortmgr.base.db import writing
from cohortmgr.base.errors import NotFound, Problem, Refused
from cohortmgr.base.i18n import localized
from cohortmgr.base.text import fold
from cohortmgr.base.web.asked import number_sent
from cohortmgr.base.web.ordering import in_order
from cohortmgr.base.web.responses import posted_version, show_problems
from cohortmgr.programmes import queries as programmes
from cohortmgr.reviews import queries
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.reading import actions
from cohortmgr.reviews.reading import queries as own
from cohortmgr.reviews.reading.display import papers_shown, sections_of
from cohortmgr.reviews.reading.forms import AbstainForm
from cohortmgr.reviews.rules import OPEN, ReviewState, shows_papers

bp = Blueprint("reading_staff", __name__)
QUEUE_ORDERS: Mapping[str, Callable[[Any], Any]] = {
    "number": lambda row: row.number,
    "intake": lambda row: fold(localized(row.intake_title)),
    "state": lambda row: [*ReviewState].index(ReviewState(row.state)),
    "mark": lambda row: row.total_thousandths,
}


AROUND = 6


# A paper may be framed by our own cockpit, and may run no script.
_SHOWN_INSIDE = "default-src 'none'; frame-ancestors 'self'; style-src 'unsafe-inline'"


@bp.get("/staff/reviews")
@guards.staff
def queue() -> ResponseReturnValue:
    """Show the viewer's own readings, the open ones first."""
    rows = own.queue(guards.viewer())
    first, withheld = own.next_after(rows, ""), queries.withheld_from(guards.viewer())
    shown = in_order(rows, QUEUE_ORDERS, request.args.get("sort", ""))
    return render_template("reviews/reading/staff_queue.html", rows=shown, first=first, withheld=withheld)


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
            following = own.next_after(own.queue(viewer, found.intake_id), reference)
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
    papers = own.documents_of(application) if shows_papers(phase, found.scores) else ()
    rows = own.queue(viewer, intake.id)
    mine = found.reviewer_id == viewer.person_id
    return render_template(
        "reviews/reading/staff_review.html",
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
        "reviews/reading/staff_abstain.html", review=found, application=queries.file_of(found), form=form
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
