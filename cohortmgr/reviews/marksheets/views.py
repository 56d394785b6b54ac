"""The pages on which a reader takes marks out to a spreadsheet and brings them back in."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from cohortmgr.accounts import guards
from cohortmgr.base.db import writing
from cohortmgr.base.errors import N_, Problem, Refused, Stale
from cohortmgr.base.sheets.tables import read_limited, read_table
from cohortmgr.base.web.asked import number_sent
from cohortmgr.base.web.responses import show_problems
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rules import Rubric
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews import queries
from cohortmgr.reviews.marksheets import queries as sheets
from cohortmgr.reviews.marksheets.display import heads_of, workbook_of
from cohortmgr.reviews.marksheets.forms import MarksheetForm
from cohortmgr.reviews.marksheets.rules import MarkedRow, OwnReading, heads_counted, marked_rows
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.rules import OPEN

bp = Blueprint("marksheets_staff", __name__)
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# A sheet of some hundred rows is far lighter.
MOST_BYTES = 2 * 1024 * 1024
_ELSEWHERE = N_("Ce dossier a été noté ailleurs entre-temps : rien n’en est repris de la feuille.")


def _intake(reference: str) -> tuple[Intake, Rubric]:
    intake = queries.intake_for(guards.viewer(), reference, "reviews.score")
    return intake, programmes.definition_of(intake).rubric


@bp.route("/staff/intakes/<reference>/marks", methods=["GET", "POST"])
@guards.staff
def marks(reference: str) -> ResponseReturnValue:
    """Take a sheet of marks, and show what it would change; nothing is kept yet."""
    intake, rubric = _intake(reference)
    form = MarksheetForm()
    rows: list[MarkedRow] | None = None
    if form.validate_on_submit():
        try:
            rows = _read(intake, rubric, form)
        except Refused as refusal:
            show_problems(form, refusal)
    return render_template(
        "reviews/marksheets/staff_marks.html", intake=intake, rubric=rubric, form=form, rows=rows, refused=()
    )


def _read(intake: Intake, rubric: Rubric, form: MarksheetForm) -> list[MarkedRow]:
    known = heads_of(rubric)
    data = read_limited(form.file.data.stream, MOST_BYTES)
    table = read_table(data, named=lambda cells: heads_counted(cells, known))
    return marked_rows(table, rubric, sheets.own_readings(guards.viewer(), intake), known)


@bp.get("/staff/intakes/<reference>/marks.xlsx")
@guards.staff
def workbook(reference: str) -> ResponseReturnValue:
    """Send one's own marks as a workbook."""
    intake, rubric = _intake(reference)
    data = workbook_of(intake.title, rubric, sheets.own_readings(guards.viewer(), intake))
    name = f"{programmes.definition_of(intake).key}-{intake.key}.xlsx"
    return send_file(BytesIO(data), mimetype=_XLSX, as_attachment=True, download_name=name, max_age=0)


@bp.post("/staff/intakes/<reference>/marks/keep")
@guards.staff
def keep(reference: str) -> ResponseReturnValue:
    """Keep the marks of a sheet that was looked at; each reading by itself, so that one that is refused holds up no
    other."""
    intake, rubric = _intake(reference)
    open_ones = [each for each in sheets.own_readings(guards.viewer(), intake) if each.state in OPEN]
    wanted = [each for each in open_ones if f"version-{each.reference}" in request.form]
    refused: list[tuple[str, Sequence[Problem]]] = []
    for each in wanted:
        try:
            with writing():
                _keep(each, rubric)
        except Refused as refusal:
            refused.append((each.number, refusal.problems))
        except Stale:
            refused.append((each.number, (Problem(_ELSEWHERE),)))
    kept = len(wanted) - len(refused)
    if kept:
        flash(ngettext("%(num)s lecture est reprise.", "%(num)s lectures sont reprises.", kept), "done")
    if not refused:
        return redirect(url_for("reading_staff.queue"))
    return render_template(
        "reviews/marksheets/staff_marks.html",
        intake=intake, rubric=rubric, form=MarksheetForm(formdata=None), rows=None, refused=refused,
    )  # fmt: skip


def _keep(own: OwnReading, rubric: Rubric) -> None:
    reference, viewer = own.reference, guards.viewer()
    scores = {each.key: number_sent(f"score-{reference}-{each.key}") for each in rubric.criteria}
    comment, version = request.form.get(f"comment-{reference}", ""), number_sent(f"version-{reference}")
    flag = queries.get_for(viewer, reference).to_discuss
    if request.form.get("hand_in") and None not in scores.values():
        reading.score(viewer, reference, scores, comment, version, to_discuss=flag)
    else:
        reading.draft(viewer, reference, scores, comment, to_discuss=flag, version=version)
