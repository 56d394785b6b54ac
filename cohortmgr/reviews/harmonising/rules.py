"""A mark that a calculator gives in thousandths, by which marks a phase is ranked, and the marks first handed in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any

from cohortmgr.base.errors import N_
from cohortmgr.reviews.rules import ReadingChange


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
        return round(self.mean + Fraction(over, weights + self.shrinkage)) if weights else self.mean

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


@dataclass(frozen=True)
class ChosenFormula:
    """The formula by which a phase is ranked, on which basis, and what its readers are called where names are masked,
    by their reference. `digest` is that of the marks from which it was found."""

    basis: MarkBasis
    formula: MarkFormula
    letters: Mapping[str, str]
    digest: str

    def letter_of(self, reader: str) -> str:
        """What a reader is called where names are masked; a question mark for one who is not known."""
        return self.letters.get(reader, "?")

    def knowing(self, readers: Iterable[str]) -> ChosenFormula:
        """Return the same with readers who came after it was found: neither severe nor generous, of the weight of one,
        and with a letter, so that whoever redoes a mark finds them among the others. No mark changes."""
        new = [each for each in dict.fromkeys(readers) if each not in self.formula.severities]
        if not new:
            return self
        formula = replace(
            self.formula,
            severities={**self.formula.severities, **dict.fromkeys(new, 0)},
            weights={**self.formula.weights, **dict.fromkeys(new, 1000)},
        )
        return replace(self, formula=formula, letters=lettered(new, self.letters))


@dataclass(frozen=True)
class ToldChoice:
    """By which marks the phase with a key is ranked, who chose it, by name, when and why, as pages tell it."""

    phase: str
    basis: MarkBasis
    who: str
    when: datetime
    because: str

    @property
    def words(self) -> str:
        """What the marks are called."""
        return BASIS_WORDS[self.basis]


@dataclass(frozen=True)
class FirstMark:
    """What a reader, by their reference, first handed in of a file, by its number: the total in thousandths."""

    file: str
    reader: str
    mark: int


def first_total(earlier: Iterable[Mapping[str, Any]], total: int | None) -> int | None:
    """Return the total that a reading was first handed in with, by what its row keeps of before it changed and what it
    says now; None if it never was.

    What its reader took back within minutes was not handed in yet, and what was given on a rubric that has changed
    since means something else."""
    found: int | None = None
    for was in earlier:
        if was.get("why") == ReadingChange.REGRADED:
            found = None
        elif found is None and was.get("why") != ReadingChange.UNDONE:
            found = was.get("total")
    return total if found is None else found


def digest_of(
    files: Sequence[str], readers: Sequence[str], rows: Iterable[tuple[int, int, int]], ticks: int = 1
) -> str:
    """Return the SHA-256 of all that a calibration depends on: who gave what to whom, in which order. `rows` are
    (place of the file, place of the reader, score in whole ticks, of which `ticks` go to a thousandth)."""
    told = hashlib.sha256()
    for names in (files, readers):
        told.update("".join(f"{len(name)}:{name}" for name in names).encode())
        told.update(b"\n")
    told.update(f"{ticks}\n".encode())
    told.update("".join(f"{file},{reader},{score};" for file, reader, score in rows).encode())
    return told.hexdigest()


def digest_of_marks(marks: Iterable[FirstMark]) -> str:
    """Return the digest of the marks first handed in, in their order, as the calibration of them has it."""
    files: dict[str, int] = {}
    readers: dict[str, int] = {}
    rows = [
        (files.setdefault(each.file, len(files)), readers.setdefault(each.reader, len(readers)), each.mark)
        for each in marks
    ]
    return digest_of(tuple(files), tuple(readers), rows)


def letter_of(place: int) -> str:
    """Return what a reader is called where names are masked, by their place from nought: A to Z, then AA."""
    letters = ""
    while place >= 0:
        place, rest = divmod(place, 26)
        letters = chr(ord("A") + rest) + letters
        place -= 1
    return letters


def lettered(readers: Iterable[str], before: Mapping[str, str]) -> dict[str, str]:
    """Return what readers are called where names are masked, by their reference: whoever has a letter keeps it, and
    others get the next ones in their order.

    What a commission said of B is still of B once somebody else has read. Nobody gets the letter of one who is gone, so
    these stay in what is returned."""
    found = dict(before)
    for reader in readers:
        if reader not in found:
            found[reader] = letter_of(len(found))
    return found
