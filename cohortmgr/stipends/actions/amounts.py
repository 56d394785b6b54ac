"""What a month owes each person of a cohort, as everything stands now: computing writes it, approving compares it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base import crypto
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.cohorts.holidays import national_holidays, working_days
from cohortmgr.cohorts.models import Cohort, Enrolment
from cohortmgr.cohorts.rules import PAID, PAID_TO_THE_END
from cohortmgr.programmes.definition.rules import AbsenceRule, Payer, StipendScheme
from cohortmgr.stipends.models import BankDetails, StipendLine, StipendRun
from cohortmgr.stipends.months import following, is_payable_month
from cohortmgr.stipends.payments import Payee, payment_list
from cohortmgr.stipends.queries import runs as queries
from cohortmgr.stipends.returned_accounts import (
    ACCOUNT_CONFIRMED,
    RETURNED_ACCOUNT,
    AccountWord,
    is_confirmed,
    month_come_back,
)
from cohortmgr.stipends.rules import (
    Arrear,
    Leftover,
    StipendLineState,
    StipendSum,
    SumItem,
    compute_line,
    missed_months,
    months_paid_late,
    named,
    unpaid_amounts_by,
)

NO_STIPEND = N_("Ce programme ne verse pas de bourse.")
_NO_COMPANY = N_("%(name)s : aucune entreprise ne l’accueille ce mois.")


@dataclass(frozen=True)
class Amount:
    """One person's amount of a month. `problem` says why it cannot be paid; `takes` are the lines that it takes over.

    `total` is None for figures that are impossible. `rib` is opened, and goes no further than the sealed line."""

    enrolment: Enrolment
    name: str
    total: StipendSum | None
    problem: Problem | None
    rib: str | None
    blind: str
    last4: str
    takes: tuple[int, ...] = ()
    since: datetime | None = None

    @property
    def state(self) -> StipendLineState:
        """Whether it can be paid."""
        return StipendLineState.SET_ASIDE if self.problem else StipendLineState.PAYABLE

    @property
    def items(self) -> list[dict[str, Any]]:
        """The steps of the sum, as a line keeps them."""
        steps = self.total.items if self.total else ()
        return [{"what": item.what, "values": dict(item.values), "cents": item.cents} for item in steps]

    @property
    def exception(self) -> dict[str, Any] | None:
        """The reason for which it is set aside, as a line keeps it."""
        return {"what": self.problem.what, "values": dict(self.problem.values)} if self.problem else None


@dataclass(frozen=True)
class Left:
    """What earlier months left to each enrolment: settled lines that nobody took over, and months without a line."""

    over: Mapping[int, Sequence[Leftover]]
    missed: Mapping[int, Sequence[Arrear]]

    @property
    def enrolments(self) -> set[int]:
        """Whom something was left to."""
        return {*self.over, *self.missed}


def scheme_of(viewer: Viewer, cohort: Cohort) -> StipendScheme:
    """Return the stipend of a cohort, for an act on it. Refused if it pays none."""
    scheme = queries.scheme_of(cohort)
    if scheme is None:
        raise Refused(NO_STIPEND)
    return scheme


def left_before(viewer: Viewer, cohort: Cohort, month: date) -> Left:
    """Return what the settled months before this one left, in few statements.

    What a month that waits for its approval carries is expected too."""
    over: dict[int, list[Leftover]] = defaultdict(list)
    known: dict[int, set[date]] = defaultdict(set)
    for row in queries.settled_lines_before(cohort.id, month):
        known[row.enrolment_id] |= {row.month} | months_paid_late(row.items)
        if row.taken_by_id is None and (found := _leftover(row)) is not None:
            over[row.enrolment_id].append(found)
    settled = queries.settled_before(cohort.id, month)
    missed: dict[int, list[Arrear]] = {}
    for enrolment in queries.late_enrolments(cohort.id) if settled else ():
        # A month that was computed after the confirmation left them out knowingly.
        before = [
            each for each, at in settled.items() if enrolment.confirmed_at and at < enrolment.confirmed_at
        ]
        begins = max(enrolment.starts_on, scheme_of(viewer, cohort).starts_month)
        found_missing = missed_months(begins, enrolment.ends_on, known[enrolment.id], before)
        if found_missing:
            missed[enrolment.id] = found_missing
    for row in queries.open_lines_before(cohort.id, month):
        # That line takes over the rest once it is approved, before this month can be.
        over.pop(row.enrolment_id, None)
        missed.pop(row.enrolment_id, None)
        if row.carried_cents:
            over[row.enrolment_id] = [Leftover(row.id, owed=row.carried_cents)]
    return Left(over, missed)


def _leftover(row: sa.Row[Any]) -> Leftover | None:
    """Return what a settled line leaves; None if it left nothing: it was paid, or its figures are impossible."""
    if row.carried_cents:
        return Leftover(row.id, owed=row.carried_cents)
    if row.net_cents > 0 and (row.state == StipendLineState.SET_ASIDE or row.returned_on is not None):
        returned = row.returned_on is not None
        return Leftover(row.id, unpaid_amounts_by(row.month, row.net_cents, row.items, returned))
    return None


def amounts_of(
    viewer: Viewer,
    run: StipendRun,
    cohort: Cohort,
    known: Mapping[int, StipendLine],
    *,
    strict: int | None = None,
) -> list[Amount]:
    """Return everybody's amount of a run, by name, with the adjustments of the lines that are `known`.

    One whose figures are impossible is set aside with the reason, and the others go on; only those of the
    enrolment `strict`, which somebody is changing, are refused."""
    scheme, left = scheme_of(viewer, cohort), left_before(viewer, cohort, run.month)
    inside = is_payable_month(run.month, scheme.starts_month, scheme.months)
    words = queries.words_of_accounts(cohort)
    found = []
    for row in queries.to_pay(cohort.id, run.month, left.enrolments):
        key = row.Enrolment.id
        if not inside and key not in left.enrolments:
            continue
        line = known.get(key)
        lines = left.over.get(key, ())
        try:
            total = _sum(scheme, run.month, row.Enrolment, line, lines, left.missed.get(key, ()))
            problem = None
        except Refused as refusal:
            total, problem = None, named(refusal.problems, row.Person.name)
            if problem is None or key == strict:
                raise
        takes = tuple(each.line_id for each in lines) if total else ()
        total, doubt = _trusted(row, line, total, words)
        problem = problem or _no_company(scheme, row, run.month, total) or doubt
        found.append(_amount(row, total, problem, takes))
    return _judged(found)


def _trusted(
    row: sa.Row[Any],
    line: StipendLine | None,
    total: StipendSum | None,
    words: Mapping[tuple[int, str], Sequence[AccountWord]],
) -> tuple[StipendSum | None, Problem | None]:
    """Return the sum, with the confirmation of the account that its line has, and that the account gave a transfer
    back if nobody confirmed it."""
    details: BankDetails | None = row.BankDetails
    if total is None or details is None:
        return total, None
    if line is not None and line.blind == details.blind and is_confirmed(line.items):
        step = SumItem(ACCOUNT_CONFIRMED, {"digits": details.last4})
        return replace(total, deductions=(*total.deductions, step)), None
    month = month_come_back(words.get((row.Person.id, details.blind), ()))
    if month is None or total.net <= 0:
        return total, None
    return total, Problem(RETURNED_ACCOUNT, {"name": row.Person.name, "month": f"{month:%m/%Y}"})


def alone(
    viewer: Viewer, run: StipendRun, cohort: Cohort, line: StipendLine, taken: Sequence[StipendLine]
) -> StipendSum:
    """Return the sum of one line of a run that is settled, with the lines that it took over then and no others."""
    [enrolment] = [
        row.Enrolment
        for row in queries.to_pay(cohort.id, run.month, [line.enrolment_id])
        if row.Enrolment.id == line.enrolment_id
    ]
    over = [
        Leftover(each.id, owed=each.carried_cents)
        if each.carried_cents
        else Leftover(
            each.id,
            unpaid_amounts_by(each.month, each.net_cents, each.items, each.returned_on is not None),
        )
        for each in taken
    ]
    return _sum(scheme_of(viewer, cohort), run.month, enrolment, line, over, ())


def _amount(
    row: sa.Row[Any], total: StipendSum | None, problem: Problem | None, takes: tuple[int, ...]
) -> Amount:
    details: BankDetails | None = row.BankDetails
    rib = crypto.unseal(details.sealed, "bank_details", "sealed", details.reference) if details else None
    blind, last4, since = (details.blind, details.last4, details.taken_at) if details else ("", "", None)
    return Amount(row.Enrolment, row.Person.name, total, problem, rib, blind, last4, takes, since)


def _no_company(
    scheme: StipendScheme, row: sa.Row[Any], month: date, total: StipendSum | None
) -> Problem | None:
    """Say that no company pays: none ever took the person, or it broke off before a month that is owed to them."""
    if scheme.payer is not Payer.COMPANY:
        return None
    over = row.company_until is not None and row.company_until < month
    days_owed = _enrolled_in(row.Enrolment, month)
    if row.company_id is not None and not (over and days_owed):
        return None
    return Problem(_NO_COMPANY, {"name": row.Person.name})


def _enrolled_in(enrolment: Enrolment, month: date) -> bool:
    if enrolment.state not in PAID | PAID_TO_THE_END or enrolment.starts_on >= following(month):
        return False
    return enrolment.ends_on is None or enrolment.ends_on >= month


def _judged(amounts: Sequence[Amount]) -> list[Amount]:
    """Return the amounts with what keeps each from being paid: the account, or that there is nothing to pay.

    Whoever is set aside for another reason still has an account, which may have been theirs first."""
    paid = payment_list(
        [
            Payee(
                each.enrolment.reference,
                str(each.enrolment.person_id),
                each.name,
                each.rib,
                each.total.net if each.total else 0,
                each.since,
            )
            for each in amounts
        ]
    )
    wrong = {problem.where: problem for problem in paid.exceptions}
    return [replace(each, problem=each.problem or wrong.get(each.enrolment.reference)) for each in amounts]


def _sum(
    scheme: StipendScheme,
    month: date,
    enrolment: Enrolment,
    line: StipendLine | None,
    left: Sequence[Leftover],
    missed: Sequence[Arrear],
) -> StipendSum:
    given = line.arrears if line else []
    arrears = [Arrear(date.fromisoformat(a["month"]), a["days"], a["of"]) for a in given]
    late = {each.month for each in arrears if each.days > 0}
    arrears += [each for each in missed if each.month not in late]
    counted = scheme.absence_rule is AbsenceRule.PER_WORKING_DAY
    absences = line.absences if line and counted else 0
    first, last = _days_paid(scheme, month, enrolment)
    return compute_line(
        scheme.monthly_cents,
        month,
        first,
        last,
        working_days(month),
        absences,
        arrears,
        scheme.working_days_basis if counted else None,
        sum(each.owed for each in left),
        [amount for each in left for amount in each.unpaid],
        national_holidays(month),
    )


def _days_paid(scheme: StipendScheme, month: date, enrolment: Enrolment) -> tuple[date, date | None]:
    """Return the first and last day that the scheme pays. They leave no day of a month that is not owed."""
    none_of_it = (following(month), month - timedelta(days=1))
    if not is_payable_month(month, scheme.starts_month, scheme.months) or not _enrolled_in(enrolment, month):
        return none_of_it
    return max(enrolment.starts_on, scheme.starts_month), enrolment.ends_on
