"""Staff pages of payment runs: opening, computing, adjusting, approving, and the two files."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts.guards import staff, viewer
from cohortmgr.accounts.rules import allows, require
from cohortmgr.base.db import writing
from cohortmgr.base.errors import Problem, Refused
from cohortmgr.base.web.responses import posted_version, show_problems
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.stipends import queries
from cohortmgr.stipends.actions import payment_files
from cohortmgr.stipends.actions import runs as actions
from cohortmgr.stipends.forms import AdjustmentForm, MonthForm
from cohortmgr.stipends.rules import (
    OPEN,
    RUN_STATES,
    SETTLED,
    RunState,
    StipendLineState,
    following,
    month_of,
)

bp = Blueprint("stipends_staff", __name__)


@bp.route("/staff/cohorts/<reference>/stipends", methods=["GET", "POST"])
@staff
def runs(reference: str) -> ResponseReturnValue:
    """List the runs of a cohort, with a form that opens the run of a month."""
    opens = request.method == "POST"
    cohort = cohorts.get_for(viewer(), reference, "stipends.prepare" if opens else "stipends.read")
    form = MonthForm()
    if form.validate_on_submit():
        try:
            with writing():
                run = actions.open_run(viewer(), reference, month_of(form.month.data))
            return redirect(url_for(".run", reference=run.reference))
        except Refused as refusal:
            show_problems(form, refusal)
    found = queries.runs_of(cohort.id)
    scheme = queries.scheme_of(cohort)
    if not form.is_submitted() and scheme is not None:
        form.month.data = f"{following(found[0].month) if found else scheme.starts_month:%Y-%m}"
    page = render_template(
        "stipends/staff_runs.html",
        cohort=cohort,
        intake=cohorts.intake_of(cohort),
        runs=found,
        scheme=scheme,
        form=form,
        names=RUN_STATES.names,
        may_prepare=allows(viewer(), "stipends.prepare", cohort.path),
    )
    return page, 422 if form.errors or form.form_errors else 200


@bp.get("/staff/stipends/<reference>")
@staff
def run(reference: str) -> ResponseReturnValue:
    """Show the lines of a run, what is set aside and why, the total, and the next step."""
    return _run(reference, None)


def _run(reference: str, refusal: Refused | None) -> str:
    found, cohort = queries.run_for(viewer(), reference)
    rows = queries.lines_of(found.id)
    state = RunState(found.state)
    wrong = {problem.where: problem for problem in refusal.problems} if refusal else {}
    return render_template(
        "stipends/staff_run.html",
        run=found,
        cohort=cohort,
        rows=rows,
        unpaid=[
            (row, Problem(row.StipendLine.exception["what"], row.StipendLine.exception["values"]))
            for row in rows
            if row.StipendLine.state == StipendLineState.SET_ASIDE and row.StipendLine.exception
        ],
        names=RUN_STATES.names,
        meaning=RUN_STATES.meanings[state],
        open=state in OPEN,
        computed=state is RunState.COMPUTED,
        settled=state in SETTLED,
        may_prepare=allows(viewer(), "stipends.prepare", cohort.path),
        may_approve=allows(viewer(), "stipends.approve", cohort.path),
        mine=found.computed_by == viewer().reference,
        typing=wrong.pop("confirmation", None),
        problems=tuple(wrong.values()),
    )


@bp.post("/staff/stipends/<reference>/compute")
@staff
def compute(reference: str) -> ResponseReturnValue:
    """Compute every line again."""
    try:
        with writing():
            actions.compute(viewer(), reference)
    except Refused as refusal:
        return _run(reference, refusal), 422
    flash(_("Les montants sont calculés. Une deuxième personne doit les approuver."), "done")
    return redirect(url_for(".run", reference=reference))


@bp.post("/staff/stipends/<reference>/approve")
@staff
def approve(reference: str) -> ResponseReturnValue:
    """Approve the run: freeze the amounts and show them to their people."""
    typed, version = request.form.get("confirmation", ""), posted_version() or 0
    try:
        with writing():
            actions.approve(viewer(), reference, typed, version)
    except Refused as refusal:
        return _run(reference, refusal), 422
    flash(_("L’état de paiement est approuvé ; chacun voit désormais le détail de sa bourse."), "done")
    return redirect(url_for(".run", reference=reference))


@bp.route("/staff/stipend-lines/<reference>", methods=["GET", "POST"])
@staff
def line(reference: str) -> ResponseReturnValue:
    """Show one line's sum, and the form that adjusts it while the run is open."""
    found = queries.get_for(viewer(), reference)
    owner, cohort = queries.run_for(viewer(), queries.run_of(found).reference)
    if request.method == "POST":
        require(viewer(), "stipends.prepare", cohort.path)  # before the form, which tells others nothing
    given = found.arrears[0] if found.arrears else {}
    form = AdjustmentForm(
        data={
            "version": owner.version,
            "absences": found.absences,
            "arrears_month": given.get("month", "")[:7],
            "arrears_days": given.get("days"),
        }
    )
    if form.validate_on_submit():
        try:
            days, version = form.absences.data, posted_version() or 0
            with writing():
                actions.adjust(viewer(), reference, days, form.arrears(), form.reason.data, version)
            flash(_("La ligne est ajustée et l’état recalculé."), "done")
            return redirect(url_for(".run", reference=owner.reference))
        except Refused as refusal:
            show_problems(form, refusal)
    with writing():
        found = queries.get_for(viewer(), reference)
        reason = actions.read_reason(viewer(), found)
    page = render_template(
        "stipends/staff_line.html",
        line=found,
        name=queries.name_of(found),
        run=owner,
        cohort=cohort,
        reason=reason,
        form=form,
        steps=[(Problem(item["what"], item["values"]), item["cents"]) for item in found.items],
        exception=Problem(found.exception["what"], found.exception["values"]) if found.exception else None,
        may_adjust=allows(viewer(), "stipends.prepare", cohort.path) and RunState(owner.state) in OPEN,
    )
    return page, 422 if form.errors or form.form_errors else 200


@bp.post("/staff/stipends/<reference>/bank-file.csv")
@staff
def bank_file(reference: str) -> ResponseReturnValue:
    """Download the bank's file. The audit notes it, and the run counts as handed to the bank."""
    try:
        with writing():
            made = payment_files.bank_file(viewer(), reference)
    except Refused as refusal:
        return _run(reference, refusal), 422
    headers = {"Content-Disposition": f'attachment; filename="{made.name}"', "Cache-Control": "no-store"}
    return Response(made.data, mimetype="text/csv", headers=headers)


@bp.get("/staff/stipends/<reference>/list")
@staff
def payment_list(reference: str) -> ResponseReturnValue:
    """Show the payment list to print and sign. The audit notes the reading, because the list holds whole RIBs."""
    with writing():
        sheet = payment_files.payment_sheet(viewer(), reference)
    return render_template("stipends/staff_list.html", sheet=sheet, run=sheet.run, cohort=sheet.cohort)
