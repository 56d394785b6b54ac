"""A mark that a calculator gives, in whole thousandths of a point, and by which marks a phase is ranked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any

from cohortmgr.base.errors import N_


class MarkBasis(StrEnum):
    """By which marks a phase is ranked: the commission chooses one, once."""

    RAW = "raw"
    HARMONISED = "harmonised"
    WEIGHTED = "weighted"


BASIS_WORDS = {
    MarkBasis.RAW: N_("Notes brutes"),
    MarkBasis.HARMONISED: N_("Notes harmonisées"),
    MarkBasis.WEIGHTED: N_("Notes harmonisées et pondérées"),
}


@dataclass(frozen=True)
class MarkFormula:
    """What a mark is computed with, in thousandths: the mean, the shrinkage, and severity and weight by reader.

    Above nought a severity is generous: the reader gives so much more. Without shrinkage (None) files do not differ,
    and each has the mean. A reader without a severity is one whose marks came after it was found: it is nought."""

    mean: int
    shrinkage: int | None
    severities: Mapping[str, int]
    weights: Mapping[str, int] = field(default_factory=dict)

    def mark(self, readings: Iterable[tuple[str, int]]) -> int:
        """Return the harmonised mark of a file from its readings (reader, mark in thousandths).

        mean + sum of weight x (mark - severity - mean) / (sum of weights + shrinkage), exactly, then rounded half to
        even. It may lie beyond the ends of the scale: it is not cut."""
        if self.shrinkage is None:
            return self.mean
        over = weights = 0
        for reader, mark in readings:
            weight = self.weights.get(reader, 1000)
            over += weight * (mark - self.severities.get(reader, 0) - self.mean)
            weights += weight
        return self.mean + round(Fraction(over, weights + self.shrinkage)) if weights else self.mean

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept: keys and whole numbers."""
        return {
            "mean": self.mean,
            "shrinkage": self.shrinkage,
            "severities": dict(self.severities),
            "weights": dict(self.weights),
        }

    @staticmethod
    def of_json(kept: Mapping[str, Any]) -> MarkFormula:
        """Return what `as_json` gave."""
        return MarkFormula(kept["mean"], kept["shrinkage"], kept["severities"], kept["weights"])


def letter_of(place: int) -> str:
    """Return what a reader is called where names are masked, by their place from nought: A to Z, then AA."""
    letters = ""
    while place >= 0:
        place, rest = divmod(place, 26)
        letters = chr(ord("A") + rest) + letters
        place -= 1
    return letters
