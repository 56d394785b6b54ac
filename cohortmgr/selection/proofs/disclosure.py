"""Which counts of a choice may be shown, so that no count under five can be worked out.

The cells are the types of files (by the bounds that count them), each with how many are chosen and how many are not. A
reader knows the totals, the rules, the prices and each count that is shown. A small count is safe if some other table
of whole numbers, alike in all that the reader knows, has five or more in its place. Such tables are found by a small
integer programme (HiGHS) and then checked in whole numbers; what cannot be found counts as unsafe. Counts are hidden
until every small one is safe: complementary suppression, as Fischetti and Salazar-González ask it of each cell
(Mathematical Programming 84, 1999).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import LinearConstraint, milp

SMALL = 5
FILES, CHOSEN_ONES = "files", "chosen"
Margin = tuple[int, str]
_Row = NDArray[np.int64]


@dataclass(frozen=True)
class KnownInterval:
    """What rules and prices tell of how many of a group are chosen: at least, at most (None: nothing)."""

    at_least: int
    at_most: int | None


class DisclosureTable:
    """The cells of a choice: by type the number (chosen, not chosen), and what a reader knows of each bounded group."""

    def __init__(
        self,
        cells: Mapping[tuple[int, ...], tuple[int, int]],
        known: Sequence[KnownInterval],
        small: int = SMALL,
    ) -> None:
        self.small, self.types, self.known = small, list(cells), known
        self.counts: _Row = (
            np.array([cells[each] for each in self.types], dtype=np.int64).reshape(-1, 2).T.ravel()
        )
        self._witnesses: list[_Row] = []

    def row(self, members: Sequence[bool], column: str) -> _Row:
        """The coefficients of a count over some types: of all files, of those chosen, or of those left out."""
        inside = np.array(members, dtype=np.int64)
        none = np.zeros_like(inside)
        parts = {FILES: (inside, inside), CHOSEN_ONES: (inside, none), "left": (none, inside)}
        return np.concatenate(parts[column])

    def of_group(self, group: int) -> list[bool]:
        """Which types a bound counts."""
        return [group in each for each in self.types]

    def value(self, row: _Row) -> int:
        """The true count."""
        return int(row @ self.counts)

    def shown(self) -> set[Margin]:
        """Return the counts (place of the bound, column) that may be shown."""
        shown = {
            (group, column)
            for group in range(len(self.known))
            for column in (FILES, CHOSEN_ONES)
            if self.value(self.row(self.of_group(group), column)) >= self.small
        }
        for row in self._protected():
            if self._is_safe(row, shown) or not self._is_safe(row, set()):
                # The second: the rules tell it by themselves, and hiding counts would hide nothing.
                continue
            while not self._is_safe(row, shown):
                shown.discard(self._next_hidden(row, shown))
        return shown

    def _protected(self) -> Iterator[_Row]:
        """The counts that nobody may work out: of each group under five, and of what two counts differ by from one to
        four: all less a group, and a group less one within it."""
        groups = [self.of_group(group) for group in range(len(self.known))]
        everybody = [True] * len(self.types)
        for members in groups:
            for column in (CHOSEN_ONES, FILES, "left"):
                row = self.row(members, column)
                if any(members) and self.value(row) < self.small:
                    yield row
        for outer in [everybody, *groups]:
            for inner in groups:
                rest = [one and not other for one, other in zip(outer, inner, strict=True)]
                is_within = all(one or not other for one, other in zip(outer, inner, strict=True))
                if not is_within or not any(rest) or not any(inner):
                    continue
                for column in (CHOSEN_ONES, FILES, "left"):
                    row = self.row(rest, column)
                    if 0 < self.value(row) < self.small:
                        yield row

    def _next_hidden(self, row: _Row, shown: set[Margin]) -> Margin:
        """The count to hide: the smallest that alone makes a small one safe; else the smallest that shares people."""
        near = [
            each
            for each in sorted(shown, key=lambda each: (self._of(each), each))
            if np.any(self.row(self.of_group(each[0]), FILES) * row)
        ] or sorted(shown)
        return next((each for each in near if self._is_safe(row, shown - {each})), near[0])

    def _of(self, margin: Margin) -> int:
        return self.value(self.row(self.of_group(margin[0]), margin[1]))

    def _is_safe(self, row: _Row, shown: set[Margin]) -> bool:
        """Whether a table that the reader cannot tell from the true one has five or more in place of a count."""
        rules, low, high = self._knowledge(shown)
        if any(self._fits(each, rules, low, high) and row @ each >= self.small for each in self._witnesses):
            return True
        wanted = LinearConstraint(
            np.vstack([rules, row]), np.append(low, self.small), np.append(high, np.inf)
        )
        solved = milp(np.zeros(len(row)), integrality=np.ones(len(row)), constraints=wanted)
        if solved.x is None:
            return False
        found = np.rint(solved.x).astype(np.int64)
        if not self._fits(found, rules, low, high) or row @ found < self.small:
            return False
        self._witnesses.append(found)
        return True

    @staticmethod
    def _fits(
        table: _Row, rules: NDArray[np.int64], low: NDArray[np.float64], high: NDArray[np.float64]
    ) -> bool:
        sums = rules @ table
        return bool((table >= 0).all() and (sums >= low).all() and (sums <= high).all())

    def _knowledge(
        self, shown: set[Margin]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """(rows, least, most) of all that a reader knows."""
        everybody = [True] * len(self.types)
        facts: list[tuple[_Row, float, float]] = []
        for row in (self.row(everybody, FILES), self.row(everybody, CHOSEN_ONES)):
            facts.append((row, self.value(row), self.value(row)))
        for group, each in enumerate(self.known):
            most = np.inf if each.at_most is None else each.at_most
            facts.append((self.row(self.of_group(group), CHOSEN_ONES), each.at_least, most))
        for group, column in sorted(shown):
            row = self.row(self.of_group(group), column)
            facts.append((row, self.value(row), self.value(row)))
        rows, low, high = zip(*facts, strict=True)
        return np.vstack(rows), np.array(low, dtype=float), np.array(high, dtype=float)
