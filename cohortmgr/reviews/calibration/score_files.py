"""The scores in a table of somebody's desk: a line a score, by application and reviewer, perhaps by criterion."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from cohortmgr.base.errors import N_, FaultyLines, LineFault, Problem, Refused
from cohortmgr.reviews.calibration.dense import Array, np
from cohortmgr.reviews.calibration.scores import PhaseScores

APPLICATION, REVIEWER, SCORE, CRITERION = COLUMNS = ("application", "reviewer", "score", "criterion")
NEEDED = COLUMNS[:3]
# The most digits before and after the point, and the least after it that are kept: a formula has thousandths.
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,12}(?:[.,][0-9]{0,15})?|[.,][0-9]{1,15})(?:[eE][+-]?[0-9]{1,2})?")
_PLACES = 3
_MOST_PLACES, _LARGEST = 15, Decimal(10) ** 12

_MISSING_COLUMNS = N_(
    "Colonnes qui manquent : %(columns)s. Il faut application, reviewer et score ; criterion est permis."
)
_NOTHING = N_("Le fichier ne contient aucune note.")
_EMPTY = N_("La colonne « %(column)s » est vide.")
_NOT_A_NUMBER = N_("« %(typed)s » n’est pas un nombre.")
_OUT_OF_SCALE = N_("La note %(typed)s est hors de l’échelle, qui va de %(low)s à %(high)s.")
_TWICE = N_("Cette note est déjà donnée à la ligne %(line)s.")
_INCOMPLETE = N_("Cette lecture n’a pas de note au critère « %(criterion)s ».")


def columns_named(cells: Sequence[str]) -> int:
    """How many of the columns a line names."""
    return sum(cell.strip().casefold() in COLUMNS for cell in cells)


@dataclass
class _Lines:
    """What was read so far: each line by the places of its names and of its number."""

    scale: tuple[Decimal, Decimal] | None
    files: dict[str, int] = field(default_factory=dict)
    readers: dict[str, int] = field(default_factory=dict)
    criteria: dict[str, int] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    values: list[Decimal] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    faults: list[LineFault] = field(default_factory=list)

    def take(self, line: int, file: str, reader: str, typed: str, criterion: str) -> None:
        """Keep a line, or say what is wrong with it."""
        number = self.numbers.get(typed)
        if number is None or not file or not reader:
            number = self._number(line, file, reader, typed)
            if number is None:
                return
        self.rows.extend(
            (
                self.files.setdefault(file, len(self.files)),
                self.readers.setdefault(reader, len(self.readers)),
                self.criteria.setdefault(criterion, len(self.criteria)),
                number,
                line,
            )
        )

    def _number(self, line: int, file: str, reader: str, typed: str) -> int | None:
        """The place of a number that comes for the first time; None if the line has a fault."""
        named = ((APPLICATION, file), (REVIEWER, reader), (SCORE, typed))
        problems = [Problem(_EMPTY, {"column": column}) for column, cell in named if not cell]
        value = _value(typed)
        if typed and value is None:
            problems.append(Problem(_NOT_A_NUMBER, {"typed": typed[:40]}))
        elif value is not None and self.scale and not self.scale[0] <= value <= self.scale[1]:
            low, high = self.scale
            problems.append(
                Problem(_OUT_OF_SCALE, {"typed": typed[:40], "low": f"{low:f}", "high": f"{high:f}"})
            )
        self.faults += [LineFault(line, problem) for problem in problems]
        if problems or value is None:
            return None
        self.values.append(value)
        self.numbers[typed] = len(self.values) - 1
        return len(self.values) - 1


def phase_scores(
    rows: Iterator[tuple[int, Sequence[str]]], scale: tuple[Decimal, Decimal] | None = None
) -> tuple[PhaseScores, int]:
    """Return the readings in a table, the header first, and how many criteria there are.

    A reading's score is the sum of its criteria, which are the same for all. Raises Refused for a table without scores
    or columns, and FaultyLines for lines with missing, doubled, non-numeric or out-of-scale scores."""
    _line, header = next(rows, (0, ()))
    places = {cell.strip().casefold(): place for place, cell in reversed(list(enumerate(header)))}
    if lacking := [column for column in NEEDED if column not in places]:
        raise Refused(Problem(_MISSING_COLUMNS, {"columns": tuple(lacking)}))
    lines = _Lines(scale)
    of_file, of_reader, of_score = (places[column] for column in NEEDED)
    of_criterion = places.get(CRITERION)
    width = max(places[column] for column in COLUMNS if column in places) + 1
    for line, given in rows:
        cells = given if len(given) >= width else (*given, *[""] * (width - len(given)))
        criterion = "" if of_criterion is None else cells[of_criterion].strip()
        file, reader, typed = cells[of_file].strip(), cells[of_reader].strip(), cells[of_score].strip()
        if not (file or reader or typed or criterion):
            continue
        if of_criterion is not None and not criterion:
            lines.faults.append(LineFault(line, Problem(_EMPTY, {"column": CRITERION})))
        lines.take(line, file, reader, typed, criterion)
    return _gathered(lines), max(1, len(lines.criteria))


def _value(typed: str) -> Decimal | None:
    """The number in a cell, with a point or a comma before its decimals; None if it is none."""
    if not _NUMBER.fullmatch(typed):
        return None
    value = Decimal(typed.replace(",", "."))
    exponent = value.normalize().as_tuple().exponent
    is_kept = isinstance(exponent, int) and exponent >= -_MOST_PLACES and abs(value) < _LARGEST
    return value if is_kept else None


def _gathered(lines: _Lines) -> PhaseScores:
    if not lines.rows and not lines.faults:
        raise Refused(_NOTHING)
    table = np.array(lines.rows, dtype=np.int64).reshape(-1, 5)
    file, reader, criterion, number, line = table.T
    key = file * max(1, len(lines.readers)) + reader
    readings, first, place = np.unique(key, return_index=True, return_inverse=True)
    lines.faults += _doubled(place, criterion, line, len(lines.criteria))
    lines.faults += _incomplete(lines, place, criterion, line[first])
    if lines.faults:
        raise FaultyLines(lines.faults)
    ticks, values = _ticks(lines.values)
    scores = np.zeros(len(readings), dtype=values.dtype)
    np.add.at(scores, place, values[number])
    order = np.argsort(first, kind="stable")
    found = first[order]
    return PhaseScores(
        tuple(lines.files), tuple(lines.readers), file[found], reader[found], scores[order], ticks
    )


def _doubled(place: Array, criterion: Array, line: Array, criteria: int) -> list[LineFault]:
    """A fault for each line that scores what an earlier one did."""
    key = place * max(1, criteria) + criterion
    _keys, first, again = np.unique(key, return_index=True, return_inverse=True)
    earlier = line[first[again]]
    return [
        LineFault(int(line[each]), Problem(_TWICE, {"line": int(earlier[each])}))
        for each in np.flatnonzero(line != earlier).tolist()
    ]


def _incomplete(lines: _Lines, place: Array, criterion: Array, begins: Array) -> list[LineFault]:
    """A fault for each criterion that a reading lacks, at its first line; none while other lines cannot be read."""
    count = len(lines.criteria)
    if lines.faults or count < 2:
        return []
    full = np.arange(len(begins) * count)
    lacking = np.setdiff1d(full, place * count + criterion, assume_unique=False)
    names = tuple(lines.criteria)
    return [
        LineFault(int(begins[each // count]), Problem(_INCOMPLETE, {"criterion": names[each % count]}))
        for each in lacking.tolist()
    ]


def _ticks(values: Sequence[Decimal]) -> tuple[int, Array]:
    """How many ticks go to a thousandth, and the values in them: as many decimals as the longest has."""
    exponents = [value.normalize().as_tuple().exponent for value in values]
    places = max(_PLACES, *(-each for each in exponents if isinstance(each, int)))
    whole = [int(value.scaleb(places)) for value in values]
    is_small = max(map(abs, whole)) < 2**53
    return 10 ** (places - _PLACES), np.array(whole, dtype=np.int64 if is_small else object)
