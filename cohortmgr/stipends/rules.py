"""The rules of stipends: the states of a run, and one person's amount for one month, explained step by step.

All amounts are exact to the centime.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Any

from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.states import Stage, Table
from cohortmgr.cohorts.holidays import working_days


class RunState(StrEnum):
    """The state of the payment run of one month."""

    DRAFT = "draft"
    COMPUTED = "computed"
    APPROVED = "approved"
    EXPORTED = "exported"
    PAID = "paid"
    CANCELLED = "cancelled"


RUN_STATES = Table(
    {
        RunState.DRAFT: Stage(
            N_("L’état de paiement est ouvert ; rien n’est calculé."),
            to=(RunState.COMPUTED, RunState.CANCELLED),
            name=N_("Ouvert"),
        ),
        RunState.COMPUTED: Stage(
            N_("Les montants sont calculés et peuvent l’être à nouveau ; ils attendent un accord."),
            to=(RunState.COMPUTED, RunState.DRAFT, RunState.APPROVED, RunState.CANCELLED),
            name=N_("À approuver"),
        ),
        RunState.APPROVED: Stage(
            N_("Une deuxième personne a approuvé les montants, qui ne changent plus."),
            to=(RunState.EXPORTED, RunState.CANCELLED),
            name=N_("Approuvé"),
        ),
        RunState.EXPORTED: Stage(
            N_("Le fichier est remis à la banque ; le paiement attend sa confirmation."),
            to=(RunState.PAID, RunState.CANCELLED),
            name=N_("Remis à la banque"),
        ),
        RunState.PAID: Stage(
            N_("La banque a répondu pour chaque ligne : versée, ou revenue."), name=N_("Payé")
        ),
        RunState.CANCELLED: Stage(
            N_("L’état de paiement est abandonné ; aucun de ses montants ne sera payé."), name=N_("Abandonné")
        ),
    }
)


OPEN = frozenset({RunState.DRAFT, RunState.COMPUTED})
"""Runs whose amounts may still change."""

SETTLED = frozenset({RunState.APPROVED, RunState.EXPORTED, RunState.PAID})
"""Runs whose lines their people may see, and whose files may be made."""


WITH_BANK = frozenset({RunState.EXPORTED, RunState.PAID})
"""Runs of which the bank has the file: it says line by line what it paid and what it returned."""


@dataclass(frozen=True)
class BankAnswer:
    """What the bank said of a run: how many lines, and centimes, it paid and returned."""

    paid: int = 0
    paid_cents: int = 0
    returned: int = 0
    returned_cents: int = 0

    @property
    def total(self) -> int:
        """Of how many lines it said anything."""
        return self.paid + self.returned


class StipendLineState(StrEnum):
    """Whether one line of a run can be paid."""

    PAYABLE = "payable"
    SET_ASIDE = "set_aside"


LINE_MEANINGS: Mapping[StipendLineState, str] = {
    StipendLineState.PAYABLE: N_("Le montant part avec l’état de paiement."),
    StipendLineState.SET_ASIDE: N_("Le montant ne part pas tant que l’anomalie n’est pas réglée."),
}


UNPAID_BEFORE = N_("Rappel, %(month)s : mise de côté")
"""The item by which a line takes over what an earlier month could not pay."""

RETURNED_BEFORE = N_("Rappel, %(month)s : revenue de la banque")
"""The item by which a line takes over what an earlier month paid and the bank gave back."""

DAYS_OWED = N_("Rappel, %(month)s : %(days)s sur %(of)s jours")
"""The item by which a line pays days of an earlier month, given by finance or found to be missing."""


@dataclass(frozen=True)
class SumItem:
    """One step of the sum: a French msgid, its values (texts and integers, fit for JSON) and signed centimes."""

    what: str
    values: Mapping[str, int | str] = field(default_factory=dict)
    cents: int = 0

    @property
    def label(self) -> Problem:
        """The step in words, for a page to show."""
        return Problem(self.what, self.values)


@dataclass(frozen=True)
class Arrear:
    """Days of an earlier month, out of its `of` working days: still owed (positive) or paid too much (negative)."""

    month: date
    days: int
    of: int


@dataclass(frozen=True)
class UnpaidAmount:
    """Centimes (positive) of an earlier settled month that could not be paid then, or that the bank `returned`."""

    month: date
    cents: int
    returned: bool = False


@dataclass(frozen=True)
class Leftover:
    """What a settled line leaves, which no later line has taken over: centimes to pay, by month, or still owed back.

    `line_id` is that line's; the line that takes it over is noted there once it is approved."""

    line_id: int
    unpaid: tuple[UnpaidAmount, ...] = ()
    owed: int = 0


@dataclass(frozen=True)
class StipendSum:
    """A month's stipend. `items` begin with the gross amount and add up to `net`; `carried` is still owed back."""

    gross: int
    deductions: tuple[SumItem, ...]
    net: int
    carried: int = 0

    @property
    def items(self) -> tuple[SumItem, ...]:
        """All steps, the monthly amount first; their centimes add up to `net`."""
        return (SumItem(N_("Montant mensuel"), {}, self.gross), *self.deductions)


def proportion(cents: int, days: int, of: int) -> int:
    """Return `cents` × days / of, rounded to the centime, half to even."""
    return int((Decimal(cents) * days / of).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def compute_line(
    monthly_cents: int,
    month: date,
    enrolled_from: date,
    enrolled_to: date | None,
    working_days: Sequence[date],
    absences: int,
    arrears: Sequence[Arrear] = (),
    basis: int | None = None,
    owed: int = 0,
    aside: Sequence[UnpaidAmount] = (),
    holidays: Collection[date] = (),
) -> StipendSum:
    """Compute the stipend of one person for the month of `month`.

    `working_days` are those of the whole month (cohorts.rules.working_days); days outside
    `enrolled_from`..`enrolled_to` (both included, None for no end) are not paid. Nobody was absent on the
    `holidays` directly before the first day: they are paid. `absences` counts
    unjustified working days while enrolled; each costs one part in `basis` of the month (in its own working
    days if None). `owed` are centimes that an earlier month could not take back, `aside` what earlier months
    could not pay. The net is never below zero: what cannot be taken back is `carried`. Raises Refused for
    impossible figures.
    """
    days = {day for day in working_days if (day.year, day.month) == (month.year, month.month)}
    enrolled_from = _without_free_days_before(enrolled_from, month, days - set(holidays))
    enrolled = sum(1 for day in days if enrolled_from <= day and (enrolled_to is None or day <= enrolled_to))
    _require_possible(monthly_cents, month, len(days), enrolled, absences, arrears)
    of = len(days)
    items: list[SumItem] = []
    left = monthly_cents
    if enrolled < of:
        left = proportion(monthly_cents, enrolled, of)
        items.append(
            SumItem(
                N_("Mois partiel : %(days)s sur %(of)s jours"),
                {"days": enrolled, "of": of},
                left - monthly_cents,
            )
        )
    if absences:
        # Two roundings could take one centime too much, so a month of absences is set to exactly zero.
        parts = basis or of
        lost = left if absences == enrolled else min(left, proportion(monthly_cents, absences, parts))
        left -= lost
        items.append(
            SumItem(N_("Absences : %(days)s sur %(of)s jours"), {"days": absences, "of": parts}, -lost)
        )
    for arrear in sorted(arrears, key=lambda a: (a.days < 0, a.month)):
        item = _arrear(monthly_cents, arrear)
        left += item.cents
        items.append(item)
    for month_aside in aside:
        left += month_aside.cents
        what = RETURNED_BEFORE if month_aside.returned else UNPAID_BEFORE
        items.append(SumItem(what, {"month": f"{month_aside.month:%m/%Y}"}, month_aside.cents))
    if owed:
        left -= owed
        items.append(SumItem(N_("Reste dû du mois précédent"), {}, -owed))
    carried = max(0, -left)
    if carried:
        items.append(SumItem(N_("Reporté sur le mois suivant"), {}, carried))
    return StipendSum(monthly_cents, tuple(items), left + carried, carried)


def _without_free_days_before(first: date, month: date, worked: Collection[date]) -> date:
    """The first day, moved back within its month over the weekends and holidays on which nobody worked."""
    while first.day > 1 and (first.year, first.month) == (month.year, month.month):
        before = first - timedelta(days=1)
        if before in worked:
            break
        first = before
    return first


def unpaid_amounts_by(
    month: date, net: int, items: Sequence[Mapping[str, Any]], returned: bool = False
) -> tuple[UnpaidAmount, ...]:
    """Return what the line of `month` that was set aside, or `returned`, leaves to pay, by month. The centimes add
    up to its `net`.

    `items` are the line's stored items. What it took over from earlier months stays under those months; if
    its own month only took money back, the whole amount stands under this month.
    """
    taken_over = tuple(
        UnpaidAmount(
            month_said(each["values"]["month"]), each["cents"], returned or each["what"] == RETURNED_BEFORE
        )
        for each in items
        if each["what"] in (UNPAID_BEFORE, RETURNED_BEFORE)
    )
    own = net - sum(each.cents for each in taken_over)
    if own < 0:
        return (UnpaidAmount(month, net, returned),) if net else ()
    return (*taken_over, UnpaidAmount(month, own, returned)) if own else taken_over


def month_said(text: str) -> date:
    """Return the first day of the month that an item names as `01/2026`."""
    return date(int(text[3:]), int(text[:2]), 1)


def months_paid_late(items: Sequence[Mapping[str, Any]]) -> set[date]:
    """Return the months of which a line's stored items pay days that were owed."""
    return {month_said(each["values"]["month"]) for each in items if each["what"] == DAYS_OWED}


def missed_months(
    first: date, last: date | None, known: Collection[date], settled: Collection[date]
) -> list[Arrear]:
    """Return the days of settled months in which somebody took part and for which nothing was computed.

    `first` and `last` are their days, `known` the months that have a line of theirs or were paid late."""
    found = []
    for month in sorted(set(settled) - set(known)):
        days = working_days(month)
        mine = [day for day in days if first <= day and (last is None or day <= last)]
        if mine:
            found.append(Arrear(month, len(mine), len(days)))
    return found


def named(problems: Sequence[Problem], name: str) -> Problem | None:
    """Return what is impossible in one person's figures with their name; None if it is none of their own."""
    texts = {
        "absences": N_(
            "%(name)s : plus de jours d’absence (%(absences)s) que de jours inscrits (%(enrolled)s). Ajustez "
            "sa ligne."
        ),
        "arrears": N_(
            "%(name)s : ce rappel n’est pas possible, %(days)s sur %(of)s jours de %(month)s. Ajustez sa ligne."
        ),
    }
    if not problems or any(problem.where not in texts for problem in problems):
        return None
    return Problem(texts[problems[0].where or ""], {**problems[0].values, "name": name}, problems[0].where)


def _arrear(monthly_cents: int, arrear: Arrear) -> SumItem:
    owed = arrear.days > 0
    cents = proportion(monthly_cents, abs(arrear.days), arrear.of)
    values: dict[str, int | str] = {
        "month": f"{arrear.month:%m/%Y}",
        "days": abs(arrear.days),
        "of": arrear.of,
    }
    if owed:
        return SumItem(DAYS_OWED, values, cents)
    return SumItem(N_("Trop-perçu, %(month)s : %(days)s sur %(of)s jours"), values, -cents)


def _require_possible(
    monthly_cents: int, month: date, of: int, enrolled: int, absences: int, arrears: Sequence[Arrear]
) -> None:
    problems = []
    if monthly_cents < 0:
        problems.append(Problem(N_("Le montant mensuel ne peut pas être négatif."), {}, "monthly"))
    if of == 0:
        problems.append(
            Problem(N_("Le mois %(month)s n’a aucun jour ouvré."), {"month": f"{month:%m/%Y}"}, "month")
        )
    if absences < 0 or absences > enrolled:
        problems.append(
            Problem(
                N_("Il y a plus de jours d’absence (%(absences)s) que de jours inscrits (%(enrolled)s)."),
                {"absences": absences, "enrolled": enrolled},
                "absences",
            )
        )
    for arrear in arrears:
        if (
            arrear.of < 1
            or abs(arrear.days) > arrear.of
            or arrear.month.replace(day=1) >= month.replace(day=1)
        ):
            problems.append(
                Problem(
                    N_("Ce rappel n’est pas possible : %(days)s sur %(of)s jours de %(month)s."),
                    {"days": arrear.days, "of": arrear.of, "month": f"{arrear.month:%m/%Y}"},
                    "arrears",
                )
            )
    if problems:
        raise Refused(*problems)


LONGEST_REASON = 1000


def reason_problems(reason: str) -> list[Problem]:
    """Return what is wrong with the reason of an act on a payment: that there is none, or that it is too long."""
    if reason.strip() and len(reason) <= LONGEST_REASON:
        return []
    return [Problem(N_("Écrivez le motif : il explique cet acte plus tard."), {}, "reason")]


def bank_day_problems(day: date, first: date, today: date) -> list[Problem]:
    """Return why the bank cannot have paid or returned on that day: before the accord, or after today."""
    if first <= day <= today:
        return []
    what = N_("Choisissez un jour entre l’accord, le %(first)s, et aujourd’hui.")
    return [Problem(what, {"first": first}, "day")]
