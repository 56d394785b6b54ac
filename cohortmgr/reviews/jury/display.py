"""What the jury's page shows of a harmonised phase: its rows, in points, with the names or the letters of readers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any

from cohortmgr.base.errors import N_, Problem, from_json
from cohortmgr.base.i18n import decimal, number, say, thousandths
from cohortmgr.reviews.calibration.rules import ChanceWord
from cohortmgr.reviews.harmonising.rules import MarkBasis, MarkFormula
from cohortmgr.reviews.jury.rules import (
    MOST_READERS,
    FormulaReading,
    RibbonFile,
    ordered_readings,
    reason_to_cross,
)

# Two sides of 95 % of a normal distribution: what the page calls a margin.
MARGIN = 1.959964

_MORE = N_("lu par %(reader)s, qui donne %(points)s de plus")
_LESS = N_("lu par %(reader)s, qui donne %(points)s de moins")
_OTHERS = N_("sa note tient : d’autres dossiers bougent")
_IN, _OUT = N_("entre"), N_("sort")

CHANCES = {
    ChanceWord.SURE: N_("Sûr : 95 chances sur cent, ou plus"),
    ChanceWord.OPEN: N_("À discuter"),
    ChanceWord.OUT: N_("Hors d’atteinte : 5 chances sur cent, ou moins"),
}


@dataclass(frozen=True)
class SeverityRow:
    """A reader's severity in thousandths, above nought if generous, with its margin; how many they have read, and the
    weight of their marks."""

    label: str
    readings: int
    severity: int
    margin: int
    weight: int


def severity_rows(
    readers: Sequence[Mapping[str, Any]], basis: MarkBasis, labels: Mapping[str, str]
) -> tuple[list[SeverityRow], int]:
    """Return the readers, the most generous first, and how many in the middle are left out where there are many."""
    before = "weighted_" if basis is MarkBasis.WEIGHTED else ""
    rows = [
        SeverityRow(
            labels.get(each["reference"], "—"),
            each["readings"],
            each[f"{before}severity"],
            round(MARGIN * each[f"{before}error"]),
            each["weight"] if before else 1000,
        )
        for each in readers
    ]
    rows.sort(key=lambda row: -row.severity)
    left_out = max(0, len(rows) - MOST_READERS)
    half = MOST_READERS // 2
    return (rows[:half] + rows[-half:] if left_out else rows), left_out


def told_severities(rows: Sequence[SeverityRow], basis: MarkBasis) -> list[dict[str, Any]]:
    """Return the rows of the picture of severities, with the figures beside it in thousandths of a point, so that a
    mark can be redone by them."""
    return [
        {
            "label": row.label,
            "low": (row.severity - row.margin) / 1000,
            "mid": row.severity / 1000,
            "high": (row.severity + row.margin) / 1000,
            "figures": [
                number(row.readings),
                _isolated(f"{'+' if row.severity > 0 else ''}{decimal(row.severity / 1000, 3)}"),
                decimal(row.weight / 1000, 3)
                if basis is MarkBasis.WEIGHTED
                else _isolated(f"± {decimal(row.margin / 1000, 1)}"),
            ],
        }
        for row in rows
    ]


def _isolated(text: str) -> str:
    """A figure with a sign, which keeps its place beside it in Arabic too."""
    return f"\u2066{text}\u2069"


def severity_reach(rows: Sequence[SeverityRow]) -> int:
    """Return how far from nought a scale reaches, in whole points, on which each severity and its margin has room."""
    most = max((abs(row.severity) + row.margin for row in rows), default=0)
    return max(1, ceil(most / 1000))


def ribbon_of(kept: Sequence[Sequence[Any]], hidden: Collection[str]) -> list[RibbonFile]:
    """Return the files that a harmonisation keeps near the line, without those that the viewer is to read."""
    return [RibbonFile(*row) for row in kept if row[0] not in hidden]


@dataclass(frozen=True)
class RibbonRow:
    """A file of the ribbon with its margin in thousandths, and why it crosses the line; None if it does not."""

    file: RibbonFile
    margin: int
    reason: Problem | None

    @property
    def low(self) -> float:
        """Where its margin begins, in points."""
        return (self.file.mark - self.margin) / 1000

    @property
    def high(self) -> float:
        """Where its margin ends, in points."""
        return (self.file.mark + self.margin) / 1000


def ribbon_rows(
    files: Sequence[RibbonFile],
    readings: Mapping[str, Sequence[tuple[str, int]]],
    formula: MarkFormula,
    labels: Mapping[str, str],
) -> list[RibbonRow]:
    """Return the rows of the ribbon, the greatest harmonised mark first."""
    return [
        RibbonRow(
            file,
            round(MARGIN * file.error),
            _reason(file, ordered_readings(formula, readings.get(file.number, ())), labels)
            if file.crosses
            else None,
        )
        for file in files
    ]


def _reason(file: RibbonFile, readings: Sequence[FormulaReading], labels: Mapping[str, str]) -> Problem:
    found = reason_to_cross(file, readings)
    if found is None:
        return Problem(_OTHERS)
    points = decimal(abs(found.severity) / 1000, 1)
    what = _MORE if found.severity > 0 else _LESS
    return Problem(what, {"reader": labels.get(found.reader, "—"), "points": points})


def told_ribbon(rows: Sequence[RibbonRow]) -> list[dict[str, Any]]:
    """Return the rows of the picture about the line, with what is said of those who cross it."""
    last = max((place for place, row in enumerate(rows) if row.file.is_in), default=-1)
    return [
        {
            "label": row.file.number,
            "way": ("in" if row.file.is_in else "out") if row.file.crosses else "",
            "said": say(_IN if row.file.is_in else _OUT),
            "note": say(row.reason) if row.reason is not None else "",
            "low": row.low,
            "mid": row.file.mark / 1000,
            "high": row.high,
            "was": row.file.raw / 1000,
            "is_last": place == last and last + 1 < len(rows),
            "figures": [
                thousandths(row.file.raw),
                _isolated(f"{thousandths(row.file.mark)} ± {decimal(row.margin / 1000, 1)}"),
                _isolated(f"{decimal(row.file.chance / 100, 0)}\u00a0%"),
            ],
        }
        for place, row in enumerate(rows)
    ]


def line_of(files: Sequence[RibbonFile]) -> float | None:
    """Return the mark, in points, between the last that is chosen and the first that is not; None where nobody stands
    on one of the sides."""
    inside = [file.mark for file in files if file.is_in]
    outside = [file.mark for file in files if not file.is_in]
    return (min(inside) + max(outside)) / 2000 if inside and outside else None


def ribbon_reach(rows: Sequence[RibbonRow]) -> tuple[int, int]:
    """Return the ends of a scale in whole points on which each mark and each margin of the ribbon has room."""
    marks = [row.file.raw / 1000 for row in rows]
    low = min([*marks, *(row.low for row in rows)], default=0)
    high = max([*marks, *(row.high for row in rows)], default=20)
    return floor(low), max(floor(low) + 1, ceil(high))


def cautions_of(kept: Sequence[Mapping[str, Any]], labels: Mapping[str, str]) -> list[Problem]:
    """Return the cautions of a harmonisation with the readers that they name, by letter or by name."""
    found = []
    for each in map(from_json, kept):
        names = each.values.get("names")
        if isinstance(names, list | tuple):
            shown = tuple(labels.get(str(name), str(name)) for name in names)
            each = Problem(each.what, {**each.values, "names": shown}, each.where)
        found.append(each)
    return found


@dataclass(frozen=True)
class WorkedReading:
    """A reading in a worked example: what its formula adds to the sum, in thousandths of a point."""

    label: str
    mark: int
    severity: int
    weight: int
    added: Fraction

    @property
    def product(self) -> float:
        """What it adds, in points."""
        return float(self.added) / 1000


@dataclass(frozen=True)
class WorkedExample:
    """A file's harmonised mark step by step: its readings, the sum, the divisor and the mark in thousandths."""

    number: str
    readings: Sequence[WorkedReading]
    weights: int
    shrinkage: int
    mean: int
    mark: int

    @property
    def over(self) -> float:
        """The sum over the readings, in points."""
        return float(sum((each.added for each in self.readings), Fraction(0))) / 1000


def worked_example(
    files: Sequence[RibbonFile],
    readings: Mapping[str, Sequence[tuple[str, int]]],
    formula: MarkFormula,
    labels: Mapping[str, str],
) -> WorkedExample | None:
    """Return the mark of a file step by step: of one that crosses the line, else of the first. None without one."""
    read = sorted((file for file in files if readings.get(file.number)), key=lambda file: not file.crosses)
    if not read or formula.shrinkage is None:
        return None
    first = read[0].number
    given = ordered_readings(formula, readings[first])
    worked = [
        WorkedReading(
            labels.get(each.reader, "—"),
            each.mark,
            each.severity,
            each.weight,
            Fraction(each.weight * (each.mark - each.severity - formula.mean), 1000),
        )
        for each in given
    ]
    mark = formula.mark(readings[first])
    weights = sum(each.weight for each in given)
    return WorkedExample(first, worked, weights, formula.shrinkage, formula.mean, mark)
