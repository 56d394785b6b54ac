"""Decide whom a proved address or number opens: the account that it enters, a person who bears it, or a question.

Others typed the addresses and numbers of imported people, families share them, and operators give numbers
again. So a proof alone reaches a person only if it is an address that one person bears; whatever is left in
doubt is settled by something that only that person knows, the number of their file or their day of birth. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from cohortmgr.accounts.identifiers import western_digits

# This many wrong answers close the question of an address or number for a day.
ANSWERS = 5
CLOSED_FOR = timedelta(days=1)
LONGEST_ANSWER = 40
# Signs alone stand between the parts of a day: with letters between them, 7HJ6V5 would be one.
_DAY = re.compile(r"(\d{1,4})[\W_]+(\d{1,2})[\W_]+(\d{1,4})\Z")
# A year of two digits is none.
_OLDEST = 1900
# The least of a file's number that counts as one: its last part, which people dictate.
_SHORTEST = 4


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


@dataclass(frozen=True)
class ContactHolder:
    """Whoever enters by an address or number already. `is_empty`: nothing in the house is theirs, as when a
    door made a second person of somebody who was known."""

    person_id: int
    birth: date | None = None
    numbers: tuple[str, ...] = ()
    is_empty: bool = False

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

    Whoever has a way in of their own is none of them: they typed the address and never proved it, and their file's
    number was mailed to it, so that it opens nothing of theirs, nor puts a question before somebody else's account."""
    found = [each for each in bearers if not each.apart]
    known = [each for each in found if each.is_known]
    return tuple(known or (found if holder is None else ()))


def door_of(
    by_mail: bool, holder: ContactHolder | None, bearers: Sequence[Bearer], *, searching: bool = False
) -> Door | Bearer:
    """Return whom a proof reaches: a bearer at once, or what `Door` says. `bearers` are those concerned.
    `searching`: whoever enters looks for a file beside their account, and wants to be asked."""
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
    """Read a day of birth, day or year first, or the number of a file, whole or its last part.
    None if it is neither, which is no try."""
    text = western_digits(typed.strip())[: LONGEST_ANSWER + 1]
    if len(text) > LONGEST_ANSWER:
        return None
    parts = _DAY.match(text)
    if parts:
        one, month, other = (int(part) for part in parts.groups())
        year, day = (one, other) if len(parts[1]) == 4 else (other, one)
        try:
            return DoubtAnswer(day=date(year, month, day)) if year >= _OLDEST else None
        except ValueError:
            return None
    number = _compact(text)
    return DoubtAnswer(number=number) if len(number) >= _SHORTEST else None


def _compact(text: str) -> str:
    return "".join(sign for sign in text.upper() if sign.isalnum())
