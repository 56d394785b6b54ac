"""The scores of a phase, in the order of their lines, as the model takes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from cohortmgr.reviews.calibration.dense import Array, np
from cohortmgr.reviews.harmonising.rules import digest_of

_MOST_EXACT = 2**62


@dataclass(frozen=True)
class PhaseScores:
    """Readings: which file (by its place in `files`), which reader, and the score in whole ticks.

    A tick is a thousandth of a point, or a part of one: `ticks` go to a thousandth. Files and readers stand in the
    order in which they first come, and so do draws: names change nothing. Each has one reading at least."""

    files: Sequence[str]
    readers: Sequence[str]
    file: Array
    reader: Array
    score: Array
    ticks: int = 1

    @staticmethod
    def of(readings: Iterable[tuple[str, str, int]]) -> PhaseScores:
        """Return the scores of readings (file, reader, mark in thousandths)."""
        files: dict[str, int] = {}
        readers: dict[str, int] = {}
        rows = [
            (files.setdefault(file, len(files)), readers.setdefault(reader, len(readers)), mark)
            for file, reader, mark in readings
        ]
        file, reader, score = np.array(rows, dtype=np.int64).reshape(-1, 3).T
        return PhaseScores(tuple(files), tuple(readers), file, reader, score)

    @property
    def digest(self) -> str:
        """SHA-256 of all that a calibration depends on: who gave what to whom, in which order."""
        rows = zip(self.file.tolist(), self.reader.tolist(), self.score.tolist(), strict=True)
        return digest_of(self.files, self.readers, rows, self.ticks)

    @property
    def mean(self) -> Fraction:
        """The mean of the scores, in ticks, exactly."""
        return Fraction(sum(self.score.tolist()), len(self.score))

    def deviations(self) -> Array:
        """Return how far each score lies from the mean, in ticks: the same whatever is added to all."""
        count, total = len(self.score), sum(self.score.tolist())
        largest = max(map(abs, (int(self.score.max()), int(self.score.min()))))
        score = self.score if largest * count * 2 < _MOST_EXACT else self.score.astype(object)
        found: Array = (score * count - total).astype(float) / count
        return found

    def totals(self, values: Array, most: int) -> list[int]:
        """Return the sum by file of a whole number of each reading, none of them beyond `most`, exactly."""
        exact = np.int64 if most * max(1, len(values)) < _MOST_EXACT else object
        found = np.zeros(len(self.files), dtype=exact)
        np.add.at(found, self.file, values.astype(exact))
        totals: list[int] = found.tolist()
        return totals
