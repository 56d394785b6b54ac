"""Who is called next from a waiting list where a choice had bounds. Pure: counts in, places of the list out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def next_called(
    waiting: Sequence[Sequence[int]],
    held: Iterable[Sequence[int]],
    bounds: Sequence[Mapping[str, Any]],
    free: int,
) -> list[int]:
    """Return the places of those on a list who are called for `free` seats, in the order of their calling.

    `waiting` are the groups of who waits, the first one first, and `held` those of who has a seat: places in `bounds`,
    as a batch keeps them. Whoever would break a hard bound is passed over; of the others the first of those who leave
    the fewest people missing in soft bounds. A seat that nobody may have stays empty."""
    counts = Counter(place for groups in held for place in groups)
    left, called = list(range(len(waiting))), []
    while free > 0:
        able = [each for each in left if _holds(waiting[each], counts, bounds, free)]
        if not able:
            break
        chosen = min(able, key=lambda each: (_missing_more(waiting[each], counts, bounds), each))
        counts.update(waiting[chosen])
        left.remove(chosen)
        called.append(chosen)
        free -= 1
    return called


def _holds(
    groups: Sequence[int], counts: Mapping[int, int], bounds: Sequence[Mapping[str, Any]], free: int
) -> bool:
    """Whether hard bounds can still hold with one more person of these groups: no ceiling is passed, and the seats that
    are left are enough for each floor."""
    for place, bound in enumerate(bounds):
        if not bound["hard"]:
            continue
        count, floor, ceiling = counts[place] + (place in groups), bound["at_least"], bound["at_most"]
        if place in groups and ceiling is not None and count > ceiling:
            return False
        if place not in groups and floor is not None and floor - count > free - 1:
            return False
    return True


def _missing_more(
    groups: Sequence[int], counts: Mapping[int, int], bounds: Sequence[Mapping[str, Any]]
) -> int:
    """How many more people soft bounds miss with one more person of these groups; below nought where fewer."""
    more = 0
    for place in groups:
        bound = bounds[place]
        if bound["hard"]:
            continue
        floor, ceiling = bound["at_least"], bound["at_most"]
        more -= floor is not None and counts[place] < floor
        more += ceiling is not None and counts[place] >= ceiling
    return more
