"""The pages on which a reader takes marks out to a spreadsheet and brings them back in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from io import BytesIO

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from cohortmgr.accounts import guards
from cohortmgr.base.db import writing
from cohortmgr.base.errors import N_, NotFound, Problem, Refused, Stale
from cohortmgr.base.sheets.tables import read_limited, read_table
from cohortmgr.base.web.responses import show_problems
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rules import Rubric
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews import queries
from cohortmgr.reviews.marksheets import actions
from cohortmgr.reviews.marksheets import queries as sheets
from cohortmgr.reviews.marksheets.display import heads_of, workbook_of
from cohortmgr.reviews.marksheets.forms import MarksheetForm
from cohortmgr.reviews.marksheets.models import Marksheet
from cohortmgr.reviews.marksheets.rules import KeptRow, MarkedRow, heads_counted, marked_rows

bp = Blueprint("marksheets_staff", __name__)
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# A sheet of some hundred rows is far lighter.
MOST_BYTES = 2 * 1024 * 1024
Refusals = Sequence[tuple[str, Sequence[Problem]]]
_NOT_YOURS = N_("Ce dossier ne vous est pas confié.")
_ELSEWHERE = N_("Ce dossier a été noté ailleurs entre-temps : rien n’en est repris de la feuille.")


def _intake(reference: str) -> tuple[Intake, Rubric]:
    intake = queries.intake_for(guards.viewer(), reference, "reviews.score")
    return intake, programmes.definition_of(intake).rubric


@bp.route("/staff/intakes/<reference>/marks", methods=["GET", "POST"])
@guards.staff
def marks(reference: str) -> ResponseReturnValue:
    """Take a sheet of marks, and show what it would change; no mark is kept yet."""
    intake, rubric = _intake(reference)
    form = MarksheetForm()
    if form.validate_on_submit():
        try:
            rows = _read(intake, rubric, form)
        except Refused as refusal:
            show_problems(form, refusal)
        else:
            with writing():
                sheet = actions.keep_sheet(guards.viewer(), intake, rows)
            return _page(intake, rubric, form, rows, sheet)
    return _page(intake, rubric, form)


def _page(
    intake: Intake,
    rubric: Rubric,
    form: MarksheetForm,
    rows: Collection[MarkedRow] | None = None,
    sheet: Marksheet | None = None,
    refused: Refusals = (),
) -> ResponseReturnValue:
    return render_template(
        "reviews/marksheets/staff_marks.html",
        intake=intake, rubric=rubric, form=form, rows=rows, sheet=sheet, refused=refused,
    )  # fmt: skip


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
    other. A row that would take newer marks away is taken if it was ticked."""
    intake, rubric = _intake(reference)
    form, ticked = MarksheetForm(formdata=None), set(request.form.getlist("take"))
    try:
        rows = actions.rows_of(guards.viewer(), intake, request.form.get("sheet", ""))
    except Refused as refusal:
        show_problems(form, refusal)
        return _page(intake, rubric, form)
    wanted = [row for row in rows if not row.is_clash or row.reading in ticked]
    refused = _taken(wanted)
    kept = len(wanted) - len(refused)
    if kept:
        flash(ngettext("%(num)s lecture est reprise.", "%(num)s lectures sont reprises.", kept), "done")
    if not refused:
        return redirect(url_for("reading_staff.queue"))
    return _page(intake, rubric, form, refused=refused)


def _taken(rows: Sequence[KeptRow]) -> Refusals:
    """Take rows, and return the numbers of those that are refused, with why."""
    refused: list[tuple[str, Sequence[Problem]]] = []
    for row in rows:
        try:
            with writing():
                actions.take(guards.viewer(), row, hand_in=bool(request.form.get("hand_in")))
        except Refused as refusal:
            refused.append((row.number, refusal.problems))
        except NotFound:
            refused.append((row.number, (Problem(_NOT_YOURS),)))
        except Stale:
            refused.append((row.number, (Problem(_ELSEWHERE),)))
    return refused
