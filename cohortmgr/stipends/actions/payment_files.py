"""The two files made from a run: the bank's file and the payment list. Making one opens the RIBs and is noted."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer, allows, require
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.sheets.writing import write_csv
from cohortmgr.cohorts.models import Cohort
from cohortmgr.stipends.bank_file import bank_rows, check_bank_rows
from cohortmgr.stipends.models import BankDetails, StipendLine, StipendRun
from cohortmgr.stipends.payments import Payee, Payment, PaymentList, payment_list
from cohortmgr.stipends.queries import runs as queries
from cohortmgr.stipends.returned_accounts import AccountWord, month_come_back_since
from cohortmgr.stipends.rules import SETTLED, WITH_BANK, RunState, StipendLineState

_STALE = N_(
    "Des comptes bancaires ont changé ou renvoyé un versement depuis l’accord : le fichier n’est plus celui approuvé. "
    "Qui approuve annule cet état, avec un motif ; ouvrez alors le mois de nouveau, et faites-le approuver."
)
_WITH_BANK = N_(
    "Des comptes bancaires ont changé ou renvoyé un versement depuis l’accord, et la banque a déjà ce fichier : il "
    "n’est pas donné une deuxième fois. Demandez-lui d’abord d’arrêter ces virements, puis notez ici ceux qui "
    "reviennent."
)
_IN_ORDER = N_(
    "L’état de %(month)s est approuvé, et la banque n’a pas encore son fichier : remettez-le d’abord. S’il ne peut pas "
    "l’être, qui approuve annule cet état-ci, puis celui de %(month)s."
)
_CHANGED = N_("%(name)s : le compte a changé depuis l’accord.")
_RETURNED = N_("%(name)s : le versement de %(month)s est revenu de ce compte depuis l’accord.")


@dataclass(frozen=True)
class BankFile:
    """A file to give to the bank."""

    name: str
    data: bytes


@dataclass(frozen=True)
class PaymentGroup:
    """The payments of one company, by name. `name` is in three languages, None for people without a company."""

    name: Mapping[str, str] | None
    payments: tuple[Payment, ...]

    @property
    def total(self) -> int:
        """The total of the payments in centimes."""
        return sum(payment.cents for payment in self.payments)


@dataclass(frozen=True)
class PaymentSheet:
    """The payment list of a run, to be printed and signed."""

    run: StipendRun
    cohort: Cohort
    groups: tuple[PaymentGroup, ...]
    count: int
    total: int


def bank_file(viewer: Viewer, run_reference: str) -> BankFile:
    """Return the bank's CSV file of an approved run, and mark the run as handed to the bank.

    The rows are checked again before the file leaves. Files leave in the order of months: a month whose later one
    was paid can no longer be cancelled, and if its accounts change it would never be paid."""
    run, cohort = queries.run_for(viewer, run_reference, lock=True)
    require(viewer, "stipends.prepare", cohort.path)
    if run.state == RunState.APPROVED:
        _require_in_order(run)
    payments, _companies = _payments(run, cohort, frozenset({RunState.PAID}))
    rows = bank_rows(payments, f"BOURSE {run.month:%m/%Y}")
    problems = check_bank_rows(rows)
    if problems:
        raise Refused(*problems)
    data = write_csv(rows[0], rows[1:])
    db.session.execute(
        sa.update(StipendRun)
        .where(StipendRun.id == run.id, StipendRun.state == RunState.APPROVED.value)
        .values(state=RunState.EXPORTED.value, exported_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    after = {**_totals(payments), "sha256": hashlib.sha256(data).hexdigest()}
    record(viewer, "stipends.export", about(run), after=after)
    return BankFile(f"bourses-{run.month:%Y-%m}-{run.reference[:6]}.csv", data)


def payment_sheet(viewer: Viewer, run_reference: str) -> PaymentSheet:
    """Return the payment list of an approved run, with whole RIBs, by company."""
    run, cohort = queries.run_for(viewer, run_reference)
    if not allows(viewer, "stipends.prepare", cohort.path):
        require(viewer, "stipends.approve", cohort.path)
    payments, companies = _payments(run, cohort, WITH_BANK)
    groups: dict[str, list[Payment]] = {}
    names: dict[str, Mapping[str, str] | None] = {}
    for payment in payments.payments:
        key, name = companies[payment.reference]
        names[key] = name
        groups.setdefault(key, []).append(payment)
    record(viewer, "stipends.read_list", about(run), after=_totals(payments))
    return PaymentSheet(
        run,
        cohort,
        tuple(PaymentGroup(names[key], tuple(each)) for key, each in groups.items()),
        payments.count,
        payments.total,
    )


def _require_in_order(run: StipendRun) -> None:
    earlier = queries.not_handed_before(run)
    if earlier is not None:
        raise Refused(Problem(_IN_ORDER, {"month": f"{earlier.month:%m/%Y}"}))


def _payments(
    run: StipendRun, cohort: Cohort, kept: Collection[RunState]
) -> tuple[PaymentList, dict[str, tuple[str, Mapping[str, str] | None]]]:
    """Return the payments of a settled run, and the company of each line by the line's reference.

    In the states `kept` each line keeps the account that it was approved with. Refused if they are not what was
    approved, or if a transfer came back from one of the accounts since."""
    if RunState(run.state) not in SETTLED:
        raise Refused(N_("L’état de paiement n’est pas encore approuvé."))
    details = queries.bank_details_of(run.id)
    handed_over = RunState(run.state) in kept
    words = {} if handed_over else queries.words_of_accounts(cohort)
    payees: list[Payee] = []
    changed: list[Problem] = []
    companies: dict[str, tuple[str, Mapping[str, str] | None]] = {}
    for row in queries.lines_of(run.id):
        line = row.StipendLine
        if line.state != StipendLineState.PAYABLE:
            continue
        present = details.get(line.person_id)
        name = f"{row.given_name} {row.family_name}".strip()
        # The list of what the bank has stays readable, with the accounts that it was given. A file leaves only while
        # each is still the one that was approved: a second one could pay an account that was taken back.
        unknown = line.account_sealed is None and RunState(run.state) is not RunState.PAID
        if (unknown or not handed_over) and not queries.is_present_account(line, present):
            changed.append(Problem(_CHANGED, {"name": name}, line.reference))
        elif back := _come_back(run, line, words):
            changed.append(Problem(_RETURNED, {"name": name, "month": f"{back:%m/%Y}"}, line.reference))
        rib = _rib(line, present)
        payees.append(Payee(line.reference, str(line.person_id), name, rib, line.net_cents))
        companies[line.reference] = (row.company_key or "", row.company)
    found = payment_list(payees)
    if changed or found.exceptions or found.count != run.lines or found.total != run.total_cents:
        raise Refused(
            _WITH_BANK if RunState(run.state) in WITH_BANK else _STALE, *(changed or found.exceptions)
        )
    return found, companies


def _come_back(
    run: StipendRun, line: StipendLine, words: Mapping[tuple[int, str], Sequence[AccountWord]]
) -> date | None:
    """The month that came back from the account of a line since its run was approved, None if none did."""
    if run.approved_at is None:
        return None
    said = words.get((line.person_id, line.blind), ()) if line.blind else ()
    return month_come_back_since(line.id, clock.local(run.approved_at).date(), said)


def _rib(line: StipendLine, present: BankDetails | None) -> str | None:
    """Open the account that was approved with the line; lines of former versions have none of their own."""
    if line.account_sealed is not None:
        return crypto.unseal(line.account_sealed, "stipend_lines", "account", line.reference)
    if present is None:
        return None
    return crypto.unseal(present.sealed, "bank_details", "sealed", present.reference)


def _totals(payments: PaymentList) -> dict[str, int]:
    return {"lines": payments.count, "total_cents": payments.total}
