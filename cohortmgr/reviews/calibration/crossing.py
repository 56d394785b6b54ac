"""Readings as a table of files by readers, of which the larger side is eliminated.

What is left is a dense matrix of the smaller side. Each of its cells is a sum over the pairs of readings that one row
of the larger side has, so that a table of 73,000 readings costs a million additions and no matrix of its own size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.reviews.calibration.dense import Array, np

# More on both sides would take a matrix of gigabytes.
MOST_SMALLER = 10_000
# How many pairs are worked on at once, and how many are kept from one factorization to the next.
CHUNK = 4_000_000
KEPT = 12_000_000

_TOO_LARGE = N_(
    "Il y a trop de dossiers et d’évaluateurs à la fois pour un seul calcul : le plus petit des deux nombres dépasse "
    "%(most)s. Calibrez chaque partie à part."
)


@dataclass(frozen=True)
class Sums:
    """A value of each reading, summed by row of the larger side, of the smaller, and in all."""

    big: Array
    small: Array
    total: float


@dataclass(frozen=True)
class _Pairs:
    """Pairs of different readings of one row of the larger side: which row, which two readings, which cell of the
    smaller side's matrix, and the product of the weights; None where all are one."""

    row: Array
    first: Array
    second: Array
    cell: Array
    weight: Array | None

    def weighed(self, values: Array) -> Array:
        """The values times the products of the weights."""
        return values if self.weight is None else values * self.weight


class Crossing:
    """The readings of files by readers, each with a weight. `files_are_big` says which side is eliminated."""

    def __init__(self, file: Array, reader: Array, files: int, readers: int, weights: Array) -> None:
        self.files_are_big = files >= readers
        big, small = (file, reader) if self.files_are_big else (reader, file)
        self.bigs, self.smalls = (files, readers) if self.files_are_big else (readers, files)
        if self.smalls > MOST_SMALLER:
            raise Refused(Problem(_TOO_LARGE, {"most": MOST_SMALLER}))
        self.order = np.lexsort((small, big))
        self.big, self.small = big[self.order], small[self.order]
        self.weights = weights[self.order]
        self.count = len(file)
        self.of_big = np.bincount(self.big, self.weights, self.bigs)
        self.of_small = np.bincount(self.small, self.weights, self.smalls)
        self.ones = Sums(self.of_big, self.of_small, float(self.weights.sum()))
        sizes = np.bincount(self.big, minlength=self.bigs)
        self._is_plain = bool((weights == 1).all())
        # How many readings of its row follow each reading, and how many pairs there are up to it.
        self._mates = np.repeat(np.cumsum(sizes), sizes) - np.arange(self.count) - 1
        self._reach = np.cumsum(self._mates)
        self._kept: list[_Pairs] | None = None

    def sums(self, values: Array) -> Sums:
        """Sum a value of each reading (in the order of `big`), with the weights."""
        heavy = values * self.weights
        return Sums(
            np.bincount(self.big, heavy, self.bigs),
            np.bincount(self.small, heavy, self.smalls),
            float(heavy.sum()),
        )

    def to_big(self, of_small: Array) -> Array:
        """Return for each row of the larger side the weighted sum of a value of its readings' smaller side."""
        return np.bincount(self.big, self.weights * of_small[self.small], self.bigs)

    def to_small(self, of_big: Array) -> Array:
        """Return for each row of the smaller side the weighted sum of a value of its readings' larger side."""
        return np.bincount(self.small, self.weights * of_big[self.big], self.smalls)

    def gram(self, of_big: Array) -> Array:
        """Return the upper triangle of N' diag(of_big) N, where N holds the weights of larger by smaller side."""
        size = self.smalls * self.smalls
        found = np.zeros(size)
        for pairs in self._pairs():
            found += np.bincount(pairs.cell, pairs.weighed(of_big[pairs.row]), size)
        found[:: self.smalls + 1] = np.bincount(self.small, self.weights**2 * of_big[self.big], self.smalls)
        return found.reshape(self.smalls, self.smalls)

    def forms(self, upper: Array) -> Array:
        """Return the diagonal of N M N' of a symmetric matrix M, of which the upper triangle is given."""
        cells, straight = upper.reshape(-1), np.diagonal(upper)
        found = np.bincount(self.big, self.weights**2 * straight[self.small], self.bigs)
        for pairs in self._pairs():
            found += 2 * np.bincount(pairs.row, pairs.weighed(cells[pairs.cell]), self.bigs)
        return found

    def products(self, upper: Array) -> Array:
        """Return N M at the cell of each reading (in the order of `big`)."""
        cells = upper.reshape(-1)
        found = self.weights * np.diagonal(upper)[self.small]
        for pairs in self._pairs():
            values = cells[pairs.cell]
            found += np.bincount(pairs.first, self.weights[pairs.second] * values, self.count)
            found += np.bincount(pairs.second, self.weights[pairs.first] * values, self.count)
        return found

    def _pairs(self) -> Iterator[_Pairs]:
        if self._kept is not None:
            yield from self._kept
            return
        kept: list[_Pairs] | None = [] if self.count and self._reach[-1] <= KEPT else None
        start = 0
        while start < self.count:
            before = self._reach[start - 1] if start else 0
            end = max(start + 1, int(np.searchsorted(self._reach, before + CHUNK, "right")))
            pairs = self._paired(start, end)
            if kept is not None:
                kept.append(pairs)
            yield pairs
            start = end
        self._kept = kept

    def _paired(self, start: int, end: int) -> _Pairs:
        mates = self._mates[start:end]
        first = np.repeat(np.arange(start, end), mates)
        begins = np.cumsum(mates) - mates
        second = first + 1 + np.arange(len(first)) - np.repeat(begins, mates)
        cell = self.small[first] * self.smalls + self.small[second]
        weight = None if self._is_plain else self.weights[first] * self.weights[second]
        return _Pairs(self.big[first], first, second, cell, weight)
