"""Parts of many values: neither database takes a statement with any number of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

# Few enough for a statement, and for a plan that reads them by an index.
SIZE = 500


def in_parts(values: Iterable[Any], size: int = SIZE) -> Iterator[list[Any]]:
    """The values, each once and sorted, in lists of `size` at most."""
    ordered = sorted(set(values))
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]
