"""Check in whole numbers that a tree of prices proves what is claimed: that nothing is better, or nothing possible.

It knows nothing of how prices were found. A leaf's prices bound the objective of all choices that its splits allow:
what each contender weighs above its prices, plus what the limits are worth at these prices.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cohortmgr.selection.choosing.grouping import CountProblem
from cohortmgr.selection.choosing.rules import Leaf, Split


class UnprovedChoice(AssertionError):
    """A choice whose proof does not hold: a fault of the program, never shown as a result."""


@dataclass(frozen=True)
class PathSplit:
    """A side of a split that a leaf stands on: at most `most` of the type, or (`above`) more."""

    groups: tuple[int, ...]
    most: int
    above: bool

    @property
    def limit(self) -> int:
        """What its price is paid for."""
        return self.most + 1 if self.above else self.most


SplitPath = tuple[PathSplit, ...]


def require_proved(problem: CountProblem, tree: Split | Leaf, objective: int | None) -> None:
    """Raise UnprovedChoice unless each leaf proves that no choice is above the objective; or none possible, where that
    is None."""
    for leaf, path in walked(tree):
        if not _signs_hold(problem, leaf, path):
            raise UnprovedChoice("a price has the wrong sign")
        value = leaf_value(problem, leaf, path)
        if leaf.impossible:
            if value >= 0:
                raise UnprovedChoice("a leaf leaves something possible")
        elif objective is None or value // leaf.scale > objective:
            raise UnprovedChoice("a leaf leaves something better")


def walked(tree: Split | Leaf, path: SplitPath = ()) -> Iterator[tuple[Leaf, SplitPath]]:
    """Each leaf of a tree with the path to it."""
    if isinstance(tree, Leaf):
        yield tree, path
        return
    for above, side in ((False, tree.below), (True, tree.above)):
        yield from walked(side, (*path, PathSplit(tree.groups, tree.most, above)))


def leaf_value(problem: CountProblem, leaf: Leaf, path: SplitPath) -> int:
    """The bound that a leaf's prices give, in `1/scale` of a weight's unit."""
    total = max(leaf.seats * problem.seats, leaf.seats * problem.seats_to)
    for price, limit in zip(leaf.bounds, problem.limits, strict=True):
        paid_for = limit.at_most if price > 0 else limit.at_least
        total += price * (paid_for or 0)
    of_types: dict[tuple[int, ...], int] = {}
    for price, split in zip(leaf.splits, path, strict=True):
        total += price * split.limit
        of_types[split.groups] = of_types.get(split.groups, 0) + price
    for each in problem.types:
        price = leaf.seats + sum(leaf.bounds[group] for group in each.groups) + of_types.get(each.groups, 0)
        if leaf.impossible:
            total += max(0, -price) * len(each.weights)
            continue
        count = each.above(leaf.scale, price)
        total += each.sums[count] * leaf.scale - price * count
    return total


def _signs_hold(problem: CountProblem, leaf: Leaf, path: SplitPath) -> bool:
    """Whether prices have the signs of what they are paid for, and those of soft bounds do not pass the cost."""
    most = 0 if leaf.impossible else problem.cost * leaf.scale
    for price, limit in zip(leaf.bounds, problem.limits, strict=True):
        paid_for = limit.at_most if price > 0 else limit.at_least
        if price and (paid_for is None or not limit.hard and abs(price) > most):
            return False
    splits = zip(leaf.splits, path, strict=True)
    return leaf.scale > 0 and all(price <= 0 if split.above else price >= 0 for price, split in splits)


def holding(problem: CountProblem, tree: Split | Leaf, counts: Sequence[int]) -> tuple[Leaf, SplitPath]:
    """The leaf that holds a choice, and the path to it."""
    of_types = {each.groups: count for each, count in zip(problem.types, counts, strict=True)}
    path: SplitPath = ()
    while isinstance(tree, Split):
        above = of_types[tree.groups] > tree.most
        path = (*path, PathSplit(tree.groups, tree.most, above))
        tree = tree.above if above else tree.below
    return tree, path
