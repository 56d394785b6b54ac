"""Paging: one page of a long list, found by the key of a row and never by counting the rows before it.

An address that says `after` or `before` bears the reference of the row at which the page begins or ends. So a page
costs the same wherever it lies, and shows no row twice while others are added. Keyset pagination, as Markus Winand
describes it in "No Offset".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.operators import desc_op

from cohortmgr.base.db import db

# Rows are counted up to here; of more it is said that there are more.
COUNTED = 1_000


@dataclass(frozen=True)
class ListPlace:
    """Where in a list the address is: behind a row, before one, at the end, or at the beginning; and the number of the
    page, for people, which finds nothing; 0 if the address does not know it."""

    number: int = 0
    after: str = ""
    before: str = ""
    at_end: bool = False


@dataclass(frozen=True)
class Total:
    """How many rows a list has, or that it has more than `number`."""

    number: int
    is_more: bool = False


@dataclass(frozen=True)
class Page:
    """One page of a list. `total` is all rows, or as many as were counted if `is_more`. `before` and `after` are the
    references at which the pages beside it end and begin; None where there is none. `number` is 0 where
    nobody counted: at the end of a list of more rows than were counted, and on the way back from there."""

    rows: Sequence[Any]
    number: int
    size: int
    total: int
    is_more: bool = False
    before: str | None = None
    after: str | None = None

    @property
    def pages(self) -> int:
        """The number of pages as far as rows were counted, at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def is_whole(self) -> bool:
        """Whether the list has no other page."""
        return self.before is None and self.after is None

    def with_rows(self, rows: Sequence[Any]) -> Page:
        """The same page with something else in place of each row, such as the row with what belongs to it."""
        return replace(self, rows=rows)


def page_of(
    query: sa.Select[Any],
    place: ListPlace,
    size: int,
    total: Total | None = None,
    up_to: int | None = None,
    parts: Sequence[sa.ColumnElement[bool]] = (),
    among: Sequence[sa.ColumnElement[bool]] = (),
    keys: sa.Select[*tuple[Any, ...]] | None = None,
) -> Page:
    """Return one page of a query, in two statements, and one more behind or before a row.

    The query is ordered by columns of one direction, of which the last is unique; its first column is an entity with
    a reference, or it selects a column of that name. `total` is what a counter says; without it rows are counted, as
    far as `up_to` or COUNTED. Of `parts`, conditions of which each row meets one, each is read along its own index, for
    a query whose order no index has. A row that is unknown leads to the first page, and so does one that does not meet
    the conditions `among`: where a page begins tells what a row is ordered by, which not everybody may learn."""
    columns, down = _order(query)
    total = total or _counted(query, up_to or COUNTED)
    key = _key(query, columns, place.after or place.before, among)
    rows: list[Any] = []
    backwards = place.at_end or bool(place.before and key and not place.after)
    if backwards:
        turned = query.order_by(None).order_by(*(each.asc() if down else each.desc() for each in columns))
        rows = _first(turned, columns, key, not down, size + 1, parts, keys)
    if backwards and (len(rows) > size or place.at_end):
        return _backwards(rows, place, size, total)
    forward = key if place.after else None
    rows = _first(query, columns, forward, down, size + 1, parts, keys)
    if place.after and not rows:
        return page_of(query, ListPlace(at_end=True), size, total, up_to, parts, among, keys)
    behind, rows = len(rows) > size, rows[:size]
    return Page(
        rows,
        _at_least_second(place) if forward is not None else 1,
        size,
        total.number,
        total.is_more,
        before=_mark(rows[0]) if forward is not None else None,
        after=_mark(rows[-1]) if behind else None,
    )


def _backwards(rows: list[Any], place: ListPlace, size: int, total: Total) -> Page:
    """The page that was read from its end. The last page has what is left over when the others are full."""
    full = size if not place.at_end or total.is_more else total.number % size or size
    ahead, rows = len(rows) > full, rows[:full][::-1]
    last = 0 if total.is_more else max(1, -(-total.number // size))
    return Page(
        rows,
        last if place.at_end else _at_least_second(place),
        size,
        total.number,
        total.is_more,
        before=_mark(rows[0]) if ahead and rows else None,
        after=_mark(rows[-1]) if not place.at_end else None,
    )


def _at_least_second(place: ListPlace) -> int:
    """The number of a page that has rows before it, if the address knows one."""
    return max(2, place.number) if place.number else 0


def chunks_of(query: sa.Select[Any], size: int) -> Iterator[Sequence[Any]]:
    """Read a whole query by the key of its rows, a statement for each `size` of them; a transaction may end in between.

    The query is ordered as for `page_of`. Each row is given without its key, as a tuple."""
    columns, down = _order(query)
    keyed = query.add_columns(*(each.label(f"key_{place}") for place, each in enumerate(columns)))
    key: Sequence[Any] | None = None
    while True:
        rows = db.session.execute(_beyond(keyed, columns, key, down).limit(size)).all()
        if rows:
            yield [tuple(row[: -len(columns)]) for row in rows]
        if len(rows) < size:
            return
        key = rows[-1][-len(columns) :]


def is_longer(query: sa.Select[Any], most: int) -> bool:
    """Whether a query has more rows than `most`. No more than that are read."""
    one: sa.Label[int] = sa.literal_column("1", sa.Integer).label("one")
    bare = query.order_by(None).with_only_columns(one, maintain_column_froms=True)
    return db.session.scalar(bare.offset(most).limit(1)) is not None


@dataclass(frozen=True)
class Neighbours:
    """The references before and after a row of a list, its place from 1, and how many there are; the last two are None
    beyond COUNTED."""

    before: str | None
    after: str | None
    place: int | None
    total: int | None


def neighbours_of(
    query: sa.Select[Any],
    reference: str,
    parts: Sequence[sa.ColumnElement[bool]] = (),
    keys: sa.Select[*tuple[Any, ...]] | None = None,
) -> Neighbours | None:
    """Return what stands beside a row in a query that selects references, in two statements; None if the row is not
    in it. No more than COUNTED rows are read. `parts` and `keys` as for `page_of`."""
    columns, down = _order(query)
    bare = query.order_by(None)
    inside = bare.with_only_columns(*columns, maintain_column_froms=True)
    key = db.session.execute(inside.where(_reference(query) == reference)).first()
    if key is None:
        return None
    turned = bare.order_by(*(each.asc() if down else each.desc() for each in columns))
    one_ahead = _next(turned, columns, key, not down, 1, parts, keys)
    one_behind = _next(query, columns, key, down, 1, parts, keys)
    ahead, every = _beyond(turned, columns, key, not down), query
    if keys is not None:
        every = sa.select(*keys.subquery().c).distinct()
        ahead = _beyond(every, list(every.selected_columns), key, not down)
    row = db.session.execute(
        sa.select(
            one_ahead.scalar_subquery(),
            one_behind.scalar_subquery(),
            sa.select(sa.func.count()).select_from(_few(ahead, COUNTED - 1)).scalar_subquery(),
            sa.select(sa.func.count()).select_from(_few(every, COUNTED)).scalar_subquery(),
        )
    ).one()
    place, total = row[2] + 1, row[3]
    return Neighbours(
        row[0], row[1], place if place <= COUNTED else None, total if total <= COUNTED else None
    )


def cut(rows: Sequence[Any], place: ListPlace, size: int, mark: Callable[[Any], str]) -> Page:
    """Return one page of rows that are in memory. `mark` is the reference of a row."""
    places = {mark(row): index for index, row in enumerate(rows)}
    begin = 0
    if place.at_end:
        begin = max(0, len(rows) - 1) // size * size
    elif place.after in places:
        begin = places[place.after] + 1
    elif place.before in places:
        begin = max(0, places[place.before] - size)
    shown = rows[begin : begin + size]
    return Page(
        shown,
        begin // size + 1,
        size,
        len(rows),
        before=mark(shown[0]) if begin and shown else None,
        after=mark(shown[-1]) if begin + size < len(rows) else None,
    )


def _order(query: sa.Select[Any]) -> tuple[list[sa.ColumnElement[Any]], bool]:
    """The columns by which a query is ordered, and whether all of them descend."""
    columns, downs = [], set()
    for clause in query._order_by_clauses:
        turned = isinstance(clause, sa.UnaryExpression) and clause.modifier is not None
        columns.append(clause.element if turned else clause)
        downs.add(turned and clause.modifier is desc_op)
    if len(downs) != 1:
        raise ValueError("a list is ordered, and in one direction")
    return columns, downs.pop()


def _reference(query: sa.Select[Any]) -> Any:
    return query.column_descriptions[0]["entity"].reference


def _key(
    query: sa.Select[Any],
    columns: Sequence[sa.ColumnElement[Any]],
    wanted: str,
    among: Sequence[sa.ColumnElement[bool]],
) -> Sequence[Any] | None:
    """What a row is ordered by. It may have left the list while somebody read, and its place is known still, unless
    the order is made of several tables."""
    if len(wanted) != 26 or not wanted.isascii() or not wanted.isalnum():
        return None
    of_row = (_reference(query) == wanted, *among)
    alone = sa.select(*columns).where(*of_row)
    if len(alone.get_final_froms()) > 1:
        alone = query.order_by(None).add_columns(*columns).where(*of_row)
    found = db.session.execute(alone).first()
    return None if found is None else found[-len(columns) :]


def _beyond(
    query: sa.Select[Any], columns: Sequence[sa.ColumnElement[Any]], key: Sequence[Any] | None, down: bool
) -> sa.Select[Any]:
    if key is None:
        return query
    here = sa.tuple_(*columns)
    there = sa.tuple_(*(sa.literal(value, each.type) for value, each in zip(key, columns, strict=True)))
    return query.where(here < there if down else here > there)


def _first(
    query: sa.Select[Any],
    columns: Sequence[sa.ColumnElement[Any]],
    key: Sequence[Any] | None,
    down: bool,
    number: int,
    parts: Sequence[sa.ColumnElement[bool]],
    keys: sa.Select[*tuple[Any, ...]] | None,
) -> list[Any]:
    return list(db.session.execute(_next(query, columns, key, down, number, parts, keys)).all())


def _next(
    query: sa.Select[Any],
    columns: Sequence[sa.ColumnElement[Any]],
    key: Sequence[Any] | None,
    down: bool,
    number: int,
    parts: Sequence[sa.ColumnElement[bool]],
    keys: sa.Select[*tuple[Any, ...]] | None,
) -> sa.Select[Any]:
    """The first rows beyond a key. If the query has parts they are among the first of each; if it has keys they are
    those of the first keys."""
    if keys is not None:
        return query.where(columns[-1].in_(_first_keys(keys, key, down, number))).limit(number)
    query = _beyond(query, columns, key, down)
    if parts:
        own = columns[-1]
        firsts = [query.where(part).with_only_columns(own, maintain_column_froms=True) for part in parts]
        each = [sa.select(first.limit(number).subquery().c[0]) for first in firsts]
        query = query.where(own.in_(sa.union_all(*each)))
    return query.limit(number)


def _first_keys(keys: sa.Select[Any], key: Sequence[Any] | None, down: bool, number: int) -> sa.Select[Any]:
    """The last column, which is unique, of the first keys beyond another."""
    here = list(keys.subquery().c)
    each = _beyond(sa.select(*here).distinct(), here, key, down)
    first = each.order_by(*(column.desc() if down else column.asc() for column in here)).limit(number)
    return sa.select(list(first.subquery().c)[-1])


def _counted(query: sa.Select[Any], up_to: int) -> Total:
    number = db.session.scalar(sa.select(sa.func.count()).select_from(_few(query, up_to))) or 0
    return Total(min(number, up_to), number > up_to)


def counted_in_order(query: sa.Select[Any]) -> Total:
    """Count the rows of a query as far as COUNTED, by the index that has its order. If many rows are like those that
    are looked for, but elsewhere, PostgreSQL takes another for as quick and reads every row before it finds these."""
    first = query.limit(COUNTED + 1).subquery()
    number = db.session.scalar(sa.select(sa.func.count()).select_from(first)) or 0
    return Total(min(number, COUNTED), number > COUNTED)


def _few(query: sa.Select[Any], up_to: int) -> sa.Subquery:
    """The rows that are counted. Without joins none of their columns is read."""
    bare = query.order_by(None).limit(up_to + 1)
    if query._distinct:  # of one constant there would be one
        return bare.subquery()
    if query.get_final_froms() and not any(isinstance(each, sa.Join) for each in query.get_final_froms()):
        one: sa.Label[int] = sa.literal_column("1", sa.Integer).label("one")
        bare = bare.with_only_columns(one, maintain_column_froms=True)
    return bare.subquery()


def _mark(row: Any) -> str:
    found: str = row.reference if "reference" in row._fields else row[0].reference
    return found
