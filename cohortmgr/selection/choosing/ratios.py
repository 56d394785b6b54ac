"""The ratio test: which variable's next step do prices reach first, when they move along a row of the tableau.

Floats say which types are near; only those are compared, and in whole numbers, so that what floats cannot tell apart is
told apart all the same.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from math import lcm

import numpy as np

from cohortmgr.selection.choosing.tableau import CountTableau, VariableSteps

# A float's doubt, with room for the sums that it comes from.
_DOUBT = 2.0**-44
_FINEST = 1 << 60


class RatioTest:
    """Prices move along `row` (times the determinant), up with `sign` 1 and down with -1, as seen from what leaves,
    which stands at `stop`."""

    def __init__(
        self,
        tableau: CountTableau,
        steps: VariableSteps,
        row: np.ndarray,
        sign: int,
        prices: Sequence[int],
        determinant: int,
    ) -> None:
        self._tableau, self._steps = tableau, steps
        self._prices, self._determinant = prices, determinant
        self._of_types, self._of_rows = sign * (tableau.matrix @ row), -sign * row
        self._queue: list[tuple[int | Fraction, int]] = []

    @cached_property
    def _common(self) -> int:
        """In parts of what ratios are compared as whole numbers; nought where that is too fine: they are fractions."""
        entries = {*np.unique(self._of_types).tolist(), *self._of_rows.tolist()} - {0}
        common = lcm(*(abs(each) for each in entries))
        return common if common < _FINEST else 0

    def entry(self, variable: int) -> int:
        """The entry of a variable in the row, above nought where its price rises; times the determinant."""
        kinds = self._tableau.kinds
        return int(self._of_types[variable] if variable < kinds else self._of_rows[variable - kinds])

    def nearest(self, leaving: int, stop: int) -> Iterator[int]:
        """Variables by how soon prices reach their next step. Whoever takes one pushes it again with the step after."""
        for row, each in enumerate(self._of_rows.tolist()):
            variable = self._tableau.kinds + row
            if each:
                self.push(variable, stop if variable == leaving else self._steps.at[variable])
        at = self._steps.at[: self._tableau.kinds]
        if leaving < self._tableau.kinds:
            at[leaving] = stop
        distances = self._distances(at, float(self._common or 1))
        order = np.argsort(distances, kind="stable")
        order = order[distances[order] < np.inf]
        waiting = list(zip(distances[order].tolist(), order.tolist(), strict=True))[::-1]
        while True:
            while waiting and (not self._queue or waiting[-1][0] <= self._queue[0][0]):
                _distance, variable = waiting.pop()
                self.push(variable, stop if variable == leaving else self._steps.at[variable])
            if not self._queue:
                return
            yield heapq.heappop(self._queue)[1]

    def first(self, leaving: int) -> float:
        """About how far prices move until others than what leaves reach a step; infinite without one. One, if floats
        cannot say."""
        if not self._tableau.is_near:
            return 1.0
        distances = self._distances(self._steps.at[: self._tableau.kinds], 1.0)
        distances[leaving] = np.inf
        found = float(distances.min())
        for row, entry in enumerate(self._of_rows.tolist()):
            variable = self._tableau.kinds + row
            at = self._steps.at[variable]
            worth = self._steps.worth(variable, at if entry < 0 else at - 1) if entry else None
            if worth is not None:
                gap = abs(worth * self._determinant - self._tableau.price(variable, self._prices))
                found = min(found, gap / abs(entry))
        return max(found, 0.0)

    def push(self, variable: int, at: int) -> None:
        """Queue the next step of a variable that stands at one, if it has one."""
        entry = self.entry(variable)
        worth = self._steps.worth(variable, at if entry < 0 else at - 1)
        if worth is not None:
            gap = worth * self._determinant - self._tableau.price(variable, self._prices)
            ratio = (
                abs(gap) * (self._common // abs(entry)) if self._common else Fraction(abs(gap), abs(entry))
            )
            heapq.heappush(self._queue, (ratio, variable))

    def _distances(self, at: Sequence[int], common: float) -> np.ndarray:
        """How far prices move until they reach the next step of each type, in parts of `common`, or a little less;
        infinite without one."""
        tableau, entries = self._tableau, self._of_types.astype(float)
        stands, (low, high) = np.array(at, dtype=np.int64), self._steps.edges()
        rises = entries > 0
        is_open = np.where(rises, stands > low, stands < high) & (entries != 0)
        if not tableau.is_near:
            return np.where(is_open, 0.0, np.inf)
        prices = np.array([float(price) for price in self._prices])
        worth = tableau.near[tableau.offsets + stands - rises] * float(self._determinant)
        gap = np.abs(worth - tableau.near_matrix @ prices)
        doubt = (np.abs(prices).sum() + tableau.heaviest * self._determinant) * _DOUBT
        share = common / np.where(is_open, np.abs(entries), 1.0)
        return np.where(is_open, (gap - doubt) * share, np.inf)
