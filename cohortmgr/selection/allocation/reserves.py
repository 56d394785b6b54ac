"""The choice of an offering whose groups overlap: each person fills one reserved place of those they may fill.

Of as many people as there are seats it takes those who fill the most places, and of these the best: they are the bases
of a matroid (a transversal matroid, truncated and then filled up), so whom it takes from more people it takes from
fewer, and an arrival turns away at most one (Kurata, Hamada, Iwasaki and Yokoo, "Controlled school choice with soft
bounds and overlapping types", 2017; Sönmez and Yenmez, "Affirmative action in India via vertical, horizontal, and
overlapping reservations", 2022). Persons who may fill the same places are alike, so only counts are matched.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from heapq import heappop, heappush

from cohortmgr.selection.allocation.groups import GroupFamily
from cohortmgr.selection.choosing.rules import Bound

# The groups whose reserved places somebody may fill.
Filler = tuple[int, ...]


class ReservedSeats:
    """The seats of one offering, its reserved places, and who holds and fills them. People are their ranks over all
    applicants: 0 is the best."""

    def __init__(self, seats: int, family: GroupFamily, bounds: Sequence[Bound]) -> None:
        place = {group: number for number, group in enumerate(family.groups)}
        self._seats = seats
        self._free = [0] * len(place)
        for bound in bounds:
            self._free[place[frozenset(bound.where.items())]] += bound.at_least or 0
        self._total = 0
        self._held: dict[Filler, list[int]] = {}
        self._spare: dict[Filler, int] = {}
        self._filling: list[dict[Filler, int]] = [{} for _ in place]
        # From these no free place can be reached, until one is freed.
        self._closed = [False] * len(place)
        self._last = -1

    def take(self, met: Filler) -> None:
        """Count somebody who has a seat whatever their mark: they fill a place if that leaves none empty."""
        self._total += 1
        if not self._fill(met):
            self._spare[met] = self._spare.get(met, 0) + 1

    def consider(self, rank: int, met: Filler) -> int | None:
        """Let somebody in; return the rank of whom that turns away (perhaps the same), or None."""
        is_full = self._total >= self._seats
        fills = self._fill(met) if not is_full or self._held else False
        if is_full and not fills and rank > self._last:
            return rank
        heappush(self._held.setdefault(met, []), -rank)
        self._last = max(self._last, rank)
        self._total += 1
        if not fills:
            self._spare[met] = self._spare.get(met, 0) + 1
        return self._drop() if is_full else None

    def holders(self) -> list[int]:
        """The ranks of all who were let in and not turned away, in no order."""
        return [-held for each in self._held.values() for held in each]

    def missed(self) -> int:
        """How many reserved places nobody fills."""
        return sum(self._free)

    def _fill(self, met: Filler) -> bool:
        """Fill one place more with somebody, moving others among those that they may fill; say whether that can be."""
        came: dict[int, tuple[int, Filler]] = {}
        queue = deque(group for group in met if not self._closed[group])
        seen = set(queue)
        while queue:
            group = queue.popleft()
            if self._free[group]:
                self._free[group] -= 1
                self._move(group, met, came)
                return True
            for filler in self._filling[group]:
                for other in filler:
                    if other not in seen and not self._closed[other]:
                        seen.add(other)
                        came[other] = (group, filler)
                        queue.append(other)
        for group in seen:
            self._closed[group] = True
        return False

    def _move(self, group: int, met: Filler, came: dict[int, tuple[int, Filler]]) -> None:
        while group in came:
            before, filler = came[group]
            self._count(group, filler, 1)
            self._count(before, filler, -1)
            group = before
        self._count(group, met, 1)

    def _count(self, group: int, filler: Filler, by: int) -> None:
        filling = self._filling[group]
        filling[filler] = filling.get(filler, 0) + by
        if not filling[filler]:
            del filling[filler]

    def _drop(self) -> int:
        """Turn away the weakest of those without whom as many places can be filled; of all, where everybody's leaving
        empties one."""
        loose = self._loose()
        there = [filler for filler, held in self._held.items() if held]
        among = [filler for filler in there if filler in loose] or there
        leaving = min(among, key=lambda filler: self._held[filler][0])
        self._release(leaving, loose)
        self._total -= 1
        return -heappop(self._held[leaving])

    def _loose(self) -> dict[Filler, tuple[int, Filler] | None]:
        """Those of whom one fills nothing, or could be replaced in what they fill: by whom, and where."""
        found: dict[Filler, tuple[int, Filler] | None] = {
            filler: None for filler, count in self._spare.items() if count
        }
        queue = deque(found)
        seen: set[int] = set()
        while queue:
            filler = queue.popleft()
            for group in filler:
                if group in seen:
                    continue
                seen.add(group)
                for other in self._filling[group]:
                    if other not in found:
                        found[other] = (group, filler)
                        queue.append(other)
        return found

    def _release(self, leaving: Filler, loose: dict[Filler, tuple[int, Filler] | None]) -> None:
        """Let one of `leaving` fill nothing any more, others moving up for them."""
        if leaving not in loose:
            group = next(each for each in leaving if self._filling[each].get(leaving))
            self._count(group, leaving, -1)
            self._free[group] += 1
            self._closed = [False] * len(self._closed)
            return
        filler = leaving
        while (came := loose[filler]) is not None:
            group, by = came
            self._count(group, filler, -1)
            self._count(group, by, 1)
            filler = by
        self._spare[filler] -= 1
