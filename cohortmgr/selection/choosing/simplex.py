"""How many of each type, seats being divisible: the dual simplex method in whole numbers, without tolerance.

A variable is how many of a type are chosen, or how many a bound counts. What one more of it is worth falls by steps:
the weight of the next best, or the cost of one person missing. So a variable stands between two steps, or is basic
within one, and one pass of the ratio test goes over as many steps as it takes (Maros, "A generalized dual phase-2
simplex algorithm", 2003). The start is the choice without bounds, which has the prices of an optimum; each exchange then
mends the count that a bound forbids most, seen along the steepest edge (Forrest and Goldfarb, 1992).

The inverse of the basis is kept as whole numbers over its determinant, divided exactly at each exchange (Edmonds,
"Systems of distinct representatives and linear algebra", 1967). Weights are Python's integers.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from math import gcd, lcm

import numpy as np

from cohortmgr.selection.choosing.grouping import CountProblem, ReducedLimit

# Entries up to here are multiplied without leaving 64 bits; beyond it numpy counts in Python's integers.
_ROOM = 1 << 30
_EXCHANGES = 1_000


class StalledExchanges(ArithmeticError):
    """Exchanges went on without end: weights are level in too many ways."""


@dataclass(frozen=True)
class RowPrices:
    """A price for each bound and, last, for the seats, in `1/scale` of a weight's unit. With `impossible` they show that
    no counts keep all bounds."""

    scale: int
    rows: tuple[int, ...]
    impossible: bool = False


@dataclass(frozen=True)
class RowSteps:
    """What one more is worth on each step of what a row counts, and where one step ends and the next begins. None is
    worth less than any price, or more: there is no such step."""

    ends: tuple[int, ...]
    worths: tuple[int | None, ...]

    def span(self, step: int) -> tuple[int | None, int | None]:
        """Where a step begins and ends; None is nowhere."""
        return self.ends[step - 1] if step else None, self.ends[step] if step < len(self.ends) else None


class DualSimplex:
    """The state between exchanges. Types are variables from 0, rows follow them.

    `_at` is the step of a basic variable; of another one, the step that begins where it stands."""

    def __init__(self, problem: CountProblem) -> None:
        self._kinds, self._size = len(problem.types), len(problem.limits) + 1
        self._weights = [each.weights for each in problem.types]
        self._groups = [(*each.groups, self._size - 1) for each in problem.types]
        self._matrix = np.zeros((self._kinds, self._size), dtype=np.int64)
        for place, groups in enumerate(self._groups):
            self._matrix[place, list(groups)] = 1
        self._rows = [_steps(limit, problem.cost) for limit in problem.limits]
        self._rows.append(RowSteps((problem.seats, problem.seats), (None, 0, None)))
        self.low, self.high = [0] * self._kinds, [len(each) for each in self._weights]
        self._start(problem.seats)

    def _start(self, seats: int) -> None:
        """The best without bounds: the price of the seats is the weight of the last one chosen."""
        kinds, size = self._kinds, self._size
        self._at = [0] * kinds + [row.worths.index(0) for row in self._rows]
        self._basis = list(range(kinds, kinds + size))
        self._inverse, self._determinant = -np.identity(size, dtype=np.int64), 1
        self._outside = np.zeros(size, dtype=np.int64)
        last = -1
        for last in islice(self._best(), max(1, seats)):
            self._at[last] += 1
        if last < 0:
            return
        self._at[last] -= 1
        self._basis[-1] = last
        self._inverse[-1, -1] = 1
        self._inverse[:-1, -1] = self._matrix[last, :-1]
        self._at[-1] = 2 if self._weights[last][self._at[last]] >= 0 else 1
        counts = np.array(self._at[:kinds], dtype=np.int64)
        counts[last] = 0
        self._outside = -(counts @ self._matrix)
        self._outside[-1] += seats

    def _best(self) -> Iterator[int]:
        """The types of contenders from the best to the last."""
        lists = ([(-weight, place) for weight in each] for place, each in enumerate(self._weights))
        return (place for _weight, place in heapq.merge(*lists))

    def copy(self) -> DualSimplex:
        """The same state, to be changed apart."""
        other = object.__new__(DualSimplex)
        other.__dict__.update(self.__dict__)
        for name in ("low", "high", "_at", "_basis"):
            setattr(other, name, list(getattr(self, name)))
        other._inverse, other._outside = self._inverse.copy(), self._outside.copy()
        return other

    def solve(self) -> RowPrices:
        """Exchange until nothing is forbidden, and return the prices of the optimum; or those that show that there is
        none. Raises StalledExchanges."""
        for _ in range(_EXCHANGES + 20 * self._size):
            leaving = self._leaving()
            if leaving is None:
                return _reduced(self._determinant, self._prices())
            if not self._exchange(*leaving):
                place, _excess, sign = leaving
                ray = [sign * each for each in self._inverse[place].tolist()]
                return _reduced(0, ray, impossible=True)
        raise StalledExchanges

    def counts(self) -> tuple[list[int], dict[int, float]]:
        """How many of each type, rounded down, and what is left of those that are not whole."""
        found = self._at[: self._kinds]
        broken = {}
        for value, variable in zip((self._inverse @ self._outside).tolist(), self._basis, strict=True):
            if variable < self._kinds:
                found[variable], left = divmod(value, self._determinant)
                if left:
                    broken[variable] = left / self._determinant
        return found, broken

    def _leaving(self) -> tuple[int, int, int] | None:
        """The place in the basis of what is farthest outside its step; how far, times the determinant; and whether its
        price is to fall (-1) or to rise (1)."""
        norms = (self._inverse.astype(float) ** 2).sum(axis=1).tolist()
        values = (self._inverse @ self._outside).tolist()
        farthest, found = 0.0, None
        for place, (value, variable) in enumerate(zip(values, self._basis, strict=True)):
            begin, end = self._span(variable, self._at[variable])
            sign = 0
            if end is not None and value > end * self._determinant:
                excess, sign = value - end * self._determinant, -1
            elif begin is not None and value < begin * self._determinant:
                excess, sign = begin * self._determinant - value, 1
            if sign and excess * excess / norms[place] > farthest:
                farthest, found = excess * excess / norms[place], (place, excess, sign)
        return found

    def _exchange(self, place: int, excess: int, sign: int) -> bool:
        """Let a basic variable leave at the end of its step: prices move along its row, others go over steps until the
        excess is gone, and the last of them enters. False if nothing takes up the excess."""
        row, prices = self._inverse[place], self._prices()
        leaving = self._basis[place]
        moving = {variable: each for variable, each in self._moving(row) if each}
        common = lcm(*(abs(each) for each in moving.values()))
        at = {variable: self._at[variable] for variable in moving}
        at[leaving] = self._stop(leaving, sign)
        queue: list[tuple[int, int]] = []
        for variable, each in moving.items():
            self._queue(queue, variable, at[variable], sign * each, common, prices)
        heapq.heapify(queue)
        while queue:
            _ratio, variable = heapq.heappop(queue)
            each = moving[variable]
            right = sign * each < 0
            step = at[variable] if right else at[variable] - 1
            begin, end = self._span(variable, step)
            if begin is not None and end is not None:
                excess -= abs(each) * (end - begin)
            if begin is None or end is None or excess <= 0:
                self._move(at, leaving)
                self._enter(place, variable, step, at[leaving])
                return True
            at[variable] += 1 if right else -1
            self._queue(queue, variable, at[variable], sign * each, common, prices, heapq.heappush)
        return False

    def _moving(self, row: np.ndarray) -> Iterator[tuple[int, int]]:
        """Each variable that is not basic, and the one that leaves, with its entry in a row of the tableau."""
        entries = self._matrix @ row
        touched = np.flatnonzero(entries)
        yield from zip(touched.tolist(), entries[touched].tolist(), strict=True)
        for place, each in enumerate(row.tolist()):
            yield self._kinds + place, -each

    def _queue(self, queue, variable, at, entry, common, prices, push=list.append) -> None:
        """Queue the next step of a variable by how far prices move until it is taken."""
        right = entry < 0
        worth = self._worth(variable, at if right else at - 1)
        if worth is None:
            return
        gap = worth * self._determinant - self._price(variable, prices)
        push(queue, (abs(gap) * (common // abs(entry)), variable))

    def _move(self, at: dict[int, int], leaving: int) -> None:
        """Let variables that are not basic stand where they have come to."""
        for variable, step in at.items():
            if variable != leaving and step != self._at[variable]:
                change = self._value(variable, step) - self._value(variable, self._at[variable])
                self._shift(variable, change)
                self._at[variable] = step

    def _enter(self, place: int, variable: int, step: int, stop: int) -> None:
        """Make a variable basic within a step, in the place of the one that leaves where it stops."""
        leaving = self._basis[place]
        if variable == leaving:
            self._at[variable] = step
            return
        self._shift(variable, -self._value(variable, self._at[variable]))
        self._shift(leaving, self._value(leaving, stop))
        self._at[variable], self._at[leaving] = step, stop
        self._basis[place] = variable
        self._pivot(place, self._column(variable))

    def _pivot(self, place: int, column: np.ndarray) -> None:
        if max(np.abs(self._inverse).max(), np.abs(column).max()) > _ROOM:
            self._inverse, column = self._inverse.astype(object), column.astype(object)
        pivot, kept = column[place], self._inverse[place].copy()
        self._inverse = (self._inverse * pivot - np.outer(column, kept)) // self._determinant
        self._inverse[place] = kept
        self._determinant = int(pivot)
        if pivot < 0:
            self._inverse, self._determinant = -self._inverse, -self._determinant

    def _column(self, variable: int) -> np.ndarray:
        if variable < self._kinds:
            return self._inverse @ self._matrix[variable]
        return -self._inverse[:, variable - self._kinds]

    def _shift(self, variable: int, change: int) -> None:
        if variable < self._kinds:
            self._outside -= self._matrix[variable] * change
        else:
            self._outside[variable - self._kinds] += change

    def _prices(self) -> list[int]:
        """The price of each row, times the determinant."""
        prices = [0] * self._size
        for place, variable in enumerate(self._basis):
            worth = self._basic_worth(variable)
            if worth:
                for row, each in enumerate(self._inverse[place].tolist()):
                    if each:
                        prices[row] += worth * each
        return prices

    def _basic_worth(self, variable: int) -> int:
        step = self._at[variable]
        if variable < self._kinds:
            # A split may since have closed the step within which a type is basic.
            return self._weights[variable][step]
        return self._rows[variable - self._kinds].worths[step] or 0

    def _price(self, variable: int, prices: list[int]) -> int:
        """What prices ask for one more of a variable."""
        if variable >= self._kinds:
            return -prices[variable - self._kinds]
        return sum(prices[row] for row in self._groups[variable])

    def _worth(self, variable: int, step: int) -> int | None:
        if variable >= self._kinds:
            return self._rows[variable - self._kinds].worths[step]
        return self._weights[variable][step] if self.low[variable] <= step < self.high[variable] else None

    def _span(self, variable: int, step: int) -> tuple[int | None, int | None]:
        if variable >= self._kinds:
            return self._rows[variable - self._kinds].span(step)
        return max(step, self.low[variable]), min(step + 1, self.high[variable])

    def _stop(self, variable: int, sign: int) -> int:
        """Where a variable that leaves its step stands: the step that begins there."""
        step = self._at[variable]
        if variable < self._kinds:
            begin, end = self._span(variable, step)
            return (end if sign < 0 else begin) or 0
        return step + 1 if sign < 0 else step

    def _value(self, variable: int, at: int) -> int:
        return at if variable < self._kinds else self._rows[variable - self._kinds].ends[at - 1]


def _steps(limit: ReducedLimit, cost: int) -> RowSteps:
    """The steps of what a bound counts: one missing costs, and with a hard bound none may be."""
    beyond = None if limit.hard else cost
    ends, worths = [], [0]
    if limit.at_least is not None:
        ends, worths = [limit.at_least], [beyond, 0]
    if limit.at_most is not None:
        ends, worths = [*ends, limit.at_most], [*worths, None if beyond is None else -beyond]
    return RowSteps(tuple(ends), tuple(worths))


def _reduced(scale: int, prices: list[int], *, impossible: bool = False) -> RowPrices:
    common = gcd(scale, *prices)
    return RowPrices(
        1 if impossible else scale // common, tuple(price // common for price in prices), impossible
    )
