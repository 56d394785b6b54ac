"""Where prices part those in from those out by the widest margin: two small linear programmes, in floats.

What floats say is a proposal: `pricing` tells it in whole numbers and asks whether each decision follows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import OptimizeResult, linprog
from scipy.sparse import csr_array

# The widest margin that is sought, in thousandths: beyond it any threshold will do.
WIDEST = 5_000
# What a float says of a thousandth that is nought.
NOUGHT = 1e-6
# The distance, in thousandths, from which a side is surely not level.
_DISTANCE = 1e-4


@dataclass(frozen=True)
class CutMarks:
    """A type at the cut: the mark of its last in and of its first out, None without one."""

    groups: tuple[int, ...]
    last: int | None
    first: int | None

    @property
    def is_level(self) -> bool:
        """Whether one of them is in and another of the same mark is out."""
        return self.last is not None and self.last == self.first


@dataclass(frozen=True)
class PriceColumn:
    """What may have a price: a bound, or (None) all of a type; whether it may be above nought, and below. The price of
    a soft bound is at most the cost of one missing person, and just that where some are `missing`."""

    bound: int | None
    groups: tuple[int, ...]
    up: bool
    down: bool
    soft: bool = False
    missing: bool = False

    def counts(self, groups: tuple[int, ...]) -> bool:
        """Whether its price is added to the marks of a type."""
        return self.groups == groups if self.bound is None else self.bound in groups


Side = tuple[int, bool]
"""A type, by its place, and whether its last in is meant, or its first out."""


@dataclass(frozen=True)
class WidestPrices:
    """A price for each column, the threshold, the margin, and the sides whose sums equal the threshold."""

    prices: tuple[float, ...]
    threshold: float
    margin: float
    level: tuple[Side, ...]


@dataclass
class _PriceProgramme:
    """The inequalities `matrix @ parts <= right`. A column has a part above nought and one below, as far as it may."""

    cuts: Sequence[CutMarks]
    columns: Sequence[PriceColumn]
    costs: Sequence[float]
    sides: list[Side] = field(default_factory=list)

    def __post_init__(self) -> None:
        signs = [(each, sign) for each, column in enumerate(self.columns) for sign in _signs(column)]
        self.parts = signs
        self.cost, self.threshold, self.margin = (len(signs) + each for each in range(3))
        self.middle = _middle(self.cuts)
        self.sides = [
            (place, is_last)
            for place, cut in enumerate(self.cuts)
            for is_last, mark in ((True, cut.last), (False, cut.first))
            if mark is not None
        ]
        self.matrix, self.right = self._rows()

    def _rows(self) -> tuple[np.ndarray, np.ndarray]:
        matrix = np.zeros((len(self.sides), self.margin + 1))
        right = np.zeros(len(self.sides))
        for row, (place, is_last) in enumerate(self.sides):
            cut, sign = self.cuts[place], -1 if is_last else 1
            for part, (column, up) in enumerate(self.parts):
                if self.columns[column].counts(cut.groups):
                    matrix[row, part] = sign * up
            matrix[row, self.threshold] = -sign
            matrix[row, self.margin] = 1
            right[row] = -sign * ((cut.last if is_last else cut.first) or 0) + sign * self.middle
        return matrix, right

    def solved(
        self,
        aims: np.ndarray,
        level: Collection[Side],
        margin: tuple[float, float],
        distances: np.ndarray | None = None,
    ) -> OptimizeResult:
        """The least of an aim, the sums of some sides being equal to the threshold. `distances` are columns of sides'
        own, of a thousandth at most."""
        is_level = np.array([side in level for side in self.sides], dtype=bool)
        at_most, equal = self._of_cost()
        level_rows = self.matrix[is_level].copy()
        level_rows[:, self.margin] = 0
        own = np.zeros((len(self.sides), 0)) if distances is None else distances
        width = own.shape[1]
        upper = np.vstack([np.hstack([self.matrix, own])[~is_level], np.pad(at_most, ((0, 0), (0, width)))])
        exact = np.pad(np.vstack([level_rows, equal]), ((0, 0), (0, width)))
        return linprog(
            aims,
            A_ub=csr_array(upper),
            b_ub=np.append(self.right[~is_level], np.zeros(len(at_most))),
            A_eq=csr_array(exact),
            b_eq=np.append(self.right[is_level], np.zeros(len(equal))),
            bounds=[*[(0, None)] * (self.cost + 1), (None, None), margin, *[(0, 1)] * width],
            method="highs",
        )

    def always_level(self, level: Collection[Side]) -> set[Side]:
        """The sides whose sums are the threshold whatever the prices, `level` among them.

        Each programme lets as many sides as it can keep a distance of their own; a side that once had one can have it
        together with all others that had."""
        unsure = [side for side in self.sides if side not in level]
        while unsure:
            rows = np.array([side in unsure for side in self.sides], dtype=bool)
            distances = np.zeros((len(self.sides), len(unsure)))
            distances[np.flatnonzero(rows), np.arange(len(unsure))] = 1
            aims = np.zeros(self.margin + 1 + len(unsure))
            aims[self.margin + 1 :] = -1
            aims[: self.cost] = [len(unsure) * self.costs[column] for column, _sign in self.parts]
            found = self.solved(aims, level, (0, 0), distances)
            kept = found.x[self.margin + 1 :] > _DISTANCE if found.status == 0 else np.zeros(0, dtype=bool)
            if not kept.any():
                break
            unsure = [side for side, has_one in zip(unsure, kept.tolist(), strict=True) if not has_one]
        return {*level, *unsure}

    def _of_cost(self) -> tuple[np.ndarray, np.ndarray]:
        """That soft bounds' prices are at most the cost of one missing person, or just that."""
        rows: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
        for part, (column, _sign) in enumerate(self.parts):
            if self.columns[column].soft:
                row = np.zeros(self.margin + 1)
                row[part], row[self.cost] = 1, -1
                rows[self.columns[column].missing].append(row)
        empty = np.zeros((0, self.margin + 1))
        at_most, equal = (np.vstack([empty, *found]) for found in rows)
        return at_most, equal


def widest(
    cuts: Sequence[CutMarks], columns: Sequence[PriceColumn], costs: Sequence[float]
) -> WidestPrices | None:
    """The least prices of the widest margin, None if no prices part those in from those out. `costs` is how much of the
    margin a thousandth of each column's price is worth: above one, it has a price only where nothing else will do."""
    programme = _PriceProgramme(cuts, columns, costs)
    level = {side for side in programme.sides if cuts[side[0]].is_level}
    aims = np.zeros(programme.margin + 1)
    aims[: programme.cost] = [costs[column] for column, _sign in programme.parts]
    aims[programme.margin] = -1
    found = programme.solved(aims, level, (0, WIDEST))
    if found.status == 0 and found.x[programme.margin] < _DISTANCE:
        level = programme.always_level(level)
        found = programme.solved(aims, level, (0, WIDEST))
    return _least(programme, found, level) if found.status == 0 else None


def _least(programme: _PriceProgramme, found: OptimizeResult, level: Collection[Side]) -> WidestPrices:
    """The least prices of a margin."""
    margin = float(found.x[programme.margin])
    aims = np.zeros(programme.margin + 1)
    aims[: programme.cost] = [1 + programme.costs[column] for column, _sign in programme.parts]
    kept = margin * (1 - 1e-6)
    least = programme.solved(aims, level, (kept, kept))
    values = (least if least.status == 0 else found).x
    prices = [0.0] * len(programme.columns)
    for part, (column, sign) in enumerate(programme.parts):
        prices[column] += sign * float(values[part])
    threshold = float(values[programme.threshold]) + programme.middle
    return WidestPrices(tuple(prices), threshold, kept, tuple(sorted(level)))


def _signs(column: PriceColumn) -> list[int]:
    return [*([1] if column.up else []), *([-1] if column.down else [])]


def _middle(cuts: Sequence[CutMarks]) -> int:
    """A mark about which sums are reckoned, so that floats have digits to spare."""
    marks = sorted(mark for cut in cuts for mark in (cut.last, cut.first) if mark is not None)
    return marks[len(marks) // 2] if marks else 0
