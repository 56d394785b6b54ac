"""The page of the files on which readers disagree, for those who follow the readings."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards
from cohortmgr.base.web.asked import place_asked
from cohortmgr.base.web.reading import reading
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rules import Rubric, RubricPhase
from cohortmgr.reviews import queries
from cohortmgr.reviews.discussion import queries as discussions
from cohortmgr.reviews.rules import MOST_AT_ONCE

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
    page = None if queries.has_many(intake) else discussions.gaps_in(viewer, intake, phase, place_asked())
    files = [row[0].id for row in page.rows] if page else []
    return render_template(
        "reviews/discussion/staff_gaps.html",
        intake=intake,
        rubric=phase,
        points=phase.gap_points,
        page=page,
        most=MOST_AT_ONCE,
        readings=discussions.readings_by_file(viewer, files, phase),
    )


def _asked(rubric: Rubric) -> RubricPhase:
    """The phase that the address names, of those that people mark; else that of files, or the first."""
    asked, read = request.args.get("phase", ""), [each for each in rubric.phases if each.is_read]
    usual = read[0] if read and not rubric.files.criteria else rubric.files
    return next((each for each in read if each.key == asked), usual)
