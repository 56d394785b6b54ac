"""Staff pages of payment runs: opening, computing, adjusting, approving, and the two files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts.guards import staff, survives, viewer
from cohortmgr.accounts.queries.viewers import names_of, second_people
from cohortmgr.accounts.rules import allows, require
from cohortmgr.base import clock
from cohortmgr.base.db import writing
from cohortmgr.base.errors import Problem, Refused
from cohortmgr.base.i18n import localized, say
from cohortmgr.base.text import fold
from cohortmgr.base.web.ordering import in_order
from cohortmgr.base.web.responses import posted_version, show_problems
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.cohorts.models import Cohort
from cohortmgr.stipends.actions import outcomes, payment_files
from cohortmgr.stipends.actions import runs as actions
from cohortmgr.stipends.forms import AdjustmentForm, BankDayForm, BankWordForm, CancelRunForm, MonthForm
from cohortmgr.stipends.models import StipendLine, StipendRun
from cohortmgr.stipends.months import following, month_of
from cohortmgr.stipends.queries import runs as queries
from cohortmgr.stipends.returned_accounts import RETURNED_ACCOUNT
from cohortmgr.stipends.rules import (
    OPEN,
    RUN_STATES,
    SETTLED,
    WITH_BANK,
    RunState,
    StipendLineState,
)

bp = Blueprint("stipends_staff", __name__)
RUN_ORDERS: Mapping[str, Callable[[StipendRun], Any]] = {
    "month": lambda run: run.month,
    "state": lambda run: [*RunState].index(RunState(run.state)),
    "lines": lambda run: run.lines,
    "total": lambda run: run.total_cents,
    "pay_on": lambda run: run.pay_on,
}
LINE_ORDERS: Mapping[str, Callable[[Any], Any]] = {
    "name": lambda row: fold(f"{row.family_name} {row.given_name}"),
    "company": lambda row: fold(localized(row.company)) if row.company else "",
    "gross": lambda row: row.StipendLine.gross_cents,
    "net": lambda row: row.StipendLine.net_cents,
    "state": lambda row: (
        row.StipendLine.state == StipendLineState.PAYABLE,
        row.StipendLine.paid_on is not None,
    ),
}
# What a figure above the lines counts.
CHOSEN: Mapping[str, Callable[[StipendLine], bool]] = {
    "payable": lambda line: line.state == StipendLineState.PAYABLE,
    "aside": lambda line: line.state == StipendLineState.SET_ASIDE and bool(line.exception),
    "adjusted": lambda line: bool(line.absences or line.arrears),
}


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
        kept = [each for each in found if each.state != RunState.CANCELLED]
        form.month.data = f"{following(kept[0].month) if kept else scheme.starts_month:%Y-%m}"
    page = render_template(
        "stipends/staff_runs.html",
        cohort=cohort,
        intake=cohorts.intake_of(cohort),
        runs=in_order(found, RUN_ORDERS, request.args.get("sort", "")),
        kept=[each for each in found if each.state != RunState.CANCELLED],
        answers=queries.bank_answers([each.id for each in found if each.state in WITH_BANK]),
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


def _run(
    reference: str,
    refusal: Refused | None,
    cancelling: CancelRunForm | None = None,
    ending: BankDayForm | None = None,
) -> str:
    found, cohort = queries.run_for(viewer(), reference)
    rows, chosen = queries.lines_of(found.id), request.args.get("which", "")
    shown = [row for row in rows if CHOSEN.get(chosen, lambda _line: True)(row.StipendLine)]
    state = RunState(found.state)
    wrong = {problem.where: problem for problem in refusal.problems} if refusal else {}
    return render_template(
        "stipends/staff_run.html",
        run=found,
        cohort=cohort,
        all=rows,
        rows=in_order(shown, LINE_ORDERS, request.args.get("sort", "")),
        chosen=chosen if chosen in CHOSEN else "",
        adjusted=sum(CHOSEN["adjusted"](row.StipendLine) for row in rows),
        totals=_totals([row.StipendLine for row in shown]),
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
        preparer=_preparer(found, cohort) if state is RunState.COMPUTED else "",
        approvers=second_people(
            viewer(),
            "stipends.approve",
            cohort.path,
            found.computed_by if state is RunState.COMPUTED else viewer().reference,
        )
        if state in OPEN
        else None,
        typing=wrong.pop("confirmation", None),
        with_bank=state in WITH_BANK,
        answer=queries.bank_answers([found.id]).get(found.id) if state in WITH_BANK else None,
        moved=queries.moved_accounts(found) if state in WITH_BANK else (),
        waiting=queries.waits_for_the_bank(found.id) if state in WITH_BANK else 0,
        cancellable=RUN_STATES.can(state, RunState.CANCELLED)
        and (
            allows(viewer(), "stipends.approve", cohort.path)
            or (state in OPEN and allows(viewer(), "stipends.prepare", cohort.path))
        ),
        cancelling=cancelling or CancelRunForm(formdata=None, version=str(found.version)),
        ending=ending or BankDayForm(formdata=None, day=clock.today()),
        problems=tuple(wrong.values()),
    )


def _preparer(found: StipendRun, cohort: Cohort) -> str:
    """The name of who computed a run, for whoever may approve it: nobody else is shown the card that says it."""
    if not allows(viewer(), "stipends.approve", cohort.path):
        return ""
    return names_of(found.computed_by).get(found.computed_by or "", "")


def _totals(lines: Sequence[StipendLine]) -> dict[str, int]:
    """What is paid by these lines: how many payments, and their amounts; what is set aside is in none of them."""
    paid = [line for line in lines if line.state == StipendLineState.PAYABLE]
    gross, net = sum(line.gross_cents for line in paid), sum(line.net_cents for line in paid)
    return {"payments": len(paid), "gross": gross, "net": net}


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


@bp.post("/staff/stipends/<reference>/cancel")
@staff
@survives
def cancel(reference: str) -> ResponseReturnValue:
    """Cancel the run, with the reason; its month can then be opened again."""
    found, cohort = queries.run_for(viewer(), reference)
    if not allows(viewer(), "stipends.prepare", cohort.path) or RunState(found.state) not in OPEN:
        require(viewer(), "stipends.approve", cohort.path)
    form = CancelRunForm()
    if form.validate_on_submit():
        try:
            with writing():
                outcomes.cancel(viewer(), reference, form.reason.data or "", posted_version() or 0)
        except Refused as refusal:
            show_problems(form, refusal)
        else:
            flash(
                _(
                    "L’état est annulé : aucun de ses montants ne sera payé. Le mois peut être ouvert de nouveau."
                ),
                "done",
            )
            return redirect(url_for(".runs", reference=cohort.reference))
    return _run(reference, None, cancelling=form), 422


@bp.post("/staff/stipends/<reference>/paid")
@staff
def mark_paid(reference: str) -> ResponseReturnValue:
    """Note that the bank paid all lines of which it has not said anything yet."""
    require(viewer(), "stipends.prepare", queries.run_for(viewer(), reference)[1].path)
    form = BankDayForm()
    if form.validate_on_submit():
        try:
            with writing():
                count = outcomes.mark_paid(viewer(), reference, form.day.data)
        except Refused as refusal:
            show_problems(form, refusal)
        else:
            flash(
                ngettext("%(num)s ligne marquée versée.", "%(num)s lignes marquées versées.", count), "done"
            )
            return redirect(url_for(".run", reference=reference))
    return _run(reference, None, ending=form), 422


@bp.post("/staff/stipend-lines/<reference>/bank")
@staff
@survives
def mark_line(reference: str) -> ResponseReturnValue:
    """Note what the bank said of one line: paid, or returned with a reason."""
    found = queries.get_for(viewer(), reference)
    owner, cohort = queries.run_for(viewer(), queries.run_of(found).reference)
    require(viewer(), "stipends.prepare", cohort.path)
    form = BankWordForm()
    if form.validate_on_submit():
        given = (form.day.data, bool(form.returned.data), form.because.data or "")
        try:
            with writing():
                outcomes.mark_line(viewer(), reference, *given)
        except Refused as refusal:
            for problem in refusal.problems:
                field = (
                    form.because
                    if problem.where == "reason"
                    else form.day
                    if problem.where == "day"
                    else None
                )
                if field is None:
                    form.form_errors.append(say(problem))
                else:
                    field.errors = [*field.errors, say(problem)]
        else:
            flash(_("Ce que la banque a dit est noté."), "done")
            return redirect(url_for(".line", reference=reference))
    return _line(reference, _adjustment(queries.get_for(viewer(), reference), owner.version), form), 422


@bp.post("/staff/stipend-lines/<reference>/account")
@staff
def confirm_account(reference: str) -> ResponseReturnValue:
    """Answer for an account from which a transfer came back: the line is paid to it again."""
    found = queries.get_for(viewer(), reference)
    require(viewer(), "stipends.prepare", queries.run_for(viewer(), queries.run_of(found).reference)[1].path)
    try:
        with writing():
            actions.confirm_account(viewer(), reference, posted_version() or 0)
    except Refused as refusal:
        flash(say(refusal.problems[0]), "stop")
    else:
        flash(_("Le compte est confirmé et l’état recalculé."), "done")
    return redirect(url_for(".line", reference=reference))


@bp.route("/staff/stipend-lines/<reference>", methods=["GET", "POST"])
@staff
@survives
def line(reference: str) -> ResponseReturnValue:
    """Show one line's sum, the form that adjusts it while it may change, and the bank's word."""
    found = queries.get_for(viewer(), reference)
    owner, cohort = queries.run_for(viewer(), queries.run_of(found).reference)
    if request.method == "POST":
        require(viewer(), "stipends.prepare", cohort.path)  # before the form, which tells others nothing
    form = _adjustment(found, owner.version)
    if form.validate_on_submit():
        try:
            days, version = form.absences.data, posted_version() or 0
            with writing():
                actions.adjust(viewer(), reference, days, form.arrears(), form.reason.data, version)
            flash(_("La ligne est ajustée et l’état recalculé."), "done")
            return redirect(url_for(".run", reference=owner.reference))
        except Refused as refusal:
            show_problems(form, refusal)
    return _line(reference, form, None), 422 if form.errors or form.form_errors else 200


def _adjustment(found: StipendLine, version: int) -> AdjustmentForm:
    given = found.arrears[0] if found.arrears else {}
    return AdjustmentForm(
        data={
            "version": version,
            "absences": found.absences,
            "arrears_month": given.get("month", "")[:7],
            "arrears_days": given.get("days"),
        }
    )


def _line(reference: str, form: AdjustmentForm, word: BankWordForm | None) -> str:
    with writing():
        found = queries.get_for(viewer(), reference)
        reason = actions.read_reason(viewer(), found)
    owner, cohort = queries.run_for(viewer(), queries.run_of(found).reference)
    state, may_prepare = RunState(owner.state), allows(viewer(), "stipends.prepare", cohort.path)
    payable = found.state == StipendLineState.PAYABLE
    return render_template(
        "stipends/staff_line.html",
        line=found,
        name=queries.name_of(found),
        file=cohorts.file_behind(found.enrolment_id),
        run=owner,
        cohort=cohort,
        reason=reason,
        form=form,
        word=word or BankWordForm(formdata=None, day=clock.today()),
        steps=[(Problem(item["what"], item["values"]), item["cents"]) for item in found.items],
        exception=Problem(found.exception["what"], found.exception["values"]) if found.exception else None,
        may_adjust=may_prepare
        and (state in OPEN or (state in SETTLED and not payable and found.taken_by_id is None)),
        may_confirm=may_prepare
        and state in OPEN
        and bool(found.exception and found.exception["what"] == RETURNED_ACCOUNT),
        may_mark=may_prepare and state in WITH_BANK and payable and found.taken_by_id is None,
    )


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
