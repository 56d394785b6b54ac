"""Files that a search or a rare condition chooses: gathered if few, else met along an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db, is_postgresql
from cohortmgr.base.paging import Total

# If no more files than this are chosen they are gathered by their ids; else they are met along the order. No more than
# one beyond it are counted.
GATHERED = 1_000


@dataclass(frozen=True)
class FileSet:
    """Files of the list's state that are chosen by more than the index of an order can say, as a query of the name by
    which lists are ordered, and the id.

    `of_row` is what a file's own row says of it. Without it no index says of one file whether it is in the set, so that
    all are read before the first is asked for."""

    named: sa.Select[*tuple[Any, ...]]
    of_row: sa.ColumnElement[bool] | None = None

    @property
    def files(self) -> sa.Select[int]:
        """Their ids, some of them twice."""
        return sa.select(self.named.subquery().c[1])

    @property
    def condition(self) -> sa.ColumnElement[bool]:
        """The condition that a file is in the set."""
        return Application.id.in_(self.files) if self.of_row is None else self.of_row

    @cached_property
    def _first(self) -> Sequence[int]:
        """The ids of the first of them, one more than are gathered at most, some of them twice."""
        return db.session.scalars(self.files.limit(GATHERED + 1)).all()

    @property
    def size(self) -> Total:
        """How many files these are, or that they are more than are gathered. No more than that are read."""
        files = len(set(self._first))
        if len(self._first) <= GATHERED:
            return Total(files)
        return Total(files - 1, is_more=True)  # one may be there twice

    @property
    def is_gathered(self) -> bool:
        """Whether these files are so few that a page reads them by their ids. The database is asked how many."""
        return not self.size.is_more

    def along(self) -> sa.ColumnElement[bool]:
        """The same condition for who reads a page, along its order unless these are few. Few have been read to be
        counted: two words that many bear cost as much a second time."""
        if self.is_gathered:
            return _among(sorted(set(self._first)))
        return self.condition.is_(True) if self.of_row is None else self.condition  # the first is no join


def _among(ids: Sequence[int]) -> sa.ColumnElement[bool]:
    """The condition that a file is one of these, in PostgreSQL as one value, so that its statement stays the same."""
    if not is_postgresql():
        return Application.id.in_(ids)
    return Application.id == sa.any_(sa.literal(ids, ARRAY(sa.BigInteger)))
