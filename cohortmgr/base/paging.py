"""Paging: one page of a long list, with its number kept in the URL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from cohortmgr.base.db import db


@dataclass(frozen=True)
class Page:
    """One page of a list: the rows numbered `first` to `last` (counted from 1) of `total`."""

    rows: Sequence[Any]
    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        """The number of pages, at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        """The number of the first row on this page, 0 if there are none."""
        return (self.number - 1) * self.size + 1 if self.total else 0

    @property
    def last(self) -> int:
        """The number of the last row on this page, 0 if there are none."""
        return self.first + len(self.rows) - 1 if self.total else 0


def page_of(query: sa.Select[Any], number: int, size: int) -> Page:
    """Return one page of a query, in two statements: the count and the rows.

    A page number beyond the end gives the last page."""
    total = db.session.scalar(sa.select(sa.func.count()).select_from(query.order_by(None).subquery())) or 0
    number = min(max(1, number), max(1, -(-total // size)))
    rows = db.session.execute(query.limit(size).offset((number - 1) * size)).all()
    return Page(rows, number, size, total)
