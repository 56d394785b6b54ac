"""What does not change between exchanges: the rows of bounds and seats, and what one more of each variable is worth.

Types are variables from 0; what each row counts follows them as a variable of its own. What one more of a variable is
worth falls by steps: the weight of the next best, or the cost of one person missing.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import neg

import numpy as np

from cohortmgr.selection.choosing.grouping import CountProblem, ReducedLimit

# A cost that leaves floats room for sums of prices; no weight is above it by more than marks are above nought.
_TOO_LARGE = 10**200


@dataclass(frozen=True)
class RowSteps:
    """What one more is worth on each step of what a row counts, and where one step ends and the next begins. None is
    beyond any price: there is no such step."""

    ends: tuple[int, ...]
    worths: tuple[int | None, ...]

    def span(self, step: int) -> tuple[int | None, int | None]:
        """Where a step begins and ends; None is nowhere."""
        return self.ends[step - 1] if step else None, self.ends[step] if step < len(self.ends) else None


class CountTableau:
    """The columns of a problem of counts. `matrix` says which rows count a type."""

    def __init__(self, problem: CountProblem) -> None:
        self.types, self.seats = problem.types, problem.seats_to
        self.kinds, self.size = len(problem.types), len(problem.limits) + 1
        self.groups = [(*each.groups, self.size - 1) for each in problem.types]
        self.matrix = np.zeros((self.kinds, self.size), dtype=np.int64)
        for place, groups in enumerate(self.groups):
            self.matrix[place, list(groups)] = 1
        self.near_matrix = self.matrix.astype(float)
        self.rows = [_steps(limit, problem.cost) for limit in problem.limits]
        self.rows.append(RowSteps((problem.seats, problem.seats_to), (None, 0, None)))
        self.lengths = [len(each.weights) for each in problem.types]
        self._near_weights(problem)

    def _near_weights(self, problem: CountProblem) -> None:
        """All weights as floats, one type after the other, with one number between them. Where they are too large for
        floats, `is_near` is false and all are compared in whole numbers."""
        flat: list[float] = []
        self.offsets = np.zeros(self.kinds, dtype=np.int64)
        self.is_near = max(problem.cost, 1) < _TOO_LARGE
        try:
            for place, each in enumerate(self.types):
                flat.append(0.0)
                self.offsets[place] = len(flat)
                flat += map(float, each.weights)
        except OverflowError:
            self.is_near = False
        self.near = np.array([*flat, 0.0])
        self.heaviest = float(np.abs(self.near).max())

    def best_first(self) -> Iterator[int]:
        """The types of contenders from the best to the last."""
        weighed = (zip(map(neg, each.weights), repeat(place)) for place, each in enumerate(self.types))
        return (place for _weight, place in heapq.merge(*weighed))

    def price(self, variable: int, prices: Sequence[int]) -> int:
        """What prices of rows ask for one more of a variable."""
        if variable >= self.kinds:
            return -prices[variable - self.kinds]
        return sum([prices[row] for row in self.groups[variable]])

    def value(self, variable: int, at: int) -> int:
        """How many a variable is where a step begins."""
        return at if variable < self.kinds else self.rows[variable - self.kinds].ends[at - 1]


class VariableSteps:
    """On which step each variable is: `at` is the step of a basic one; of another, the step that begins where it is.
    `low` and `high` are the least and most of each type that splits leave."""

    def __init__(self, tableau: CountTableau) -> None:
        self._tableau = tableau
        self.at = [0] * tableau.kinds + [row.worths.index(0) for row in tableau.rows]
        self.low, self.high = [0] * tableau.kinds, list(tableau.lengths)
        self._edges: tuple[np.ndarray, np.ndarray] | None = None

    def copy(self) -> VariableSteps:
        """The same, to be changed apart."""
        other = object.__new__(VariableSteps)
        other._tableau = self._tableau
        other.at, other.low, other.high = list(self.at), list(self.low), list(self.high)
        other._edges = self._edges
        return other

    def limit(self, kind: int, most: int, *, above: bool) -> None:
        """Let a type have at most so many, or (`above`) more."""
        if above:
            self.low[kind] = most + 1
        else:
            self.high[kind] = most
        self._edges = None

    def edges(self) -> tuple[np.ndarray, np.ndarray]:
        """The least and most of each type."""
        if self._edges is None:
            self._edges = np.array(self.low, dtype=np.int64), np.array(self.high, dtype=np.int64)
        return self._edges

    def worth(self, variable: int, step: int) -> int | None:
        """What one more is worth on a step, None where there is no such step."""
        kinds = self._tableau.kinds
        if variable >= kinds:
            return self._tableau.rows[variable - kinds].worths[step]
        return (
            self._tableau.types[variable].weights[step]
            if self.low[variable] <= step < self.high[variable]
            else None
        )

    def basic_worth(self, variable: int) -> int:
        """What one more of a basic variable is worth. A split may since have closed the step of a type."""
        step, kinds = self.at[variable], self._tableau.kinds
        if variable < kinds:
            return self._tableau.types[variable].weights[step]
        return self._tableau.rows[variable - kinds].worths[step] or 0

    def span(self, variable: int, step: int) -> tuple[int | None, int | None]:
        """Where a step begins and ends."""
        kinds = self._tableau.kinds
        if variable >= kinds:
            return self._tableau.rows[variable - kinds].span(step)
        return max(step, self.low[variable]), min(step + 1, self.high[variable])

    def stop(self, variable: int, sign: int) -> int:
        """Where a basic variable that leaves its step stands: the step that begins there."""
        step = self.at[variable]
        if variable < self._tableau.kinds:
            return max(step, self.low[variable]) if sign > 0 else min(step + 1, self.high[variable])
        return step if sign > 0 else step + 1


def _steps(limit: ReducedLimit, cost: int) -> RowSteps:
    """The steps of what a bound counts: one missing costs, and with a hard bound none may be."""
    ends: list[int] = []
    worths: list[int | None] = [0]
    if limit.at_least is not None:
        ends, worths = [limit.at_least], [None if limit.hard else cost, 0]
    if limit.at_most is not None:
        ends, worths = [*ends, limit.at_most], [*worths, None if limit.hard else -cost]
    return RowSteps(tuple(ends), tuple(worths))
