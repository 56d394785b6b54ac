"""Counting the 8 KB blocks that PostgreSQL reads for a page: what a count of statements does not see."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event


@contextmanager
def blocks_read() -> Iterator[dict[str, int]]:
    """The blocks that each SELECT sent in the block of code reads, by its text: each is explained once more, in its
    transaction and for its viewer. Empty on SQLite."""
    seen: dict[str, int] = {}

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if connection.dialect.name != "postgresql" or not statement.startswith(("SELECT", "WITH")):
            return
        if "set_config" in statement:
            return
        with cursor.connection.cursor() as again:
            again.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", parameters)
            told = again.fetchone()[0]
        plan = (told if isinstance(told, list) else json.loads(told))[0]["Plan"]
        seen[statement] = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]

    event.listen(sa.Engine, "before_cursor_execute", explain)
    try:
        yield seen
    finally:
        event.remove(sa.Engine, "before_cursor_execute", explain)
