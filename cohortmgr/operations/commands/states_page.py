"""Writing the page docs/states.md from the tables of transitions in the rooms' rules."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

HEAD = """# States

Made from the code by `flask --app wsgi operations states`; a test holds it to the code. Each table stands in its
room's `rules.py`. The meanings are those that people read, in French, the language of the messages' keys.
"""
_SUFFIX = "TRANSITIONS"


def tables(root: Path) -> Iterator[tuple[str, Mapping[StrEnum, Iterable[StrEnum]], Mapping[StrEnum, str]]]:
    """Yield (room, transitions, meanings) for each table of every room.

    Raises LookupError if a table has no matching table of meanings."""
    for path in sorted(root.glob("*/rules.py")):
        room = path.parent.name
        module = importlib.import_module(f"cohortmgr.{room}.rules")
        for name in sorted(vars(module)):
            table: Any = getattr(module, name)
            if name.endswith(_SUFFIX) and isinstance(table, Mapping) and _is_of(module.__name__, table):
                twin = name.removesuffix(_SUFFIX) + "MEANINGS"
                meanings = getattr(module, twin, None)
                if meanings is None or set(meanings) != set(table):
                    raise LookupError(
                        f"cohortmgr/{room}/rules.py: {twin} does not say what each state of {name} means"
                    )
                yield room, table, meanings


def page(root: Path) -> str:
    """Return the whole page as Markdown."""
    parts = [HEAD]
    for room, table, meanings in tables(root):
        parts.append(f"\n## {room}: {type(next(iter(table))).__name__}\n")
        parts.append("| state | means | then |\n|---|---|---|")
        for state in table:
            ways = ", ".join(sorted(after.value for after in table[state])) or "the end"
            parts.append(f"| {state.value} | {meanings[state]} | {ways} |")
    return "\n".join(parts) + "\n"


def _is_of(module: str, table: Mapping[Any, Any]) -> bool:
    return bool(table) and all(type(state).__module__ == module for state in table)
