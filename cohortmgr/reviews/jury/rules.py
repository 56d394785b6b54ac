"""What is worked out of the marks of a phase, and what its page says of that: values, without arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from cohortmgr.reviews.calibration.rules import ONCE_IN, chance_of_as_many
from cohortmgr.reviews.harmonising.rules import MarkBasis, MarkFormula

# How many files the page shows on either side of the line, and how many at most with those who cross it.
AROUND, MOST_SHOWN = 20, 80
# How many readers the page shows, the most generous and the most severe, where there are more.
MOST_READERS = 80
# From which severity on, in thousandths of a point, it explains why a file crosses the line.
TELLING = 500


@dataclass(frozen=True)
class CountedReading:
    """A reading that counts: its file by number, its reader by reference, the mark first handed in and the one that
    stands, in thousandths."""

    file: str
    reader: str
    first: int
    standing: int


@dataclass(frozen=True)
class ReadPhase:
    """A phase that people read: its readings in the order of files, and the formula by which it is ranked, None while
    raw marks count."""

    key: str
    weight: int
    readings: Sequence[CountedReading]
    formula: MarkFormula | None = None


@dataclass(frozen=True)
class Contest:
    """The files that stand against each other for the seats of an offering, by number: those who may go on."""

    offering: str
    seats: int
    files: Sequence[str]


@dataclass(frozen=True)
class PhaseWork:
    """What a phase is harmonised from: its readings, the other phases that are read and count beside it, and of each
    file what the phases that nobody reads add (weight, weight times mark)."""

    phase: ReadPhase
    others: Sequence[ReadPhase]
    fixed: Mapping[str, tuple[int, Fraction]]
    contests: Sequence[Contest]
    letters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FileOutcome:
    """What is kept of a file: see the columns of `HarmonisedFile`."""

    raw: int
    harmonised: int
    weighted: int
    error: int
    weighted_error: int
    chance: int
    weighted_chance: int


@dataclass(frozen=True)
class HarmonisedPhase:
    """What is kept of a phase: see the columns of `Harmonisation`, and the files by their name."""

    digest: str
    seats: int
    formulas: dict[str, Any]
    figures: dict[str, Any]
    files: Mapping[str, FileOutcome]


@dataclass(frozen=True)
class RibbonFile:
    """A file near the line, or that crosses it, by number: its raw and its harmonised mark with its standard error, in
    thousandths; whether it is chosen by raw marks and by the harmonised ones; its chance in ten-thousandths."""

    number: str
    raw: int
    mark: int
    error: int
    was_in: bool
    is_in: bool
    chance: int

    @property
    def crosses(self) -> bool:
        """Whether it is chosen by one of the two marks alone."""
        return self.was_in != self.is_in


@dataclass(frozen=True)
class FormulaReading:
    """A reading as the formula takes it: the reader's letter, the mark, severity and weight, in thousandths."""

    reader: str
    mark: int
    severity: int
    weight: int


def ordered_readings(formula: MarkFormula, readings: Iterable[tuple[str, int]]) -> list[FormulaReading]:
    """Return readings (reader, mark) of a file with what the formula knows of their readers."""
    return [
        FormulaReading(reader, mark, formula.severities.get(reader, 0), formula.weights.get(reader, 1000))
        for reader, mark in readings
    ]


def reason_to_cross(file: RibbonFile, readings: Sequence[FormulaReading]) -> FormulaReading | None:
    """Return the reading that explains best why a file crosses the line: by the most generous reader of one that is
    chosen no longer, by the most severe of one that is chosen now. None if its readers hardly differ from the mean, or
    its mark did not go the way that it crosses: others moved."""
    if not readings or (file.mark >= file.raw if file.was_in else file.mark <= file.raw):
        return None
    if file.was_in:
        found = max(readings, key=lambda each: each.severity)
        return found if found.severity >= TELLING else None
    found = min(readings, key=lambda each: each.severity)
    return found if found.severity <= -TELLING else None


def compared_basis(chosen: MarkBasis, asked: str) -> MarkBasis:
    """Return which harmonised marks a page shows beside the raw ones: those asked for, else those chosen, else the
    plain ones."""
    if asked == MarkBasis.WEIGHTED or (asked != MarkBasis.HARMONISED and chosen is MarkBasis.WEIGHTED):
        return MarkBasis.WEIGHTED
    return MarkBasis.HARMONISED


@dataclass(frozen=True)
class FilledSelection:
    """That the files which one reader read fill much of a selection: how many were chosen, of how many seats, and how
    many they read of how many."""

    chosen: int
    seats: int
    read: int
    files: int


def filled_by_reader(counts: Sequence[tuple[int, int]], files: int, seats: int) -> FilledSelection | None:
    """Return the reader whose files fill the selection least by chance, if chance would do so less than once in a
    thousand, from (files read, of these chosen) of each; the bound is divided by their number. None without one."""
    if not counts or seats <= 0 or seats >= files:
        return None
    rarest = min((chance_of_as_many(files, seats, read, chosen), -chosen, read) for read, chosen in counts)
    chance, chosen, read = rarest
    return FilledSelection(-chosen, seats, read, files) if chance * ONCE_IN * len(counts) < 1 else None
