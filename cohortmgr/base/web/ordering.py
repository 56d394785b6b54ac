"""The order in which an address asks for a short list, whose rows are few by their nature and in memory.

Long lists are ordered by an index (paging.py); a cohort has as many rows as it has seats."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from cohortmgr.base.db import db
from cohortmgr.base.paging import COUNTED, ListPlace, Page, cut, is_longer, page_of

R = TypeVar("R")


def in_order(rows: Sequence[R], orders: Mapping[str, Callable[[R], Any]], asked: str) -> list[R]:
    """Return rows in the order that `asked` names, turned if it begins with a dash; as they are for any other text.

    `orders` says what a row is ordered by. What is None or empty stands last in both directions, and rows that are
    alike stay as they were."""
    key = orders.get(asked.removeprefix("-"))
    if key is None:
        return list(rows)
    known = [row for row in rows if key(row) not in (None, "")]
    missing = [row for row in rows if key(row) in (None, "")]
    return sorted(known, key=key, reverse=asked.startswith("-")) + missing


def page_in_order(
    query: sa.Select[*tuple[Any, ...]],
    orders: Mapping[str, Callable[[Any], Any]],
    asked: str,
    place: ListPlace,
    size: int,
) -> Page:
    """Return one page of a query whose rows begin with what has a reference, in the order that `asked` names; in its
    own order for any other text, and if it has more rows than are counted: those are too many to be ordered here, and
    the page says by `is_more` that it offers no order."""
    if asked.removeprefix("-") not in orders or is_longer(query, COUNTED):
        return page_of(query, place, size)
    rows = in_order(db.session.execute(query).all(), orders, asked)
    return cut(rows, place, size, lambda row: str(row[0].reference))
