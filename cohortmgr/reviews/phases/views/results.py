"""The pages on which the results of a test come in from a sheet, for staff."""

from __future__ import annotations

import json
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts import guards
from cohortmgr.base.db import writing
from cohortmgr.base.errors import N_, NotFound, Problem, Refused
from cohortmgr.base.sheets.tables import read_limited, read_table
from cohortmgr.base.text import fold
from cohortmgr.base.typed import whole
from cohortmgr.base.web.responses import show_problems
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rules import PhaseKind, RubricPhase
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews import queries
from cohortmgr.reviews.phases import queries as found
from cohortmgr.reviews.phases.actions import noting
from cohortmgr.reviews.phases.display import heads_of, name_of, workbook_of
from cohortmgr.reviews.phases.forms import ResultsForm
from cohortmgr.reviews.phases.result_rows import MOST_ROWS, ResultRow, heads_counted, result_rows

bp = Blueprint("results_staff", __name__)
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_BYTES = 4 * 1024 * 1024
# The rows that the preview shows; all that are wrong stand above them.
SHOWN = 100
_UNREADABLE = N_("La page envoyée est incomplète : choisissez la feuille de nouveau.")


def _test(reference: str, key: str) -> tuple[Intake, RubricPhase]:
    intake = queries.intake_for(guards.viewer(), reference, "reviews.assign")
    for phase in programmes.definition_of(intake).rubric.phases:
        if phase.key == key and phase.kind is PhaseKind.TEST:
            return intake, phase
    raise NotFound(key)


@bp.route("/staff/intakes/<reference>/phases/<phase>/results", methods=["GET", "POST"])
@guards.staff
def results(reference: str, phase: str) -> ResponseReturnValue:
    """Take a sheet of results, and show what it says; nothing is kept yet."""
    intake, test = _test(reference, phase)
    form = ResultsForm()
    rows: list[ResultRow] | None = None
    if form.validate_on_submit():
        try:
            rows = _read(intake, test, form)
        except Refused as refusal:
            show_problems(form, refusal)
    return _page(intake, test, form, rows)


def _page(
    intake: Intake,
    test: RubricPhase,
    form: ResultsForm,
    rows: Sequence[ResultRow] | None,
    problems: Sequence[Problem] = (),
) -> ResponseReturnValue:
    wrong = [row for row in rows or () if row.problems]
    return render_template(
        "reviews/phases/staff_results.html",
        intake=intake,
        phase=test,
        name=name_of(test),
        form=form,
        rows=rows,
        wrong=wrong,
        shown=list(rows or ())[:SHOWN],
        sound=_as_text([row for row in rows or () if not row.problems]),
        noted=len(found.results_of(intake, test.key)),
        files=found.count_in(intake, test.key),
        problems=problems,
    )


def _read(intake: Intake, test: RubricPhase, form: ResultsForm) -> list[ResultRow]:
    known = heads_of(test)
    data = read_limited(form.file.data.stream, MOST_BYTES)
    table = read_table(data, named=lambda cells: heads_counted(cells, known))
    files = found.files_in(intake, test.key)
    numbers = {fold(number): number for number in files}
    numbers |= {fold(file.reference): number for number, file in files.items()}
    return result_rows(table, test, known, numbers)


def _as_text(rows: Sequence[ResultRow]) -> str:
    """The rows that may be kept, as the page carries them to the next press: one field whatever their number."""
    return json.dumps([[row.number, None if row.absent else row.scores] for row in rows])


def _from_text(text: str) -> list[ResultRow]:
    """Read what `_as_text` wrote, which anybody may have changed. Raises Refused if it is anything else."""
    try:
        given = json.loads(text)
        rows = [_row(place, each) for place, each in enumerate(given, start=1)]
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise Refused(_UNREADABLE) from None
    if not rows or len(rows) > MOST_ROWS:
        raise Refused(_UNREADABLE)
    return rows


def _row(line: int, each: Any) -> ResultRow:
    number, scores = each
    if scores is None:
        return ResultRow(line, str(number), {}, absent=True)
    found_scores = {str(key): whole(str(mark)) for key, mark in scores.items()}
    return ResultRow(line, str(number), {key: mark for key, mark in found_scores.items() if mark is not None})


@bp.get("/staff/intakes/<reference>/phases/<phase>/results.xlsx")
@guards.staff
def workbook(reference: str, phase: str) -> ResponseReturnValue:
    """Send the sheet to be filled in: a row for each file of the phase."""
    intake, test = _test(reference, phase)
    files = found.files_in(intake, test.key)
    names = {file.id: number for number, file in files.items()}
    results = found.results_of(intake, test.key)
    held = {
        names[each.application_id]: None if each.absent else each.scores
        for each in results
        if each.application_id in names
    }
    data = workbook_of(intake.title, test, list(files), held)
    name = f"{programmes.definition_of(intake).key}-{intake.key}-{test.key}.xlsx"
    return send_file(BytesIO(data), mimetype=_XLSX, as_attachment=True, download_name=name, max_age=0)


@bp.post("/staff/intakes/<reference>/phases/<phase>/results/keep")
@guards.staff
def keep(reference: str, phase: str) -> ResponseReturnValue:
    """Keep the results of a sheet that was looked at."""
    intake, test = _test(reference, phase)
    try:
        rows = _from_text(request.form.get("rows", ""))
        with writing():
            changed = noting.keep_results(guards.viewer(), reference, phase, rows)
    except Refused as refusal:
        return _page(intake, test, ResultsForm(formdata=None), None, refusal.problems)
    if changed:
        flash(ngettext("%(num)s résultat est gardé.", "%(num)s résultats sont gardés.", changed), "done")
    else:
        flash(_("Ces résultats étaient déjà gardés : rien n’a changé."), "info")
    return redirect(url_for("phases_staff.phases", reference=reference))
