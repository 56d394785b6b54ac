"""How many of each type, seats being divisible: the dual simplex method in whole numbers, without tolerance.

A variable is how many of a type are chosen, or how many a bound counts. What one more of it is worth falls by steps:
the weight of the next best, or the cost of one person missing. So a variable stands between two steps, or is basic
within one, and one pass of the ratio test goes over as many steps as it takes (Maros, "A generalized dual phase-2
simplex algorithm", 2003). The start is the choice without bounds, which has the prices of an optimum; each exchange
then mends the count that a bound forbids most, seen along the steepest edge (Forrest and Goldfarb, 1992).

The inverse of the basis is kept as whole numbers over its determinant, divided exactly at each exchange (Edmonds,
"Systems of distinct representatives and linear algebra", 1967). Weights are Python's integers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import gcd

import numpy as np

from cohortmgr.selection.choosing.grouping import CountProblem
from cohortmgr.selection.choosing.ratios import RatioTest
from cohortmgr.selection.choosing.tableau import CountTableau, VariableSteps

# Entries up to here are multiplied without leaving 64 bits; beyond it numpy counts in Python's integers.
_ROOM = 1 << 30
_EXCHANGES = 1_000


class StalledExchanges(ArithmeticError):
    """Exchanges went on without end: weights are level in too many ways."""


@dataclass(frozen=True)
class RowPrices:
    """A price for each bound and, last, for the seats, in `1/scale` of a weight's unit. With `impossible` they show
    that no counts keep all bounds."""

    scale: int
    rows: tuple[int, ...]
    impossible: bool = False


class DualSimplex:
    """The state between exchanges."""

    def __init__(self, problem: CountProblem) -> None:
        self._tableau = CountTableau(problem)
        self._steps = VariableSteps(self._tableau)
        kinds, size = self._tableau.kinds, self._tableau.size
        self._basis = list(range(kinds, kinds + size))
        self._inverse, self._determinant = -np.identity(size, dtype=np.int64), 1
        # What variables that are not basic leave to the others, by row.
        self._outside = np.zeros(size, dtype=np.int64)
        if kinds:
            self._start()

    def _start(self) -> None:
        """The best without bounds: the price of the seats is the weight of the last one chosen."""
        tableau, at, last = self._tableau, self._steps.at, 0
        for last in islice(tableau.best_first(), max(1, tableau.seats)):
            at[last] += 1
        at[last] -= 1
        self._basis[-1] = last
        self._inverse[-1, -1] = 1
        self._inverse[:-1, -1] = tableau.matrix[last, :-1]
        at[-1] = 2 if tableau.types[last].weights[at[last]] >= 0 else 1
        counts = np.array(at[: tableau.kinds], dtype=np.int64)
        counts[last] = 0
        self._outside = -(counts @ tableau.matrix)
        self._outside[-1] += tableau.rows[-1].ends[at[-1] - 1]

    def side(self, kind: int, most: int, *, above: bool) -> DualSimplex:
        """The state from which one side of a split of a type is solved."""
        other = object.__new__(DualSimplex)
        other.__dict__.update(self.__dict__)
        other._steps, other._basis = self._steps.copy(), list(self._basis)
        other._inverse, other._outside = self._inverse.copy(), self._outside.copy()
        other._steps.limit(kind, most, above=above)
        return other

    def solve(self, enough: int | None = None) -> RowPrices:
        """Exchange until nothing is forbidden, and return the prices of the optimum; or those that show that there is
        none. Prices that show that nothing is worth more than `enough` will do. Raises StalledExchanges."""
        for _ in range(_EXCHANGES + 20 * self._tableau.size):
            leaving = self._leaving()
            if leaving is None or enough is not None and self.worth() // self._determinant <= enough:
                return _reduced(self._determinant, self._prices())
            if not self._exchange(*leaving):
                place, _excess, sign = leaving
                ray = [sign * each for each in self._inverse[place].tolist()]
                return _reduced(0, ray, impossible=True)
        raise StalledExchanges

    @property
    def determinant(self) -> int:
        """What `worth` is to be divided by; above nought."""
        return self._determinant

    def worth(self) -> int:
        """What the counts are worth, times the determinant, were each basic variable's step to go on: no choice is
        worth more."""
        tableau, at = self._tableau, self._steps.at
        counts = dict.fromkeys(self._basis)
        total = sum([each.sums[at[place]] for place, each in enumerate(tableau.types) if place not in counts])
        total *= self._determinant
        for value, variable in zip(self._values(), self._basis, strict=True):
            step, worth = at[variable], self._steps.basic_worth(variable)
            if variable < tableau.kinds:
                total += tableau.types[variable].sums[step] * self._determinant
                total += worth * (value - step * self._determinant)
            elif worth:
                # A soft bound costs nothing where its step of missing people begins or ends.
                begin, end = self._steps.span(variable, step)
                total += worth * (value - ((end if begin is None else begin) or 0) * self._determinant)
        return total

    def counts(self) -> tuple[list[int], dict[int, float]]:
        """How many of each type, rounded down, and what is left of those that are not whole."""
        found = self._steps.at[: self._tableau.kinds]
        broken = {}
        for value, variable in zip(self._values(), self._basis, strict=True):
            if variable < self._tableau.kinds:
                found[variable], left = divmod(value, self._determinant)
                if left:
                    broken[variable] = left / self._determinant
        return found, broken

    def telling(self, broken: Mapping[int, float]) -> int:
        """Of types that are not whole, by what is left of each, the one whose split tells most: the product of about
        how much less its two sides are worth is greatest."""
        if len(broken) == 1:
            return next(iter(broken))
        prices = self._prices()
        return max(broken, key=lambda kind: (self._fall(kind, broken[kind], prices), -kind))

    def _fall(self, kind: int, left: float, prices: Sequence[int]) -> float:
        row, product = self._inverse[self._basis.index(kind)], 1.0
        for sign, excess in ((-1, left), (1, 1 - left)):
            test = RatioTest(self._tableau, self._steps, row, sign, prices, self._determinant)
            product *= test.first(kind) * excess + 1
        return product

    def _values(self) -> list[int]:
        """The values of basic variables, times the determinant."""
        found: list[int] = (self._inverse @ self._outside).tolist()
        return found

    def _leaving(self) -> tuple[int, int, int] | None:
        """The place in the basis of what is farthest outside its step; how far, times the determinant; and whether its
        price is to fall (-1) or to rise (1)."""
        norms = (self._inverse.astype(float) ** 2).sum(axis=1).tolist()
        farthest, found = 0.0, None
        for place, (value, variable) in enumerate(zip(self._values(), self._basis, strict=True)):
            begin, end = self._steps.span(variable, self._steps.at[variable])
            if end is not None and value > end * self._determinant:
                excess, sign = value - end * self._determinant, -1
            elif begin is not None and value < begin * self._determinant:
                excess, sign = begin * self._determinant - value, 1
            else:
                continue
            if excess * excess / norms[place] > farthest:
                farthest, found = excess * excess / norms[place], (place, excess, sign)
        return found

    def _exchange(self, place: int, excess: int, sign: int) -> bool:
        """Let a basic variable leave at the end of its step: prices move along its row, others go over steps until the
        excess is gone, and the last of them enters. False if nothing takes up the excess."""
        leaving, steps = self._basis[place], self._steps
        at = {leaving: steps.stop(leaving, sign)}
        test = RatioTest(self._tableau, steps, self._inverse[place], sign, self._prices(), self._determinant)
        for variable in test.nearest(leaving, at[leaving]):
            here, entry = at.setdefault(variable, steps.at[variable]), test.entry(variable)
            step = here if entry < 0 else here - 1
            begin, end = steps.span(variable, step)
            if begin is not None and end is not None:
                excess -= abs(entry) * (end - begin)
            if begin is None or end is None or excess <= 0:
                self._move(at, leaving)
                self._enter(place, variable, step, at[leaving])
                return True
            at[variable] += 1 if entry < 0 else -1
            test.push(variable, at[variable])
        return False

    def _move(self, at: dict[int, int], leaving: int) -> None:
        """Let variables that are not basic stand where they have come to."""
        for variable, step in at.items():
            if variable != leaving and step != self._steps.at[variable]:
                change = self._tableau.value(variable, step) - self._tableau.value(
                    variable, self._steps.at[variable]
                )
                self._shift(variable, change)
                self._steps.at[variable] = step

    def _enter(self, place: int, variable: int, step: int, stop: int) -> None:
        """Make a variable basic within a step, in the place of the one that leaves where it stops."""
        leaving = self._basis[place]
        if variable == leaving:
            self._steps.at[variable] = step
            return
        self._shift(variable, -self._tableau.value(variable, self._steps.at[variable]))
        self._shift(leaving, self._tableau.value(leaving, stop))
        self._steps.at[variable], self._steps.at[leaving] = step, stop
        self._basis[place] = variable
        self._pivot(place, self._column(variable))

    def _pivot(self, place: int, column: np.ndarray) -> None:
        if np.abs(column).max() > _ROOM:
            self._inverse = self._inverse.astype(object)
        pivot, kept = column[place], self._inverse[place].copy()
        self._inverse = (self._inverse * pivot - np.outer(column, kept)) // self._determinant
        self._inverse[place] = kept
        self._determinant = int(pivot)
        if pivot < 0:
            self._inverse, self._determinant = -self._inverse, -self._determinant
        self._widen()

    def _widen(self) -> None:
        """Go on in Python's integers once entries are so large that a product of two might not fit."""
        if self._inverse.dtype != object and np.abs(self._inverse).max() > _ROOM:
            self._inverse = self._inverse.astype(object)

    def _column(self, variable: int) -> np.ndarray:
        if variable < self._tableau.kinds:
            return self._inverse @ self._tableau.matrix[variable]
        return -self._inverse[:, variable - self._tableau.kinds]

    def _shift(self, variable: int, change: int) -> None:
        if variable < self._tableau.kinds:
            self._outside -= self._tableau.matrix[variable] * change
        else:
            self._outside[variable - self._tableau.kinds] += change

    def _prices(self) -> list[int]:
        """The price of each row, times the determinant."""
        prices = [0] * self._tableau.size
        for place, variable in enumerate(self._basis):
            worth = self._steps.basic_worth(variable)
            if worth:
                for row, each in enumerate(self._inverse[place].tolist()):
                    if each:
                        prices[row] += worth * each
        return prices


def _reduced(scale: int, prices: Sequence[int], *, impossible: bool = False) -> RowPrices:
    common = gcd(scale, *prices)
    return RowPrices(
        1 if impossible else scale // common, tuple(price // common for price in prices), impossible
    )
