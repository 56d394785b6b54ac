"""Who is called next from a waiting list where a choice had bounds. Pure: counts in, places of the list out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cohortmgr.selection.allocation.deferred import allocate
from cohortmgr.selection.allocation.rules import AllocationProblem, Applicant, SeatHolder
from cohortmgr.selection.choosing.rules import Bound


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


def next_called_to(
    offering: str,
    waiting: Sequence[tuple[Sequence[str], Sequence[int]]],
    held: Iterable[Sequence[int]],
    bounds: Sequence[Mapping[str, Any]],
    free: int,
) -> list[int]:
    """Return the places of those on the list of an intake who are called for `free` seats of one offering, the first
    one first: whom its own choice takes beside those who hold its seats, of who wished for it.

    `waiting` are wishes and groups of who waits, and `held` the groups of who holds a seat there: places in `bounds`,
    as a batch of several offerings keeps them. Somebody who did not wish for it is never called."""
    own = [_bound_of(each) for each in bounds if each["offering"] == offering]
    holders = tuple(
        SeatHolder(f"held {n}", offering, _attributes(groups, bounds)) for n, groups in enumerate(held)
    )
    asking = tuple(
        Applicant(f"{place:09}", 0, (), place, (offering,), _attributes(groups, bounds))
        for place, (wishes, groups) in enumerate(waiting)
        if offering in wishes
    )
    problem = AllocationProblem(asking, {offering: len(holders) + max(0, free)}, tuple(own), holders)
    return sorted(int(each) for each in allocate(problem).offering_of)


def _bound_of(told: Mapping[str, Any]) -> Bound:
    return Bound(told["where"], told["at_least"], told["at_most"], told["hard"], told["offering"])


def _attributes(groups: Iterable[int], bounds: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What is known of somebody from the groups that count them: enough to tell these again, and no others."""
    return {key: value for place in groups for key, value in bounds[place]["where"].items()}
