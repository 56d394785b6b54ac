"""Reads whole numbers, amounts and months that are typed on pages of a draft.

What is none is a problem, and stays on the page as it was typed: no draft holds it, since a page could not draw what
lacks a number.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from cohortmgr.accounts.identifiers import western_digits
from cohortmgr.base.errors import N_, Problem
from cohortmgr.base.typed import day, whole
from cohortmgr.programmes.drafts.question_fields import PostedValues, Typed

MOST_SEATS, MOST_MONTHS, MOST_WORKING_DAYS, HIGHEST_MARK, MOST_WAITING = 5000, 60, 31, 100, 5000
# Nobody is paid more in a month: a comma was forgotten.
MOST_CENTS = 10_000_000
MOST_HOURS = 10

_WHOLE = N_("Écrivez un nombre entier, de %(least)s à %(most)s.")
_HOURS = N_("Écrivez des nombres entiers d’heures séparés par des virgules, %(most)s au plus : 72, 24.")
_AMOUNT = N_("Écrivez un montant en dirhams, comme 4000 ou 3636,36.")
_MONTH = N_("Écrivez une année et un mois, comme 2027-01.")
_YEAR_FIRST, _MONTH_FIRST = re.compile(r"(\d{4})[-/](\d{1,2})"), re.compile(r"(\d{1,2})[-/](\d{4})")


def count(
    typed: Typed, given: PostedValues, where: str, least: int, most: int, *, optional: bool = False
) -> Any:
    """The whole number of a field within its bounds; None if it is empty and may be."""
    said = typed.text(given, where, 20)
    if optional and not said:
        return None
    found = whole(said, least, most)
    if found is None:
        typed.problems.append(Problem(_WHOLE, {"least": least, "most": most}, where))
    return said if found is None else found


def hours(typed: Typed, given: PostedValues, where: str) -> Any:
    """Whole numbers, the greatest first; the text as it was typed if it holds anything else."""
    said = western_digits(typed.text(given, where, 80)).replace("،", ",").replace(";", ",")
    parts = [whole(each, 0, 9999) for each in said.split(",") if each.strip()]
    if len(parts) > MOST_HOURS or None in parts:
        typed.problems.append(Problem(_HOURS, {"most": MOST_HOURS}, where))
        return said
    return sorted({each for each in parts if each is not None}, reverse=True)


def amount(typed: Typed, given: PostedValues, where: str) -> Any:
    """The centimes of an amount that is typed in dirhams."""
    said = typed.text(given, where, 30)
    compact = re.sub(r"[\s\u00a0\u202f]|MAD$|DH$|درهم$", "", western_digits(said)).replace(",", ".")
    try:
        cents = Decimal(compact) * 100
        if cents.is_finite() and 0 < cents <= MOST_CENTS and cents == cents.to_integral_value():
            return int(cents)
    except InvalidOperation:
        pass
    typed.problems.append(Problem(_AMOUNT, {}, where))
    return said


def month(typed: Typed, given: PostedValues, where: str) -> str:
    """The first day of a month, in the form that documents have."""
    said = western_digits(typed.text(given, where, 20))
    if found := _YEAR_FIRST.fullmatch(said):
        year, number = found[1], found[2]
    elif found := _MONTH_FIRST.fullmatch(said):
        year, number = found[2], found[1]
    else:
        year, number = "", ""
    first = day(f"{year}-{number.zfill(2)}-01")
    if first is None:
        typed.problems.append(Problem(_MONTH, {}, where))
    return said if first is None else first.isoformat()


def shown_hours(held: Any) -> str:
    """Hours as the page's field shows them; what was typed wrong as it was."""
    return ", ".join(str(each) for each in held) if isinstance(held, list) else str(held or "")


def shown_amount(held: Any) -> str:
    """Centimes as people type them; what was typed wrong as it was."""
    if not isinstance(held, int):
        return str(held or "")
    whole_part, cents = divmod(held, 100)
    return f"{whole_part},{cents:02d}" if cents else str(whole_part)


def shown_month(held: Any) -> str:
    """The first day of a month as people type the month; what was typed wrong as it was."""
    said = str(held or "")
    return said[:7] if day(said) else said
