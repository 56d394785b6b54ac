"""Rows of any table, made from the columns' types, so that a table added later is covered, or fails until it is."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from psycopg.types.json import Jsonb

from tests.databases import PostgresDatabase

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
# What a CHECK constraint wants and the type of the column does not tell: (table, column) to value.
EXAMPLES: dict[tuple[str, str], Any] = {
    (table, "seen_in"): [101]
    for table in ("persons", "accounts", "identifiers", "grants", "message_preferences")
}


def value_for(table: sa.Table, column: sa.Column[Any], number: int, place: int) -> Any:
    """A value of the column's type; unique in its table, and later columns are later in time."""
    given = EXAMPLES.get((table.name, column.name), _first_allowed(table, column))
    if given is not None:
        return given
    default = getattr(column.default, "arg", None)
    if column.default is not None and column.default.is_scalar and not column.primary_key:
        return default
    kind = column.type
    if isinstance(kind, sa.JSON) or isinstance(getattr(kind, "impl", None), sa.JSON):
        return Jsonb({})
    if isinstance(kind, sa.LargeBinary):
        return b"x"
    if isinstance(kind, sa.Boolean):
        return False
    if isinstance(kind, sa.DateTime | sa.TypeDecorator):
        return START + timedelta(days=place)
    if isinstance(kind, sa.Date):
        return date(2026, 1, 1) + timedelta(days=place)
    if isinstance(kind, sa.String):
        return f"{number}{column.name}"[: kind.length or 40]
    if isinstance(kind, sa.Integer | sa.Numeric):
        unique = column.primary_key or column.unique or column.foreign_keys or _in_unique(table, column)
        return number if unique else 1
    raise AssertionError(f"{table.name}.{column.name}: say in EXAMPLES what a {kind!r} may be")


def _first_allowed(table: sa.Table, column: sa.Column[Any]) -> str | None:
    """The first of the words to which a CHECK holds a column."""
    for each in table.constraints:
        if isinstance(each, sa.CheckConstraint):
            words = re.search(rf"\b{column.name} IN \('([^']+)'", str(each.sqltext))
            if words:
                return words[1]
    return None


def _in_unique(table: sa.Table, column: sa.Column[Any]) -> bool:
    return any(isinstance(c, sa.UniqueConstraint) and column.name in c.columns for c in table.constraints)


def row_for(table: sa.Table, number: int, **fixed: Any) -> dict[str, Any]:
    """The values of a row: what must be there, and what was given and the table has."""
    row = {
        column.name: value_for(table, column, number, place)
        for place, column in enumerate(table.columns)
        if not column.nullable or column.name in fixed
    }
    return row | {name: value for name, value in fixed.items() if name in table.columns}


def insert(database: PostgresDatabase, table: sa.Table, number: int, **fixed: Any) -> None:
    """A row, its foreign keys unchecked: the administrator's session replays as a replica does."""
    row = row_for(table, number, **fixed)
    columns = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join(["%s"] * len(row))
    database.admin.execute(f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks})', list(row.values()))
