"""Read days as people and imported files write them: day first, year first, or with the month by its name.

Of a column of a file, which is the day and which the month is told by its dates together, as no single one says
it when both are twelve at most."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from cohortmgr.accounts.identifiers import western_digits
from cohortmgr.applications.answers.times import split_time
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.text import bare, month_of
from cohortmgr.base.typed import day

_DAY_FIRST = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})\Z")
_NAMED_MONTH = re.compile(r"([0-9]{1,2})(?:er)? ?[/. -] ?([^\W\d_]{2,12})\.? ?[/. -] ?([0-9]{4})\Z")
_YEAR_FIRST = re.compile(r"([0-9]{4})([/.-])([0-9]{1,2})\2([0-9]{1,2})\Z")
_NAMED_FIRST = re.compile(r"([^\W\d_]{3,12})\.? ([0-9]{1,2})(?:st|nd|rd|th)?,? ([0-9]{4})\Z")
_WEEKDAY = re.compile(r"[^\W\d_]{2,12}\.?,? +(?=[^\W\d_]|[0-9])")
_NUMBERS = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})(?=\2[0-9]{4}(?![0-9]))")
_TRUE_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?![0-9])")
# The spaces that people and columns of a fixed width leave around the signs of a date: 26 / 02 / 2002.
_SPACED = re.compile(r"(?<![0-9])([0-9]{1,4}) ?([/.-]) ?([0-9]{1,2}) ?\2 ?([0-9]{1,4})(?![0-9])")
DAY_FIRST, MONTH_FIRST = "day", "month"
# How many dates of a spreadsheet, none of them after the twelfth, are more than chance.
_MANY = 3


def parsed(text: str, formats: Sequence[str]) -> date | None:
    """The day that the text names, in one of the `formats` (for strptime) or in one of ours; None if in none.

    Midnight beside it is not read, and within a minute of it the day is the nearest: so spreadsheets round.
    Refused if the day is well formed but in no calendar."""
    text = _closed(text)
    named, at = split_time(text)
    if at is None or at.days_off is None:
        return _parsed(text, formats)
    found = _parsed(named, formats)
    return found + timedelta(days=at.days_off) if found and found.year < 9999 else found


def order_of(texts: Iterable[str]) -> str | None:
    """DAY_FIRST or MONTH_FIRST, as the dates of a column say together; None if no date says it.

    The month is first if some date cannot be read with the day first, and none with the month first. Where dates
    of both kinds stand, some are mistakes, and the day is first as everywhere."""
    told = {order for text in texts if (order := _order(text)) is not None}
    return told.pop() if len(told) == 1 else DAY_FIRST if told else None


def _order(text: str) -> str | None:
    found = _NUMBERS.match(_closed(western_digits(bare(text[:40]))))
    if found is None or (int(found[1]) > 12) == (int(found[3]) > 12):
        return None
    return DAY_FIRST if int(found[1]) > 12 else MONTH_FIRST


def day_first(text: str) -> str:
    """The date with the day first, of one that was written with the month first; any other text as it is."""
    written = _closed(western_digits(bare(text)))
    return _NUMBERS.sub(r"\3\2\1", written, count=1) if _NUMBERS.match(written[:40]) else text


def _closed(text: str) -> str:
    return _SPACED.sub(r"\1\2\3\2\4", text, count=1)


def may_be_turned(texts: Iterable[str]) -> bool:
    """Whether a spreadsheet may have exchanged day and month in the cells that it took for dates.

    A program of another country takes 03/04/2002 for a date, turned, and leaves 02/26/2002 as text. So beside texts
    whose order is sure, the dates that it made are in doubt: each one up to the twelfth beside texts with the month
    first, and beside those with the day first if there is none after it."""
    told, days = set(), []
    for text in texts:
        if (order := _order(text)) is not None:
            told.add(order)
        elif found := _TRUE_DATE.match(bare(text[:40])):
            days.append(int(found[3]))
    if told == {MONTH_FIRST}:
        return any(day <= 12 for day in days)
    return told == {DAY_FIRST} and len(days) >= _MANY and max(days) <= 12


def exchanged(text: str) -> str:
    """The date of a spreadsheet with its day and month exchanged, where both can be either; any other text as it
    is."""
    found = _TRUE_DATE.match(bare(text[:40]))
    if found is None or int(found[3]) > 12:
        return text
    return _TRUE_DATE.sub(r"\1-\3-\2", bare(text), count=1)


def _parsed(text: str, formats: Sequence[str]) -> date | None:
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
    elif (match := _NAMED_FIRST.match(text)) and (named := month_of(match[1])):
        year, month, day = int(match[3]), named, int(match[2])
    elif (match := _WEEKDAY.match(text)) and month_of(match[0].strip(" .,")) is None:
        return _parsed(text[match.end() :], formats)
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        message = N_("La date « %(value)s » n’existe pas. Vérifiez le jour et le mois (jour/mois/année).")
        raise Refused(Problem(message, {"value": text})) from None


def day_of(text: str) -> str:
    """The day as `2027-05-12`, read from that form or from `12/05/2027`; empty for any other text."""
    typed = western_digits(text[:10]).strip()
    if typed.count("/") == 2:
        typed = "-".join(part.zfill(2) for part in reversed(typed.split("/")))
    found = day(typed)
    return found.isoformat() if found else ""
