"""Acts of payment: taking bank details, opening and computing runs, adjusting lines, approving as a second person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer, require, require_second_person
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NN_, Problem, Quantity, Refused, Stale
from cohortmgr.base.text import new_reference, says_number
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.cohorts.holidays import pay_day
from cohortmgr.cohorts.models import Cohort, Enrolment
from cohortmgr.stipends.actions.amounts import Amount, alone, amounts_of, left_before, scheme_of
from cohortmgr.stipends.models import StipendLine, StipendRun
from cohortmgr.stipends.months import (
    PAYABLE,
    following,
    is_payable_month,
    months_before,
    payable_from,
    prepared_from,
    require_begun,
    require_payable_month,
)
from cohortmgr.stipends.queries import runs as queries
from cohortmgr.stipends.returned_accounts import ACCOUNT_CONFIRMED, RETURNED_ACCOUNT, is_confirmed
from cohortmgr.stipends.rules import (
    OPEN,
    RUN_STATES,
    SETTLED,
    Arrear,
    RunState,
    StipendLineState,
    StipendSum,
)

_LINES = NN_("%(num)s ligne", "%(num)s lignes")
_IN_ORDER = N_(
    "Le mois %(month)s n’est pas approuvé : approuvez-le d’abord, les mois se paient dans l’ordre."
)


def open_run(viewer: Viewer, cohort_reference: str, month: date) -> StipendRun:
    """Open the run of a cohort for a month, or return the one that exists and is not cancelled.

    Refused outside of the scheme's months, but for one after them that has something left to pay, and before the
    day from which the month is prepared."""
    cohort = cohorts.get_for(viewer, cohort_reference, "stipends.read")
    require(viewer, "stipends.prepare", cohort.path)
    scheme = scheme_of(viewer, cohort)
    month = month.replace(day=1)
    db.session.execute(sa.select(Cohort.id).where(Cohort.id == cohort.id).with_for_update())
    # What earlier months left, such as a transfer that came back, is paid after the last month too.
    if month < scheme.starts_month or not left_before(viewer, cohort, month).enrolments:
        require_payable_month(month, scheme.starts_month, scheme.months)
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
    run, cohort = queries.run_for(viewer, run_reference, lock=True)
    require(viewer, "stipends.prepare", cohort.path)
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

    `version` is the run's. Refused without a reason, for impossible days, and once the run is approved; but a
    line that it set aside may still be put right, until a later month has taken it over: nothing of it was paid.
    """
    line, run, cohort = queries.line_for(viewer, line_reference)
    require(viewer, "stipends.prepare", cohort.path)
    if not _is_set_aside_still(run, line):
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
    if RunState(run.state) in OPEN:
        _compute(viewer, run, cohort, strict=line.enrolment_id)
    else:
        impossible = not line.items
        _fill(line, alone(viewer, run, cohort, line, queries.taken_by(line)))
        if impossible:
            what = N_("%(name)s : ligne corrigée après l’accord, le mois suivant la paie.")
            line.exception = {"what": what, "values": {"name": queries.name_of(line)}}
        run.version += 1
        db.session.flush()
    after = {"absences": absences, "arrears": line.arrears, "net_cents": line.net_cents, "reason": reason}
    person = db.session.get_one(Person, line.person_id)
    record(viewer, "stipends.adjust", about(line, person.reference), before=before, after=after)
    return line


def confirm_account(viewer: Viewer, line_reference: str, version: int) -> StipendLine:
    """Answer for the account of a line that was set aside because a transfer came back from it, and compute the run
    again: this month and the later ones go to it. Confirming again changes nothing.

    `version` is the run's. Refused once the run is approved, and for an account from which nothing came back."""
    line, run, cohort = queries.line_for(viewer, line_reference)
    require(viewer, "stipends.prepare", cohort.path)
    if is_confirmed(line.items):
        return line
    _require_open(run)
    if (line.exception or {}).get("what") != RETURNED_ACCOUNT:
        raise Refused(N_("Aucun versement n’est revenu de ce compte : il n’y a rien à confirmer."))
    if run.version != version:
        raise Stale(run.reference)
    step = {"what": ACCOUNT_CONFIRMED, "values": {"digits": line.last4}, "cents": 0}
    line.items = [*line.items, step]
    _compute(viewer, run, cohort)
    person = db.session.get_one(Person, line.person_id)
    record(viewer, "stipends.confirm_account", about(line, person.reference), after={"last4": line.last4})
    return line


def _is_set_aside_still(run: StipendRun, line: StipendLine) -> bool:
    settled = RunState(run.state) in SETTLED
    return settled and line.state == StipendLineState.SET_ASIDE and line.taken_by_id is None


def approve(viewer: Viewer, run_reference: str, typed: str, version: int) -> StipendRun:
    """Approve a run: freeze its amounts and show its lines to their people.

    The approver is not the person who computed it. `typed` is the number of payments as the approver wrote
    it. Approving again changes nothing. Refused before the day from which the month is payable; while an earlier
    month is not settled, because this run takes over what that month sets aside or cannot take back; and if
    anything that the figures rest on has changed since they were computed: an account, a day, an absence, an
    earlier month.
    """
    run, cohort = queries.run_for(viewer, run_reference, lock=True)
    require(viewer, "stipends.approve", cohort.path)
    if RunState(run.state) in SETTLED:
        return run
    RUN_STATES.move(run.state, RunState.APPROVED)
    require_second_person(run.computed_by or "", viewer.reference)
    if run.version != version:
        raise Stale(run_reference)
    _require_in_order(viewer, run, cohort)
    begins = payable_from(run.month, scheme_of(viewer, cohort).arrears)
    require_begun(run.month, begins, clock.today(), PAYABLE)
    lines = _lines(run)
    if not lines:
        raise Refused(N_("Aucune ligne de cet état ne peut être payée."))
    amounts = amounts_of(viewer, run, cohort, lines)
    _require_as_computed(run, lines, amounts)
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
    _take_over(lines, amounts)
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


def _require_as_computed(
    run: StipendRun, lines: Mapping[int, StipendLine], amounts: Sequence[Amount]
) -> None:
    """Refuse if the figures are no longer what they were computed from, naming the first whose are not."""
    now = {each.enrolment.id: each for each in amounts}
    changed = [each.name for key, each in now.items() if key not in lines or not _says(lines[key], each)]
    changed += [queries.name_of(line) for key, line in lines.items() if key not in now]
    paid = [each for each in amounts if each.state is StipendLineState.PAYABLE and each.total]
    total = sum(each.total.net for each in paid if each.total)
    if changed or (len(paid), total) != (run.lines, run.total_cents):
        what = N_(
            "Ce qui précède a changé depuis le calcul (compte, jours, absences ou mois d’avant) : %(count)s, "
            "dont %(name)s. Recalculez cet état, puis approuvez-le."
        )
        raise Refused(
            Problem(what, {"count": Quantity(*_LINES, len(changed)), "name": changed[0] if changed else "—"})
        )


def _says(line: StipendLine, amount: Amount) -> bool:
    """Whether a line says just this amount, its steps and account, and whether it can be paid and why not."""
    net, carried = (amount.total.net, amount.total.carried) if amount.total else (0, 0)
    figures = (line.net_cents, line.carried_cents, line.state) == (net, carried, amount.state)
    return figures and (line.items, line.exception, line.blind) == (
        amount.items,
        amount.exception,
        amount.blind,
    )


def _take_over(lines: Mapping[int, StipendLine], amounts: Sequence[Amount]) -> None:
    """Note on each earlier line which line took it over, so that no other month does."""
    taken = {each: lines[amount.enrolment.id].id for amount in amounts for each in amount.takes}
    if taken:
        by = sa.case(taken, value=StipendLine.id)
        mark = sa.update(StipendLine).where(
            StipendLine.id.in_(sorted(taken)), StipendLine.taken_by_id.is_(None)
        )
        done = db.session.execute(mark.values(taken_by_id=by).execution_options(synchronize_session=False))
        if done.rowcount != len(taken):  # type: ignore[attr-defined]
            raise Stale("stipends")


def _require_in_order(viewer: Viewer, run: StipendRun, cohort: Cohort) -> None:
    scheme = scheme_of(viewer, cohort)
    done = {each.month for each in queries.runs_of(cohort.id) if RunState(each.state) in SETTLED}
    for line in queries.open_lines_before(cohort.id, run.month):
        raise Refused(Problem(_IN_ORDER, {"month": f"{line.month:%m/%Y}"}))
    for month in months_before(run.month, scheme.starts_month):
        owed = is_payable_month(month, scheme.starts_month, scheme.months)
        if month not in done and owed and queries.to_pay(cohort.id, month):
            raise Refused(Problem(_IN_ORDER, {"month": f"{month:%m/%Y}"}))


def _require_open(run: StipendRun) -> None:
    if RunState(run.state) not in OPEN:
        raise Refused(N_("Cet état de paiement est approuvé : ses montants ne changent plus."))


def _lines(run: StipendRun) -> dict[int, StipendLine]:
    rows = db.session.scalars(sa.select(StipendLine).where(StipendLine.run_id == run.id))
    return {row.enrolment_id: row for row in rows}


def _compute(viewer: Viewer, run: StipendRun, cohort: Cohort, strict: int | None = None) -> None:
    known = _lines(run)
    if not known:
        known = _adjusted_before(run)
    amounts = amounts_of(viewer, run, cohort, known, strict=strict)
    for amount in amounts:
        line = known.pop(amount.enrolment.id, None) or _new_line(run, amount.enrolment)
        _fill(line, amount.total)
        _keep_account(line, amount)
        line.state, line.exception = amount.state.value, amount.exception
    for gone in known.values():
        if sa.inspect(gone).persistent:
            db.session.delete(gone)
        else:
            db.session.expunge(gone)
    paid = [each for each in amounts if each.state is StipendLineState.PAYABLE and each.total]
    run.lines, run.total_cents = len(paid), sum(each.total.net for each in paid if each.total)
    run.state, run.computed_by, run.computed_at = RunState.COMPUTED.value, viewer.reference, clock.now()
    db.session.flush()


def _adjusted_before(run: StipendRun) -> dict[int, StipendLine]:
    """Make the lines that finance had adjusted before this month was cancelled: what was given is not lost."""
    found = {}
    for key, old in queries.adjusted_before(run).items():
        line = _new_line(run, db.session.get_one(Enrolment, key))
        line.absences, line.arrears = old.absences, list(old.arrears)
        reason = crypto.unseal(old.reason_sealed or b"", "stipend_lines", "reason", old.reference)
        line.reason_sealed = crypto.seal(reason, "stipend_lines", "reason", line.reference)
        found[key] = line
    return found


def _keep_account(line: StipendLine, amount: Amount) -> None:
    """Keep the account with the line: it is the one that is approved, and that the bank's file bears."""
    if line.blind != amount.blind or (line.account_sealed is None) != (amount.rib is None):
        line.account_sealed = (
            crypto.seal(amount.rib, "stipend_lines", "account", line.reference) if amount.rib else None
        )
    line.blind, line.last4 = amount.blind, amount.last4


def _new_line(run: StipendRun, enrolment: Enrolment) -> StipendLine:
    line = StipendLine(
        reference=new_reference(),
        institution_id=run.institution_id,
        person_id=enrolment.person_id,
        run_id=run.id,
        enrolment_id=enrolment.id,
        month=run.month,
        pay_on=run.pay_on,
        gross_cents=0,
        net_cents=0,
        items=[],
        blind="",
        absences=0,
        arrears=[],
        state=StipendLineState.SET_ASIDE.value,
    )
    db.session.add(line)
    return line


def _fill(line: StipendLine, total: StipendSum | None) -> None:
    if total is None:
        line.gross_cents = line.net_cents = line.carried_cents = 0
        line.items = []
        return
    line.gross_cents, line.net_cents, line.carried_cents = total.gross, total.net, total.carried
    line.items = [
        {"what": item.what, "values": dict(item.values), "cents": item.cents} for item in total.items
    ]
