"""Months of pay: which there are, and from which day each is prepared and paid. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, timedelta

from cohortmgr.base.errors import N_, Problem, Refused

_MONTH = re.compile(r"(2[0-9]{3})-(0[1-9]|1[0-2])")

PREPARED = N_("Le mois %(month)s se prépare à partir du %(day)s. Revenez ce jour-là.")
PAYABLE = N_("Le mois %(month)s se paie à partir du %(day)s : approuvez-le ce jour-là, ou après.")


def month_of(text: str) -> date:
    """Return the first day of a month written `2026-01`, as a form's month field sends it. Refused otherwise."""
    found = _MONTH.fullmatch(text.strip())
    if found is None:
        raise Refused(Problem(N_("Choisissez un mois, par exemple 2026-01."), {}, "month"))
    return date(int(found[1]), int(found[2]), 1)


def require_payable_month(month: date, first: date, months: int) -> None:
    """Refuse a month outside of the `months` that the scheme pays from `first` on (both dates are first days)."""
    if not is_payable_month(month, first, months):
        raise Refused(
            Problem(
                N_(
                    "La bourse se paie pendant %(months)s mois à partir de %(first)s : %(month)s n’en est pas."
                ),
                {"months": months, "first": f"{first:%m/%Y}", "month": f"{month:%m/%Y}"},
                "month",
            )
        )


# A month that is paid at its beginning is prepared from this day of the month before.
PREPARED_ON = 15


def prepared_from(month: date, arrears: bool) -> date:
    """The first day on which a month's run may be opened: its own first day if it is paid after it has ended,
    else a fortnight before."""
    return month if arrears else (month - timedelta(days=1)).replace(day=PREPARED_ON)


def payable_from(month: date, arrears: bool) -> date:
    """The first day on which a month's run may be approved: once it has ended, if it is paid after that."""
    return following(month) if arrears else prepared_from(month, arrears)


def unprepared(
    first: date, months: int, arrears: bool, known: Collection[date], today: date
) -> tuple[date, ...]:
    """Return the months of a scheme that may be paid today and are not `known`, in order."""
    found, month = [], first
    for _ in range(months):
        if month not in known and payable_from(month, arrears) <= today:
            found.append(month)
        month = following(month)
    return tuple(found)


def require_begun(month: date, begins: date, today: date, what: str = PREPARED) -> None:
    """Refuse a month whose payments nobody can know yet: who leaves or is absent until then would be paid."""
    if today < begins:
        raise Refused(Problem(what, {"month": f"{month:%m/%Y}", "day": begins}, "month"))


def is_payable_month(month: date, first: date, months: int) -> bool:
    """Whether the scheme pays a month, of the `months` from `first` on."""
    return 0 <= (month.year - first.year) * 12 + month.month - first.month < months


def months_before(month: date, first: date) -> tuple[date, ...]:
    """Return the months from `first` to the one before `month` (all first days), in order."""
    months = []
    while first < month:
        months.append(first)
        first = following(first)
    return tuple(months)


def following(month: date) -> date:
    """Return the first day of the next month."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
