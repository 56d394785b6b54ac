"""Files that a search, their documents or a rare condition chooses: gathered if few, else met along an order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db, is_postgresql
from cohortmgr.base.paging import Total

# If no more files than this are chosen by what is asked of each for four blocks or five, they are gathered by their
# ids, each for six; else they are met along the order. No more than one beyond it are counted.
MANY = 2_500
# As much for what costs nothing to ask of a file that is read anyhow.
GATHERED = 1_000


@dataclass(frozen=True)
class FileSet:
    """Files that are chosen by more than the index of an order can say, as a query of their ids; or all others.

    `of_row` is what a file's own row says of it. Of what `is_dense` no index says of one file whether it is in it, so
    that all are read before the first is asked for. What `is_of_state` holds files of the list's state alone."""

    files: sa.Select[Any]
    is_wanted: bool = True
    is_dense: bool = False
    is_of_state: bool = False
    of_row: sa.ColumnElement[bool] | None = None

    @property
    def condition(self) -> sa.ColumnElement[bool]:
        """The condition that a file is in the set, or is not. As NOT IN that would be no join."""
        if self.of_row is not None:
            return self.of_row
        if self.is_wanted:
            return Application.id.in_(self.files)
        there = self.files.where(self.files.selected_columns[0] == Application.id)
        return ~there.correlate(Application).exists()

    @cached_property
    def size(self) -> Total:
        """How many files these are, or that they are more than are gathered. No more than that are read."""
        most = GATHERED if self.is_dense or self.of_row is not None else MANY
        first = self.files.limit(most + 1).subquery()
        number = sa.func.count(first.c[0].distinct())
        rows, files = db.session.execute(sa.select(sa.func.count(), number).select_from(first)).one()
        return Total(files) if rows <= most else Total(files - 1, is_more=True)  # a file may be there twice

    @property
    def is_gathered(self) -> bool:
        """Whether these files are so few that a page reads them by their ids. The database is asked how many."""
        return self.is_wanted and not self.size.is_more

    def along(self) -> sa.ColumnElement[bool]:
        """The same condition for who reads a page, along its order unless these are few."""
        if not self.is_wanted:
            return self.condition
        if self.is_gathered:
            return _among(self.files)
        return self.condition.is_(True) if self.is_dense else self.condition  # the first is no join


def _among(files: sa.Select[Any]) -> sa.ColumnElement[bool]:
    """The condition that a file is one of a query's, which PostgreSQL reads first, as one value."""
    if not is_postgresql():
        return Application.id.in_(files)
    return Application.id == sa.any_(sa.func.array(files.scalar_subquery(), type_=ARRAY(sa.BigInteger)))
