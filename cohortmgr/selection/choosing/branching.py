"""Whole counts: where the best divisible seats break a type, the choice is split on how many of it are chosen.

Depth first, the nearer side before the other, so that a first choice is found soon and closes what cannot be better.
What remains is the smallest tree of those met: a node whose own prices prove the result needs no split.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cohortmgr.selection.choosing.grouping import CountProblem
from cohortmgr.selection.choosing.proving import PathSplit, leaf_value
from cohortmgr.selection.choosing.rules import Leaf, Split
from cohortmgr.selection.choosing.simplex import DualSimplex, RowPrices, StalledExchanges

# A choice that needs more is refused: its proof would be of no use to anyone either.
MOST_NODES = 4_000
# The room between weights in which level ones are told apart, once exchanges stall.
_GRAIN = 1 << 40


class TooManySplits(ArithmeticError):
    """The bounds cross in so many ways that no proof of a reasonable size was found."""


@dataclass(frozen=True)
class CountedChoice:
    """How many of each type, None if no whole counts keep the hard bounds, and the tree that proves it."""

    counts: list[int] | None
    proof: Split | Leaf


@dataclass
class _Node:
    leaf: Leaf
    value: int
    split: tuple[int, int] | None = None
    below: _Node | None = None
    above: _Node | None = None


@dataclass
class _Search:
    problem: CountProblem
    grain: int
    nodes: int = 0
    counts: list[int] | None = None
    best: int = 0
    path: list[tuple[int, int, bool]] = field(default_factory=list)

    def grow(self, state: DualSimplex) -> _Node:
        """Solve a node and those below it."""
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise TooManySplits
        node = self._solved(state)
        if node.leaf.impossible or self._is_closed(node):
            return node
        counts, broken = state.counts()
        if not broken:
            self._keep(counts)
            return node
        place = max(broken, key=lambda each: (min(broken[each], 1 - broken[each]), -each))
        node.split = place, counts[place]
        for above in sorted((False, True), reverse=broken[place] > 0.5):
            self.path.append((place, counts[place], above))
            child = state.copy()
            if above:
                child.low[place] = counts[place] + 1
                node.above = self.grow(child)
            else:
                child.high[place] = counts[place]
                node.below = self.grow(child)
            self.path.pop()
        return node

    def _solved(self, state: DualSimplex) -> _Node:
        prices = state.solve()
        leaf = self._leaf(prices)
        path = tuple(self._said(each) for each in self.path)
        return _Node(leaf, leaf_value(self.problem, leaf, path))

    def _keep(self, counts: list[int]) -> None:
        objective = self.problem.objective(counts)
        if self.counts is None or objective > self.best:
            self.counts, self.best = counts, objective

    def _is_closed(self, node: _Node) -> bool:
        return self.counts is not None and node.value // node.leaf.scale <= self.best

    def _said(self, split: tuple[int, int, bool]) -> PathSplit:
        place, most, above = split
        return PathSplit(self.problem.types[place].groups, most, above)

    def _leaf(self, prices: RowPrices) -> Leaf:
        """Prices of rows with those of the splits on the path that hold a type back or push it."""
        scale = prices.scale * (1 if prices.impossible else self.grain)
        splits = [0] * len(self.path)
        for place, (below, above) in _tightest(self.path).items():
            each = self.problem.types[place]
            price = prices.rows[-1] + sum(prices.rows[group] for group in each.groups)
            for index, following in ((below, True), (above, False)):
                if index is None:
                    continue
                most = self.path[index][1]
                # The first that the split keeps out, or the last that it takes in.
                weight = 0 if prices.impossible else self._weight(place, most) * scale
                lacking = weight - price
                splits[index] = max(0, lacking) if following else min(0, lacking)
        return Leaf(scale, prices.rows[:-1], prices.rows[-1], tuple(splits), prices.impossible)

    def _weight(self, place: int, index: int) -> int:
        return self.problem.types[place].weights[index]

    def tree(self, node: _Node, holds: bool = True) -> Split | Leaf:
        """The proof from a node down, without splits that it does not need; `holds` says whether it holds the result."""
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

    def _suffices(self, node: _Node, holds: bool) -> bool:
        """Whether a node's own prices prove the result. That which holds it must price it to the last unit, since its
        prices are to tell who is in."""
        if node.leaf.impossible or self.counts is None:
            return node.leaf.impossible
        if holds:
            return node.value == self.best * node.leaf.scale
        return node.value // node.leaf.scale <= self.best


def _tightest(path: Sequence[tuple[int, int, bool]]) -> dict[int, list[int | None]]:
    """For each type on a path, which split is its lowest ceiling and which its highest floor: the last of each."""
    found: dict[int, list[int | None]] = {}
    for index, (place, _most, above) in enumerate(path):
        found.setdefault(place, [None, None])[1 if above else 0] = index
    return found


def best_counts(problem: CountProblem) -> CountedChoice:
    """The best whole counts and their proof. Raises TooManySplits."""
    try:
        return _searched(problem, problem, 1)
    except StalledExchanges:
        return _searched(problem, problem.finer(_GRAIN), _GRAIN)


def _searched(problem: CountProblem, solved: CountProblem, grain: int) -> CountedChoice:
    search = _Search(problem, grain)
    root = search.grow(DualSimplex(solved))
    return CountedChoice(search.counts, search.tree(root))
