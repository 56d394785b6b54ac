"""The page of the files on which readers disagree, for those who follow the readings."""

from __future__ import annotations

from flask import Blueprint, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards
from cohortmgr.base.db import writing
from cohortmgr.base.paging import Page
from cohortmgr.base.web.asked import place_asked
from cohortmgr.base.web.reading import reading
from cohortmgr.jobs.models import KeptResult
from cohortmgr.jobs.queries import advance_to, is_due
from cohortmgr.jobs.rules import Advance
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rules import Rubric, RubricPhase
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews import queries
from cohortmgr.reviews.discussion import queries as discussions
from cohortmgr.reviews.gaps import actions as keeping
from cohortmgr.reviews.gaps import queries as found
from cohortmgr.reviews.phases.display import name_of
from cohortmgr.reviews.phases.queries import closings_of

bp = Blueprint("discussion_staff", __name__)


@bp.get("/staff/intakes/<reference>/reviews/gaps")
@guards.staff
@reading
def gaps(reference: str) -> ResponseReturnValue:
    """List the files whose readings lie far apart, or that a reader wants discussed, with each reading's marks."""
    viewer = guards.viewer()
    intake = queries.intake_for(viewer, reference)
    rubric = programmes.definition_of(intake).rubric
    phase = _asked(rubric)
    page, kept, advance = _gaps(intake, rubric, phase)
    files = [row[0].id for row in page.rows] if page else []
    return render_template(
        "reviews/discussion/staff_gaps.html",
        intake=intake,
        rubric=phase,
        phases=[(each.key, name_of(each)) for each in rubric.phases if each.is_read],
        over=phase.key in closings_of(intake),
        points=phase.gap_points,
        page=page,
        kept=kept,
        advance=advance,
        readings=discussions.readings_by_file(viewer, files, phase),
    )


def _asked(rubric: Rubric) -> RubricPhase:
    """The phase that the address names, of those that people mark; else that of files, or the first."""
    asked, read = request.args.get("phase", ""), [each for each in rubric.phases if each.is_read]
    usual = read[0] if read and not rubric.files.criteria else rubric.files
    return next((each for each in read if each.key == asked), usual)


def _gaps(
    intake: Intake, rubric: Rubric, phase: RubricPhase
) -> tuple[Page | None, KeptResult | None, Advance]:
    """Return a page of the files on which readers disagree; of a large intake as the worker last found them where files
    are read, None before the first time, and others are asked for if these are old."""
    viewer = guards.viewer()
    if phase is not rubric.files or not queries.has_many(intake):
        return discussions.gaps_in(viewer, intake, phase, place_asked()), None, Advance()
    kept = found.kept_gaps(intake)
    if is_due(kept):
        with writing():
            keeping.ask(viewer, intake)
        kept = found.kept_gaps(intake)
    advance = advance_to(kept)
    if kept is None or not kept.made_at:
        return None, kept, advance
    return found.kept_page(viewer, intake, kept, place_asked()), kept, advance


@bp.get("/staff/intakes/<reference>/reviews/gaps/figures")
@guards.staff
def looking(reference: str) -> ResponseReturnValue:
    """Return how far the worker is with the gaps of a large intake, as JSON, for the page that waits."""
    kept = found.kept_gaps(queries.intake_for(guards.viewer(), reference))
    advance = advance_to(kept)
    return jsonify(percentage=advance.percentage, text="", done=not advance.goes_on)
