"""Acts of payment: taking bank details, opening and computing runs, adjusting lines, approving as a second person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import sqlalchemy as sa

from cohortmgr.accounts.bank import check_rib
from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer, require, require_second_person
from cohortmgr.applications.file import queries as applications
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem, Refused, Stale
from cohortmgr.base.text import new_reference, says_number
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.cohorts.holidays import national_holidays, pay_day, working_days
from cohortmgr.cohorts.models import Cohort, Enrolment
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rules import AbsenceRule, Payer, StipendScheme
from cohortmgr.programmes.models import Intake
from cohortmgr.stipends import queries
from cohortmgr.stipends.models import BankDetails, StipendLine, StipendRun
from cohortmgr.stipends.payments import Payee, PaymentList, payment_list
from cohortmgr.stipends.rules import (
    OPEN,
    PAYABLE,
    RUN_STATES,
    SETTLED,
    Arrear,
    RunState,
    StipendLineState,
    UnpaidAmount,
    compute_line,
    following,
    months_before,
    payable_from,
    prepared_from,
    require_begun,
    require_payable_month,
)
from cohortmgr.stipends.rules import StipendSum as Sum

_NO_STIPEND = N_("Ce programme ne verse pas de bourse.")


def take_bank_details(viewer: Viewer, enrolment: Enrolment, application: Application) -> None:
    """Store the RIB of an application for its enrolment, sealed for its new place; called at the enrolment.

    Without a valid RIB nothing happens: the payment run then names the person among its exceptions.
    """
    rib = _rib_of(application)
    if rib is None:
        return
    mine = (
        BankDetails.institution_id == enrolment.institution_id,
        BankDetails.person_id == enrolment.person_id,
    )
    row = db.session.scalar(sa.select(BankDetails).where(*mine)) or BankDetails(
        reference=new_reference(), institution_id=enrolment.institution_id, person_id=enrolment.person_id
    )
    if row.blind == crypto.blind_index("rib", rib):
        return
    row.sealed = crypto.seal(rib, "bank_details", "sealed", row.reference)
    row.blind, row.last4, row.taken_at = crypto.blind_index("rib", rib), rib[-4:], clock.now()
    db.session.add(row)
    person = db.session.get_one(Person, enrolment.person_id)
    record(
        viewer,
        "stipends.take_bank_details",
        about(row, person.reference),
        after={"last4": row.last4, "application": application.reference},
    )


def take_given_later(viewer: Viewer, application: Application) -> None:
    """Do the same for a RIB that was given after the acceptance.

    If there is no enrolment yet, nothing is done: the enrolment will take the RIB when it is made."""
    enrolment = db.session.scalar(sa.select(Enrolment).where(Enrolment.application_id == application.id))
    if enrolment is not None:
        take_bank_details(viewer, enrolment, application)


def _rib_of(application: Application) -> str | None:
    intake = db.session.get_one(Intake, application.intake_id)
    questions = programmes.definition_of(intake).form.questions
    question = next((each for each in questions if each.target == "bank.rib"), None)
    if question is None:
        return None
    answers = applications.sealed_answers(application) if question.sealed else application.answers
    try:
        return check_rib(str(answers.get(question.key) or ""))
    except Refused:
        return None


def open_run(viewer: Viewer, cohort_reference: str, month: date) -> StipendRun:
    """Open the run of a cohort for a month, or return the one that exists. Refused outside of the scheme's months, and
    before the day from which the month is prepared."""
    cohort = cohorts.get_for(viewer, cohort_reference, "stipends.read")
    require(viewer, "stipends.prepare", cohort.path)
    scheme = _scheme(cohort)
    month = month.replace(day=1)
    require_payable_month(month, scheme.starts_month, scheme.months)
    db.session.execute(sa.select(Cohort.id).where(Cohort.id == cohort.id).with_for_update())
    known = queries.run_of_month(cohort.id, month)
    if known is not None:
        return known
    require_begun(month, prepared_from(month, scheme.arrears), clock.today())
    paid_in = following(month) if scheme.arrears else month
    run = StipendRun(
        institution_id=cohort.institution_id,
        cohort_id=cohort.id,
        month=month,
        pay_on=pay_day(paid_in, queries.holidays_of(cohort)),
        state=RunState.DRAFT.value,
    )
    db.session.add(run)
    db.session.flush()
    record(
        viewer,
        "stipends.open_run",
        about(run),
        after={"month": month.isoformat(), "cohort": cohort.reference},
    )
    return run


def compute(viewer: Viewer, run_reference: str) -> StipendRun:
    """Compute every line of a run again, keeping finance's adjustments.

    Lines that cannot be paid are set aside with the reason. The RIBs are opened to check them, and the audit
    notes the computation. Refused once the run is approved.
    """
    run, cohort = queries.run_for(viewer, run_reference)
    require(viewer, "stipends.prepare", cohort.path)
    db.session.refresh(run, with_for_update=True)
    _require_open(run)
    _compute(viewer, run, cohort)
    exceptions = [line.exception for line in _lines(run).values() if line.exception]
    after = {"lines": run.lines, "total_cents": run.total_cents, "set_aside": exceptions}
    record(viewer, "stipends.compute", about(run), after=after)
    return run


def adjust(
    viewer: Viewer,
    line_reference: str,
    absences: int,
    arrears: Sequence[Arrear],
    reason: str,
    version: int,
) -> StipendLine:
    """Set the absences and arrears of one line, with a reason that is kept sealed, and compute the run again.

    `version` is the run's. Refused without a reason, for impossible days, and once the run is approved.
    """
    line = queries.get_for(viewer, line_reference)
    run, cohort = queries.run_for(viewer, queries.run_of(line).reference)
    require(viewer, "stipends.prepare", cohort.path)
    _require_open(run)
    given = [{"month": a.month.isoformat(), "days": a.days, "of": a.of} for a in arrears]
    if run.version != version:
        if (line.absences, line.arrears) == (absences, given):
            return line
        raise Stale(run.reference)
    if not reason.strip():
        raise Refused(Problem(N_("Écrivez le motif : il explique ce montant plus tard."), {}, "reason"))
    before = {"absences": line.absences, "arrears": line.arrears, "net_cents": line.net_cents}
    line.absences = absences
    line.arrears = given
    line.reason_sealed = crypto.seal(reason.strip(), "stipend_lines", "reason", line.reference)
    _compute(viewer, run, cohort)
    after = {"absences": absences, "arrears": line.arrears, "net_cents": line.net_cents, "reason": reason}
    person = db.session.get_one(Person, line.person_id)
    record(viewer, "stipends.adjust", about(line, person.reference), before=before, after=after)
    return line


def approve(viewer: Viewer, run_reference: str, typed: str, version: int) -> StipendRun:
    """Approve a run: freeze its amounts and show its lines to their people.

    The approver is not the person who computed it. `typed` is the number of payments as the approver wrote
    it. Approving again changes nothing. Refused before the day from which the month is payable, and while an
    earlier month is not settled, because this run takes over what that month sets aside or cannot take back.
    """
    run, cohort = queries.run_for(viewer, run_reference)
    require(viewer, "stipends.approve", cohort.path)
    if RunState(run.state) in SETTLED:
        return run
    RUN_STATES.move(run.state, RunState.APPROVED)
    require_second_person(run.computed_by or "", viewer.reference)
    if run.version != version:
        raise Stale(run_reference)
    db.session.execute(sa.select(Cohort.id).where(Cohort.id == cohort.id).with_for_update())
    _require_in_order(run, cohort)
    require_begun(run.month, payable_from(run.month, _scheme(cohort).arrears), clock.today(), PAYABLE)
    if not _lines(run):
        raise Refused(N_("Aucune ligne de cet état ne peut être payée."))
    if not says_number(typed, run.lines):
        what = N_("Écrivez le nombre de paiements, %(count)s, pour approuver.")
        raise Refused(Problem(what, {"count": run.lines}, "confirmation"))
    moment = clock.now()
    claimed = (
        sa.update(StipendRun)
        .where(
            StipendRun.id == run.id,
            StipendRun.state == RunState.COMPUTED.value,
            StipendRun.version == version,
        )
        .values(state=RunState.APPROVED.value, approved_by=viewer.reference, approved_at=moment)
        .values(version=StipendRun.version + 1)
        .returning(StipendRun.id)
        .execution_options(synchronize_session=False)
    )
    if db.session.scalar(claimed) is None:
        raise Stale(run_reference)
    db.session.execute(
        sa.update(StipendLine)
        .where(StipendLine.run_id == run.id, StipendLine.state == StipendLineState.PAYABLE.value)
        .values(released_at=moment)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(run)
    record(viewer, "stipends.approve", about(run), after={"lines": run.lines, "total_cents": run.total_cents})
    return run


def read_reason(viewer: Viewer, line: StipendLine) -> str | None:
    """Open and return the reason of an adjustment, or None. The audit notes that it was read."""
    if line.reason_sealed is None:
        return None
    person = db.session.get_one(Person, line.person_id)
    record(viewer, "stipends.read_reason", about(line, person.reference))
    return crypto.unseal(line.reason_sealed, "stipend_lines", "reason", line.reference)


def _require_in_order(run: StipendRun, cohort: Cohort) -> None:
    done = {each.month for each in queries.runs_of(cohort.id) if RunState(each.state) not in OPEN}
    for month in months_before(run.month, _scheme(cohort).starts_month):
        if month not in done and queries.to_pay(cohort.id, month):
            what = N_(
                "Le mois %(month)s n’est pas approuvé : approuvez-le d’abord, les mois se paient dans l’ordre."
            )
            raise Refused(Problem(what, {"month": f"{month:%m/%Y}"}))


def _scheme(cohort: Cohort) -> StipendScheme:
    scheme = queries.scheme_of(cohort)
    if scheme is None:
        raise Refused(_NO_STIPEND)
    return scheme


def _require_open(run: StipendRun) -> None:
    if RunState(run.state) not in OPEN:
        raise Refused(N_("Cet état de paiement est approuvé : ses montants ne changent plus."))


def _lines(run: StipendRun) -> dict[int, StipendLine]:
    rows = db.session.scalars(sa.select(StipendLine).where(StipendLine.run_id == run.id))
    return {row.enrolment_id: row for row in rows}


def _compute(viewer: Viewer, run: StipendRun, cohort: Cohort) -> None:
    scheme, known = _scheme(cohort), _lines(run)
    owed = queries.still_owed(cohort.id, run.month)
    aside = queries.unpaid_amounts_before(cohort.id, run.month)
    rows = queries.to_pay(cohort.id, run.month)
    payees, unpaid = [], {}
    for row in rows:
        line = known.pop(row.Enrolment.id, None) or _new_line(run, row.Enrolment)
        key = row.Enrolment.id
        _fill(line, _sum(scheme, run.month, row.Enrolment, line, owed.get(key, 0), aside.get(key, ())))
        line.last4 = row.BankDetails.last4 if row.BankDetails else ""
        payees.append(
            Payee(
                line.reference, row.Person.reference, row.Person.name, _rib(row.BankDetails), line.net_cents
            )
        )
        if scheme.payer is Payer.COMPANY and row.company_id is None:
            what = N_("%(name)s : aucune entreprise ne l’accueille ce mois.")
            unpaid[line.reference] = Problem(what, {"name": row.Person.name}, line.reference)
    for gone in known.values():
        db.session.delete(gone)
    db.session.flush()
    found = payment_list([payee for payee in payees if payee.reference not in unpaid])
    _judge(run, found, unpaid)
    run.state, run.computed_by, run.computed_at = RunState.COMPUTED.value, viewer.reference, clock.now()
    db.session.flush()


def _judge(run: StipendRun, found: PaymentList, unpaid: Mapping[str, Problem]) -> None:
    problems = {problem.where: problem for problem in found.exceptions} | dict(unpaid)
    for line in _lines(run).values():
        problem = problems.get(line.reference)
        line.state = (StipendLineState.SET_ASIDE if problem else StipendLineState.PAYABLE).value
        line.exception = {"what": problem.what, "values": dict(problem.values)} if problem else None
    run.lines, run.total_cents = found.count, found.total


def _new_line(run: StipendRun, enrolment: Enrolment) -> StipendLine:
    line = StipendLine(
        reference=new_reference(),
        institution_id=run.institution_id,
        person_id=enrolment.person_id,
        run_id=run.id,
        enrolment_id=enrolment.id,
        month=run.month,
        pay_on=run.pay_on,
        absences=0,
        arrears=[],
        state=StipendLineState.SET_ASIDE.value,
    )
    db.session.add(line)
    return line


def _sum(
    scheme: StipendScheme,
    month: date,
    enrolment: Enrolment,
    line: StipendLine,
    owed: int,
    aside: Sequence[UnpaidAmount],
) -> Sum:
    arrears = [Arrear(date.fromisoformat(a["month"]), a["days"], a["of"]) for a in line.arrears]
    counted = scheme.absence_rule is AbsenceRule.PER_WORKING_DAY
    return compute_line(
        scheme.monthly_cents,
        month,
        max(enrolment.starts_on, scheme.starts_month),
        enrolment.ends_on,
        working_days(month),
        line.absences if counted else 0,
        arrears,
        scheme.working_days_basis if counted else None,
        owed,
        aside,
        national_holidays(month),
    )


def _fill(line: StipendLine, total: Sum) -> None:
    line.gross_cents, line.net_cents, line.carried_cents = total.gross, total.net, total.carried
    line.items = [
        {"what": item.what, "values": dict(item.values), "cents": item.cents} for item in total.items
    ]


def _rib(details: BankDetails | None) -> str | None:
    if details is None:
        return None
    return crypto.unseal(details.sealed, "bank_details", "sealed", details.reference)
