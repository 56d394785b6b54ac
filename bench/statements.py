"""Count the SQL statements that this process sends, and the blocks that they read: the bench prints how many, tests
hold them to a limit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

# Functions of PostgreSQL that act are not run twice.
_ACTS = ("SELECT set_config(", "SELECT app_")
CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA", "SELECT SET_CONFIG(")


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements sent while the block runs, by any thread, without transaction control."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.lstrip().upper().startswith(CONTROL):
            seen.append(statement)

    event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(sa.Engine, "before_cursor_execute", note)


def beside_frame(seen: Sequence[str]) -> list[str]:
    """The statements of a page of staff itself, beside the one that asks for the frame around it (decision 32)."""
    found = [statement for statement in seen if " AS is_here" not in statement]
    if len(found) + 1 != len(seen):
        raise ValueError(f"a page of staff asks once for its frame, and not {len(seen) - len(found)} times")
    return found


@dataclass(frozen=True)
class Reading:
    """A SELECT, and how many blocks of 8 KB it reads."""

    blocks: int
    statement: str


@contextmanager
def explained(engine: sa.Engine) -> Iterator[list[Reading]]:
    """What each SELECT of the block reads of PostgreSQL, which runs it once more, as the same role, to tell."""
    found: list[Reading] = []

    def explain(connection: Any, _cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        if statement.startswith(("SELECT", "WITH")) and not statement.startswith(_ACTS):
            with connection.connection.cursor() as apart:
                apart.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", parameters)
                plan = apart.fetchone()[0]
                top = (plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"]
                found.append(Reading(top["Shared Hit Blocks"] + top["Shared Read Blocks"], statement))

    event.listen(engine, "after_cursor_execute", explain)
    try:
        yield found
    finally:
        event.remove(engine, "after_cursor_execute", explain)
