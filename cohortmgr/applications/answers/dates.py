"""Read days as people and imported files write them: day first, year first, or with the month by its name."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from datetime import date

from cohortmgr.accounts.identifiers import western_digits
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.text import fold
from cohortmgr.base.typed import day

_DAY_FIRST = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})\Z")
_NAMED_MONTH = re.compile(r"([0-9]{1,2})(?:er)? ?[/. -] ?([^\W\d_]{2,12})\.? ?[/. -] ?([0-9]{4})\Z")
_YEAR_FIRST = re.compile(r"([0-9]{4})([/.-])([0-9]{1,2})\2([0-9]{1,2})(?:[ T]00:00(?::00)?)?\Z")
_MONTHS: Mapping[str, int] = {
    fold(name): number
    for number, names in enumerate(
        (
            "janvier january janv jan يناير", "février february févr fév feb فبراير", "mars march mar مارس",
            "avril april avr apr أبريل ابريل", "mai may ماي مايو", "juin june jun يونيو يونيه",
            "juillet july juil jul يوليوز يوليو", "août august aug غشت أغسطس",
            "septembre september sept sep شتنبر سبتمبر",
            "octobre october oct أكتوبر",
            "novembre november nov نونبر نوفمبر", "décembre december déc dec دجنبر ديسمبر",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip


def parsed(text: str, formats: Sequence[str]) -> date | None:
    """The day that the text names, in one of the `formats` (for strptime) or in one of ours; None if in none.

    Refused if the day is well formed but in no calendar."""
    for form in formats:
        try:
            year, month, day = time.strptime(text, form)[:3]
            return date(year, month, day)
        except ValueError:
            continue
    if match := _DAY_FIRST.match(text):
        year, month, day = int(match[4]), int(match[3]), int(match[1])
    elif match := _YEAR_FIRST.match(text):
        year, month, day = int(match[1]), int(match[3]), int(match[4])
    elif (match := _NAMED_MONTH.match(text)) and (named := month_of(match[2])):
        year, month, day = int(match[3]), named, int(match[1])
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        message = N_("La date « %(value)s » n’existe pas. Vérifiez le jour et le mois (jour/mois/année).")
        raise Refused(Problem(message, {"value": text})) from None


def month_of(text: str) -> int | None:
    """The month (1 to 12) that a name in French, Arabic (Moroccan or Eastern) or English means; else None."""
    return _MONTHS.get(fold(text[:20]))


def day_of(text: str) -> str:
    """The day as `2027-05-12`, read from that form or from `12/05/2027`; empty for any other text."""
    typed = western_digits(text[:10]).strip()
    if typed.count("/") == 2:
        typed = "-".join(part.zfill(2) for part in reversed(typed.split("/")))
    found = day(typed)
    return found.isoformat() if found else ""
