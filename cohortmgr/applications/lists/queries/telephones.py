"""Reads the telephones of a list's people, which are sealed: two digits of each for a page, all for an export."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.base import crypto
from cohortmgr.base.db import db

PHONE = "phone"
# How many people's numbers are read in one statement.
AT_ONCE = 500
# Reference and name stand before the chosen columns of a row.
_BEFORE = 2


def _numbers(persons: Collection[int]) -> dict[int, str]:
    """The number of each person who has one, by the person's id. One statement."""
    wanted = sa.select(Person.id, Person.reference, Person.phone_sealed)
    held = wanted.where(Person.id.in_(sorted(persons)), Person.phone_sealed.is_not(None))
    return {
        row.id: crypto.unseal(row.phone_sealed, "persons", "phone", row.reference)
        for row in db.session.execute(held)
    }


def told(rows: Iterable[Any], shown: Sequence[str], *, whole: bool) -> Iterator[Sequence[Any]]:
    """Give rows of a list with the telephone in place of the person's id, if that column is shown: its last two digits
    unless `whole`, nothing without an id. Rows are taken some hundred at a time, a statement for each."""
    if PHONE not in shown:
        yield from rows
        return
    place, left = _BEFORE + shown.index(PHONE), iter(rows)
    while part := list(islice(left, AT_ONCE)):
        numbers = _numbers({row[place] for row in part if row[place] is not None})
        for row in part:
            number = numbers.get(row[place], "")
            yield (*row[:place], number if whole else number[-2:], *row[place + 1 :])
