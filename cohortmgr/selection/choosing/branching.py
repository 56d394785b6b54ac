"""Whole counts: where the best divisible seats break a type, the choice is split on how many of it are chosen.

Best bound first, so that no node is split that the result closes. What remains is the smallest tree of those met: a
node whose own prices prove the result needs no split.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

from cohortmgr.selection.choosing.grouping import CountProblem
from cohortmgr.selection.choosing.proving import PathSplit, leaf_value
from cohortmgr.selection.choosing.rules import Leaf, Split
from cohortmgr.selection.choosing.simplex import DualSimplex, RowPrices, StalledExchanges

# A choice that needs more is refused: its proof would be of no use to anyone either.
MOST_NODES = 2_000
# The room between weights in which level ones are told apart, once exchanges stall.
_GRAIN = 1 << 40


class TooManySplits(ArithmeticError):
    """The bounds cross in so many ways that no proof of a reasonable size was found."""


@dataclass(frozen=True)
class CountedChoice:
    """How many of each type, None if no whole counts keep the hard bounds, and the tree that proves it."""

    counts: list[int] | None
    proof: Split | Leaf


_Sides = tuple[tuple[int, int, bool], ...]
"""The sides of splits above a node: the place of a type, the most of it below, and whether the node is above."""


@dataclass
class _CountNode:
    leaf: Leaf
    # The bound that its prices give, in `1/scale`.
    value: int
    scale: int
    sides: _Sides
    split: tuple[int, int] | None = None
    below: _CountNode | None = None
    above: _CountNode | None = None


@dataclass
class _CountSearch:
    problem: CountProblem
    grain: int
    nodes: int = 0
    counts: list[int] | None = None
    best: int = 0
    # Nodes whose counts are not whole, by the bound that their prices give.
    waiting: list[tuple[int, int, _CountNode, DualSimplex]] = field(default_factory=list)

    def root(self, state: DualSimplex) -> _CountNode:
        """Solve the whole problem, splitting what may hold the best until nothing can be better."""
        root = self._solved(state, ())
        while self.waiting:
            bound, _number, node, state = heapq.heappop(self.waiting)
            if self.counts is not None and -bound <= self.best:
                break
            self._divide(node, state)
        return root

    def _divide(self, node: _CountNode, state: DualSimplex) -> None:
        counts, broken = state.counts()
        place = state.telling(broken)
        most = counts[place]
        node.split = place, most
        node.below, node.above = (
            self._solved(state.side(place, most, above=above), (*node.sides, (place, most, above)))
            for above in (False, True)
        )

    def _solved(self, state: DualSimplex, sides: _Sides) -> _CountNode:
        """Solve a node, and keep its counts if they are whole, or let it wait if it may hold better ones."""
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise TooManySplits
        is_plain = self.grain == 1
        leaf = self._leaf(state.solve(self.best if is_plain and self.counts is not None else None), sides)
        if is_plain:
            # What the basis is worth is what its prices leave: no need to add them up for each type.
            node = _CountNode(leaf, state.worth(), state.determinant, sides)
        else:
            path = tuple(self._said(each) for each in sides)
            node = _CountNode(leaf, leaf_value(self.problem, leaf, path), leaf.scale, sides)
        bound = node.value // node.scale
        if leaf.impossible or self.counts is not None and bound <= self.best:
            return node
        counts, broken = state.counts()
        if broken:
            heapq.heappush(self.waiting, (-bound, self.nodes, node, state))
        else:
            self._keep(counts)
        return node

    def _keep(self, counts: list[int]) -> None:
        objective = self.problem.objective(counts)
        if self.counts is None or objective > self.best:
            self.counts, self.best = counts, objective

    def _said(self, side: tuple[int, int, bool]) -> PathSplit:
        place, most, above = side
        return PathSplit(self.problem.types[place].groups, most, above)

    def _leaf(self, prices: RowPrices, sides: _Sides) -> Leaf:
        """Prices of rows with those of the splits above that hold a type back or push it."""
        scale = prices.scale * (1 if prices.impossible else self.grain)
        splits = [0] * len(sides)
        for (place, above), index in _tightest(sides).items():
            each, most = self.problem.types[place], sides[index][1]
            # The first that the split keeps out, or the last that it takes in.
            weight = 0 if prices.impossible else each.weights[most] * scale
            lacking = weight - prices.rows[-1] - sum(prices.rows[group] for group in each.groups)
            splits[index] = min(0, lacking) if above else max(0, lacking)
        return Leaf(scale, prices.rows[:-1], prices.rows[-1], tuple(splits), prices.impossible)

    def tree(self, node: _CountNode, holds: bool = True) -> Split | Leaf:
        """The proof from a node down, without needless splits; `holds` says whether the node holds the result."""
        if node.below is None or node.above is None or node.split is None or self._suffices(node, holds):
            return node.leaf
        place, most = node.split
        above = self.counts is not None and self.counts[place] > most
        return Split(
            self.problem.types[place].groups,
            most,
            self.tree(node.below, holds and not above),
            self.tree(node.above, holds and above),
        )

    def _suffices(self, node: _CountNode, holds: bool) -> bool:
        """Whether a node's own prices prove the result. That which holds it must price it to the last unit, since its
        prices are to tell who is in."""
        if node.leaf.impossible or self.counts is None:
            return node.leaf.impossible
        if holds:
            return node.value == self.best * node.scale
        return node.value // node.scale <= self.best


def _tightest(sides: _Sides) -> dict[tuple[int, bool], int]:
    """For each type, which side is its lowest ceiling and which (above) its highest floor: the last of each."""
    return {(place, above): index for index, (place, _most, above) in enumerate(sides)}


def best_counts(problem: CountProblem) -> CountedChoice:
    """The best whole counts and their proof. Raises TooManySplits."""
    try:
        return _searched(problem, problem, 1)
    except StalledExchanges:
        return _searched(problem, problem.finer(_GRAIN), _GRAIN)


def _searched(problem: CountProblem, solved: CountProblem, grain: int) -> CountedChoice:
    search = _CountSearch(problem, grain)
    root = search.root(DualSimplex(solved))
    return CountedChoice(search.counts, search.tree(root))
