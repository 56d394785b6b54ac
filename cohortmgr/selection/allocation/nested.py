"""The choice of an offering whose groups nest: as many as may be, then the fewest missed by soft bounds, then the best.

What it weighs is a sum of concave functions of counts over nested groups, so its choice is that of an M-natural-concave
function: whom it takes from more people it takes from fewer, and from more people it takes no fewer (Kojima, Tamura and
Yokoo, "Designing matching mechanisms under constraints: an approach from discrete convex analysis", 2018). Hence it
considers one person at a time, and one arrival turns away at most one.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from cohortmgr.selection.allocation.groups import GroupFamily
from cohortmgr.selection.choosing.rules import Bound

# (people that soft bounds miss more without somebody, the weakest's rank as a negative number, the node of theirs)
Dropping = tuple[int, int, int]
# How many stale entries beyond two a child a node keeps before it throws them away.
_STALE = 64


class NestedSeats:
    """The seats of one offering and who holds them. Node 0 is the whole offering, node 1 + g the group g of its family.

    People are their ranks over all applicants: 0 is the best. Those who hold a seat whatever their mark only count."""

    def __init__(self, seats: int, family: GroupFamily, bounds: Sequence[Bound]) -> None:
        place = {group: node for node, group in enumerate(family.groups, start=1)}
        nodes = len(place) + 1
        self._parent = [-1, *(parent + 1 for parent in family.parents())]
        self._most: list[int | None] = [None] * nodes
        self._most[0] = seats
        self._floors: list[list[int]] = [[] for _ in range(nodes)]
        self._ceilings: list[list[int]] = [[] for _ in range(nodes)]
        for bound in bounds:
            self._limit(place[frozenset(bound.where.items())], bound)
        self._count = [0] * nodes
        self._held: list[list[int]] = [[] for _ in range(nodes)]
        self._weakest: list[Dropping | None] = [None] * nodes
        self._below: list[list[tuple[Dropping, int]]] = [[] for _ in range(nodes)]
        # Whoever changed since it was last asked whom they would let go; nobody asks before the seats are full.
        self._changed: set[int] = set()
        self._paths: dict[tuple[int, ...], tuple[int, ...]] = {}
        self._children = [self._parent.count(node) for node in range(nodes)]

    def _limit(self, node: int, bound: Bound) -> None:
        if bound.at_least is not None:
            self._floors[node].append(bound.at_least)
        if bound.at_most is None:
            return
        if not bound.hard:
            self._ceilings[node].append(bound.at_most)
            return
        most = self._most[node]
        self._most[node] = bound.at_most if most is None else min(most, bound.at_most)

    def take(self, met: tuple[int, ...]) -> None:
        """Count somebody who has a seat whatever their mark."""
        for node in self._path(met):
            self._count[node] += 1

    def consider(self, rank: int, met: tuple[int, ...]) -> int | None:
        """Let somebody in; return the rank of whom that turns away (perhaps the same), or None."""
        path = self._path(met)
        heappush(self._held[path[0]], -rank)
        self._changed.update(path)
        full = -1
        for node in path:
            self._count[node] += 1
            most = self._most[node]
            if full < 0 and most is not None and self._count[node] > most:
                # The smallest group that is too many: whoever leaves it leaves those around it too.
                full = node
        return None if full < 0 else self._drop(full)

    def holders(self) -> list[int]:
        """The ranks of all who were let in and not turned away, in no order."""
        return [-held for node in self._held for held in node]

    def missed(self) -> int:
        """How many people soft bounds miss."""
        return sum(
            sum(max(0, floor - count) for floor in self._floors[node])
            + sum(max(0, count - ceiling) for ceiling in self._ceilings[node])
            for node, count in enumerate(self._count)
        )

    def _path(self, met: tuple[int, ...]) -> tuple[int, ...]:
        """The nodes that count somebody, the smallest first: groups that count one person stand in one another."""
        path = self._paths.get(met)
        if path is None:
            path = self._paths[met] = (*(group + 1 for group in reversed(met)), 0)
        return path

    def _drop(self, full: int) -> int:
        """Turn somebody of a node away: whoever the soft bounds miss least, of these the weakest."""
        self._refresh()
        leaving = self._weakest[full]
        assert leaving is not None, "whoever was let in can be turned away"
        node = leaving[2]
        rank = -heappop(self._held[node])
        while node >= 0:
            self._count[node] -= 1
            self._changed.add(node)
            node = self._parent[node]
        return rank

    def _refresh(self) -> None:
        """Find anew whom each node that changed would let go first, the smaller before those around them."""
        for node in sorted(self._changed, reverse=True):
            found = self._found(node)
            if found == self._weakest[node]:
                continue
            self._weakest[node] = found
            parent = self._parent[node]
            if found is not None and parent >= 0:
                heappush(self._below[parent], (found, node))
        self._changed.clear()

    def _found(self, node: int) -> Dropping | None:
        held = self._held[node]
        own = (0, held[0], node) if held else None
        below = self._lightest_below(node)
        best = own if below is None or (own is not None and own < below) else below
        return None if best is None else (best[0] + self._missed_without(node), best[1], best[2])

    def _lightest_below(self, node: int) -> Dropping | None:
        entries = self._below[node]
        if len(entries) > 2 * self._children[node] + _STALE:
            entries[:] = {entry for entry in entries if self._weakest[entry[1]] == entry[0]}
            heapify(entries)
        while entries and self._weakest[entries[0][1]] != entries[0][0]:
            heappop(entries)
        return entries[0][0] if entries else None

    def _missed_without(self, node: int) -> int:
        """How many people more the node's own soft bounds miss with one person fewer."""
        count, total = self._count[node], 0
        for floor in self._floors[node]:
            total += count <= floor
        for ceiling in self._ceilings[node]:
            total -= count > ceiling
        return total
