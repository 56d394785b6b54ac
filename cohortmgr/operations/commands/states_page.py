"""The states of every row that has a life, as a page made from the tables in the rules."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cohortmgr.base.states import Table

HEAD = """# States

Made from the code by `flask --app wsgi operations states`; a test holds it to the code. Each table stands in its
room's `rules.py`. The meanings are those that people read, in French, the language of the messages' keys.
"""


def tables(root: Path) -> Iterator[tuple[str, Table[Any]]]:
    """(room, table) of each table of every room, in the order of their names; a table is found where it is written."""
    found = []
    for path in root.glob("*/**/*.py"):
        if "= Table(" in path.read_text(encoding="utf-8"):
            place = path.relative_to(root).with_suffix("").parts
            module = importlib.import_module(".".join((root.name, *place)))
            found += [(place[0], table) for table in vars(module).values() if _is_of(module.__name__, table)]
    yield from sorted(found, key=lambda each: (each[0], each[1].states.__name__))


def page(root: Path) -> str:
    """Return the whole page as Markdown."""
    parts = [HEAD]
    for room, table in tables(root):
        parts.append(f"\n## {room}: {table.states.__name__}\n")
        parts.append("| state | means | then |\n|---|---|---|")
        for state, meaning in table.meanings.items():
            ways = ", ".join(sorted(after.value for after in table.moves[state])) or "the end"
            parts.append(f"| {state.value} | {meaning} | {ways} |")
    return "\n".join(parts) + "\n"


def _is_of(module: str, value: object) -> bool:
    return isinstance(value, Table) and value.states.__module__ == module
