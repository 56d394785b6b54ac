"""Contenders by type: those whom the same bounds count, best first, so that only how many of each type is sought."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from operator import neg

from cohortmgr.selection.choosing.rules import ChoiceProblem
from cohortmgr.selection.choosing.weights import exact_weights


@dataclass(frozen=True)
class ContenderType:
    """Contenders of the same groups: their places in the problem and their weights, best first."""

    groups: tuple[int, ...]
    members: list[int]
    weights: list[int]

    @cached_property
    def sums(self) -> list[int]:
        """The weight of the best none, one, two, …"""
        return list(accumulate(self.weights, initial=0))

    def above(self, scale: int, price: int) -> int:
        """How many weigh more than a price that is told in `1/scale`."""
        return bisect_left(self.weights, -(price // scale), key=neg)


@dataclass(frozen=True)
class ReducedLimit:
    """What a bound leaves to the contenders, once those who are taken are counted in it."""

    at_least: int | None
    at_most: int | None
    hard: bool

    def missing(self, count: int) -> int:
        """How many people are missing below the floor or are above the ceiling, of so many contenders chosen."""
        below = 0 if self.at_least is None else max(0, self.at_least - count)
        return below + (0 if self.at_most is None else max(0, count - self.at_most))


@dataclass(frozen=True)
class CountProblem:
    """How many of each type shall have one of `seats`, all of which are filled: the types in the order of their groups,
    the limit of each bound, and what one person who is missing in a soft bound costs. With `most_seats` any number up
    to it may be filled, which asks whether one of these is possible."""

    types: tuple[ContenderType, ...]
    limits: tuple[ReducedLimit, ...]
    seats: int
    cost: int
    most_seats: int | None = None

    @property
    def seats_to(self) -> int:
        """The most seats that may be filled."""
        return self.seats if self.most_seats is None else self.most_seats

    def activity(self, counts: Sequence[int]) -> list[int]:
        """How many are chosen in each bound's group."""
        found = [0] * len(self.limits)
        for each, count in zip(self.types, counts, strict=True):
            for group in each.groups:
                found[group] += count
        return found

    def shortfall(self, counts: Sequence[int]) -> int:
        """How many people soft bounds miss."""
        counted = zip(self.limits, self.activity(counts), strict=True)
        return sum(limit.missing(count) for limit, count in counted if not limit.hard)

    def objective(self, counts: Sequence[int]) -> int:
        """The sum of the weights of those chosen, less the cost of those missing."""
        total = sum(each.sums[count] for each, count in zip(self.types, counts, strict=True))
        return total - self.cost * self.shortfall(counts)

    def finer(self, grain: int) -> CountProblem:
        """The same with weights `grain` times as large, and in the room between a number that tells apart whatever is
        level: no sum over the seats fills the room."""
        step = 1
        types = []
        for each in self.types:
            weights = []
            for weight in each.weights:
                step = step * 48_271 % 2_147_483_647
                weights.append(weight * grain + step % (grain // (self.seats_to + 1)))
            types.append(replace(each, weights=sorted(weights, reverse=True)))
        return replace(self, types=tuple(types), cost=self.cost * grain)


def count_problem(problem: ChoiceProblem, seats: int) -> CountProblem:
    """The problem of counts in which contenders fill just so many seats."""
    weights = exact_weights(problem.contenders, seats)
    values = weights.values
    found: dict[tuple[int, ...], list[int]] = {}
    for place in sorted(range(len(values)), key=values.__getitem__, reverse=True):
        found.setdefault(problem.contenders[place].groups, []).append(place)
    types = tuple(
        ContenderType(groups, members, [values[place] for place in members])
        for groups, members in sorted(found.items())
    )
    return CountProblem(types, _limits(problem), seats, weights.cost)


def _limits(problem: ChoiceProblem) -> tuple[ReducedLimit, ...]:
    taken = [0] * len(problem.bounds)
    for groups in problem.taken.values():
        for group in groups:
            taken[group] += 1
    return tuple(
        ReducedLimit(
            # A floor that those who are taken meet asks nothing more.
            None if (bound.at_least or 0) <= count else (bound.at_least or 0) - count,
            None if bound.at_most is None else bound.at_most - count,
            bound.hard,
        )
        for bound, count in zip(problem.bounds, taken, strict=True)
    )
