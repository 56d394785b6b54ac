"""Decide whom a proved address or number opens: the account that it enters, a person who bears it, or a question.

Others typed the addresses and numbers of imported people, families share them, and operators give numbers
again. So a proof alone reaches a person only if it is an address that one person bears; whatever is left in
doubt is settled by something that only that person knows, their day of birth or the number of their file, unless
the number was mailed to the very address that is proved. Whoever enters by another way already typed the address
and never proved it: it does not open their account, and its owner has one of her own. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum

from cohortmgr.accounts.identifiers import western_digits
from cohortmgr.base.text import clean, month_of

# This many wrong answers close the question of an address or number for a day.
ANSWERS = 5
CLOSED_FOR = timedelta(days=1)
# After so long without a proof, an operator may have given a number to somebody else.
NUMBER_STANDS = timedelta(days=90)
LONGEST_ANSWER = 80
# A year of two digits is none.
_OLDEST = 1900
# A file's number as it is shown: its programme's key, and six signs behind a dash. The six alone are dictated.
_DASH = r"[-\u2010-\u2015\u2212_.]"
_NUMBER = re.compile(rf"(?:[A-Z0-9]+{_DASH})*[A-Z0-9]{{6}}")
# The same with spaces, as it is read out; six letters behind a word would be a name.
_SPACED = re.compile(rf"(?=.*[A-Z])[A-Z0-9]+(?:(?:{_DASH}| )[A-Z0-9]+)* (?=[A-Z]*[0-9])[A-Z0-9]{{6}}")
_HALVES = re.compile(r"(?=.*[A-Z])([A-Z0-9]{3}) ([A-Z0-9]{3})")
_PARTS = re.compile(r"\d+|[^\W\d_]+")


@dataclass(frozen=True)
class Bearer:
    """Somebody who bears an address or number and whose account, if any, is not entered by it.

    `is_known`: something in the house is theirs. `apart`: their account is entered by another way, so that
    nobody but themselves said that this address is theirs."""

    person_id: int
    birth: date | None = None
    numbers: tuple[str, ...] = ()
    is_known: bool = True
    has_account: bool = False
    apart: bool = False

    @property
    def can_answer(self) -> bool:
        """Whether there is something that only this person knows."""
        return self.birth is not None or bool(self.numbers)

    @property
    def proves_by_told(self) -> bool:
        """Whether a number that was mailed to the address being proved is enough. Where there is no account, a mail
        opens the file alone, and the number says which; of whom no birth is known, nothing better is."""
        return self.birth is None or not self.has_account


@dataclass(frozen=True)
class ContactHolder:
    """Whoever enters by an address or number already. `is_empty`: nothing in the house is theirs, as when a
    door made a second person of somebody who was known. `is_stale`: what enters is a number that nobody has proved
    for long."""

    person_id: int
    birth: date | None = None
    numbers: tuple[str, ...] = ()
    is_empty: bool = False
    is_stale: bool = False

    @property
    def proves_by_told(self) -> bool:
        """The same as for a bearer with an account."""
        return self.birth is None

    @property
    def can_answer(self) -> bool:
        """Whether there is something that only this person knows."""
        return self.birth is not None or bool(self.numbers)


class Door(Enum):
    """What a proof does when it reaches nobody in particular: open the holder's account, make a new person,
    or ask one thing more."""

    OPEN = "open"
    NEW = "new"
    ASK = "ask"


def concerned(holder: ContactHolder | None, bearers: Iterable[Bearer]) -> tuple[Bearer, ...]:
    """Return those among whom the proof must choose.

    Whoever has a way in of their own is none of them: they typed the address and never proved it, so that it opens
    nothing of theirs, nor puts a question before the account of somebody else."""
    found = [each for each in bearers if not each.apart]
    known = [each for each in found if each.is_known]
    return tuple(known or (found if holder is None else ()))


def door_of(
    by_mail: bool,
    holder: ContactHolder | None,
    bearers: Sequence[Bearer],
    *,
    searching: bool = False,
    known_here: bool = False,
) -> Door | Bearer:
    """Return whom a proof reaches: a bearer at once, or what `Door` says. `bearers` are those concerned.
    `searching`: whoever enters looks for a file beside their account, and wants to be asked. `known_here`: this
    browser proved the same contact before, so that the number has not changed hands."""
    if holder is not None and holder.is_stale and holder.can_answer and not known_here:
        return Door.ASK
    if not bearers:
        return Door.OPEN if holder else Door.NEW
    sure = by_mail and len(bearers) == 1 and not bearers[0].has_account
    if sure and (holder is None or holder.is_empty):
        return bearers[0]
    if not any(each.can_answer for each in bearers):
        return Door.OPEN if holder else Door.NEW
    if holder is not None and not holder.is_empty and not holder.can_answer and not searching:
        return Door.OPEN  # nothing can be asked of them, and the account is theirs
    return Door.ASK


def is_stale(proved_at: datetime, moment: datetime) -> bool:
    """Whether a number was last proved so long ago that it may be somebody else's by now."""
    return moment - proved_at > NUMBER_STANDS


@dataclass(frozen=True)
class DoubtAnswer:
    """What somebody answered: a day, or a number in comparable form."""

    day: date | None = None
    number: str = ""

    def fits(self, birth: date | None, numbers: Iterable[str]) -> bool:
        """Whether it is the day or the number of this person."""
        if self.day is not None:
            return birth == self.day
        return any(self.number in (_compact(each), _compact(each.rpartition("-")[2])) for each in numbers)


def read_answer(typed: str) -> DoubtAnswer | None:
    """Read a day of birth, its month by number or by name, or the number of a file, whole or its last part.
    None if it is neither, which is no try: whoever writes a day in a way of their own is not told that it is wrong."""
    if len(typed) > LONGEST_ANSWER:
        return None
    text = " ".join(western_digits(clean(unicodedata.normalize("NFKC", typed))).split())
    # A number first: with letters between its digits, 7HJ6V5 would be a day.
    number = _number_in(text.upper())
    if number is not None:
        return DoubtAnswer(number=number)
    day = _day_in(text)
    return DoubtAnswer(day=day) if day is not None else None


def _number_in(text: str) -> str | None:
    halves = _HALVES.fullmatch(text)
    if halves and any(map(month_of, halves.groups())):
        return None  # 1er mai
    return _compact(text) if halves or _NUMBER.fullmatch(text) or _SPACED.fullmatch(text) else None


def _day_in(text: str) -> date | None:
    """The one day that a text names, whatever words stand around it."""
    parts = _PARTS.findall(text)
    months = [found for found in map(month_of, parts) if found]
    figures = [part for part in parts if part.isdecimal()]
    if len(months) == 1 and len(figures) == 2:
        first, last = figures
        month = str(months[0])
    elif not months and len(figures) == 3:
        first, month, last = figures
    elif not months and len(figures) == 1 and len(figures[0]) == 8:
        whole = figures[0]
        first, month, last = whole[:2], whole[2:4], whole[4:]
    else:
        return None
    year, day = (first, last) if len(first) == 4 else (last, first)
    if len(year) != 4 or len(day) > 2 or len(month) > 2:
        return None
    try:
        return date(int(year), int(month), int(day)) if int(year) >= _OLDEST else None
    except ValueError:
        return None


def _compact(text: str) -> str:
    return "".join(sign for sign in text.upper() if sign.isalnum())
