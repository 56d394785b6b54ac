"""What the worker works out of the marks of a phase: formulas, each file's marks and chances, figures of the page.

All is joint: a draw is one way in which the files may truly stand, and the seats go to its greatest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from cohortmgr.base.errors import as_json
from cohortmgr.reviews.calibration.calibrating import SEED, Calibration, calibrate, chances
from cohortmgr.reviews.calibration.cautions import cautions
from cohortmgr.reviews.calibration.dense import Array, np
from cohortmgr.reviews.calibration.rules import ChanceWord, chance_word, doubtful_names
from cohortmgr.reviews.calibration.scores import PhaseScores
from cohortmgr.reviews.harmonising.rules import MarkBasis, lettered
from cohortmgr.reviews.jury.rules import (
    AROUND,
    MOST_SHOWN,
    Contest,
    FileOutcome,
    HarmonisedPhase,
    PhaseWork,
    ReadPhase,
)

# The lowest and the highest total of a reading, in points: all are brought to twenty.
SCALE = (Decimal(0), Decimal(20))
# How many numbers are drawn at once, over all files.
_BLOCK = 1_000_000
_BASES = (MarkBasis.HARMONISED, MarkBasis.WEIGHTED)


class _Fitted:
    """A phase with its calibration: it follows the marks first handed in, and moves with those that stand."""

    def __init__(self, phase: ReadPhase, *, is_weighted: bool, seed: int) -> None:
        first = PhaseScores.of((each.file, each.reader, each.first) for each in phase.readings)
        now = PhaseScores.of((each.file, each.reader, each.standing) for each in phase.readings)
        self.phase, self.seed = phase, seed
        self.found: Calibration = calibrate(first, is_weighted=is_weighted)
        self.names: Sequence[str] = first.files
        self.marks = dict(zip(self.names, self.found.marks(now), strict=True))
        mean = self.found.formula.mean
        moved = np.array(list(self.marks.values())) - np.array(self.found.marks())
        self.centre: Array = (moved + mean) / 1000

    def blocks(self, width: int) -> Iterator[Array]:
        """Draws of the marks that the files deserve, in points, of files by so many draws."""
        rest: Array | None = None
        for block in self.found.draws(seed=self.seed):
            rest = block if rest is None else np.hstack((rest, block))
            while rest.shape[1] >= width:
                yield rest[:, :width] + self.centre[:, None]
                rest = rest[:, width:]
        if rest is not None and rest.shape[1]:
            yield rest + self.centre[:, None]


class _Intake:
    """The marks of a phase's files in all phases that count, by one basis."""

    def __init__(self, work: PhaseWork, basis: MarkBasis) -> None:
        is_weighted = basis is MarkBasis.WEIGHTED
        self.work = work
        self.own = _Fitted(work.phase, is_weighted=is_weighted, seed=SEED)
        self.beside = [
            _Fitted(phase, is_weighted=is_weighted, seed=SEED + place)
            for place, phase in enumerate(work.others, start=1)
            if phase.readings
        ]

    @cached_property
    def chances(self) -> dict[str, float]:
        """How likely each file stands among the first of its offering. All offerings are told from the same draws."""
        files = [file for contest in self.work.contests for file in contest.files]
        stood, count = np.zeros(len(files)), 0
        for whole in self._drawn(files) if files else ():
            count += whole.shape[1]
            begin = 0
            for contest in self.work.contests:
                rows = slice(begin, begin + len(contest.files))
                if contest.files:
                    stood[rows] += np.array(chances([whole[rows]], contest.seats)) * whole.shape[1]
                begin = rows.stop
        return dict(zip(files, (stood / max(1, count)).tolist(), strict=True))

    def _drawn(self, files: Sequence[str]) -> Iterator[Array]:
        """Draws of the whole marks of some files: by the weights of the phases in which each has a mark."""
        phases = (self.own, *self.beside)
        place_of = {name: place for place, name in enumerate(files)}
        nothing = (0, Fraction(0))
        fixed = [self.work.fixed.get(name, nothing) for name in files]
        over = np.array([float(mark) for _weight, mark in fixed]) / 1000
        weights = np.array([weight for weight, _mark in fixed], dtype=float)
        rows = []
        for each in phases:
            held = [(row, place_of[name]) for row, name in enumerate(each.names) if name in place_of]
            pairs = np.array(held, dtype=int).reshape(-1, 2)
            weights[pairs[:, 1]] += each.phase.weight
            rows.append((pairs[:, 0], pairs[:, 1], each.phase.weight))
        width = min(max(1, _BLOCK // len(each.names)) for each in phases)
        for blocks in zip(*(each.blocks(width) for each in phases), strict=True):
            whole = np.repeat(over[:, None], blocks[0].shape[1], axis=1)
            for block, (theirs, places, weight) in zip(blocks, rows, strict=True):
                whole[places] += weight * block[theirs]
            yield whole / weights[:, None]


def harmonised(work: PhaseWork) -> HarmonisedPhase:
    """Work out what is kept of a phase with one reading at least."""
    found = {basis: _Intake(work, basis) for basis in _BASES}
    plain = found[MarkBasis.HARMONISED].own.found
    whole = _Whole(work, {basis: each.own for basis, each in found.items()})
    stood = {basis: each.chances for basis, each in found.items()}
    readers = plain.scores.readers
    counts = np.bincount(plain.scores.reader, minlength=len(readers)).tolist()
    formulas: dict[str, Any] = {
        basis.value: each.own.found.formula.as_json() for basis, each in found.items()
    }
    formulas["letters"] = lettered(readers, work.letters)
    formulas["readings"] = dict(zip(readers, counts, strict=True))
    chosen = {basis: whole.chosen(basis) for basis in MarkBasis}
    figures = {
        **{name: round(getattr(plain, name), 4) for name in ("mean", "quality", "severity", "noise")},
        "tells_files": plain.tells_files,
        "readings": len(work.phase.readings),
        "files": sum(len(contest.files) for contest in work.contests),
        "cautions": [as_json(each) for each in cautions(plain, SCALE)],
        "readers": _readers(found, counts),
        "doubtful": _doubtful(chosen, stood),
        "words": {basis.value: _words(stood[basis]) for basis in _BASES},
        "ribbons": {
            contest.offering: _ribbons(whole, contest, chosen, stood)
            for contest in work.contests
            if contest.files
        },
    }
    seats = sum(min(contest.seats, len(contest.files)) for contest in work.contests)
    return HarmonisedPhase(plain.digest, seats, formulas, figures, _files(whole, found, stood))


class _Whole:
    """Whole marks, exactly: the phase's by each basis, the others' as they are ranked today."""

    def __init__(self, work: PhaseWork, fitted: Mapping[MarkBasis, _Fitted]) -> None:
        self.work = work
        self.own: dict[MarkBasis, Mapping[str, Fraction | int]] = {
            MarkBasis.RAW: _means(work.phase), **{basis: each.marks for basis, each in fitted.items()}
        }  # fmt: skip
        self.errors = {
            basis: dict(zip(each.names, each.found.errors, strict=True)) for basis, each in fitted.items()
        }
        self._beside = [(each.weight, _standing(each)) for each in work.others]

    def weight(self, file: str) -> int:
        """The weights of all phases in which a file has a mark."""
        beside = sum(weight for weight, marks in self._beside if file in marks)
        return self.work.phase.weight + beside + self.work.fixed.get(file, (0, 0))[0]

    def mark(self, basis: MarkBasis, file: str) -> Fraction:
        """The whole mark of a file, in thousandths."""
        over = self.work.fixed.get(file, (0, Fraction(0)))[1]
        over = over + self.work.phase.weight * self.own[basis][file]
        over += sum(weight * marks[file] for weight, marks in self._beside if file in marks)
        return over / self.weight(file)

    def ordered(self, basis: MarkBasis, contest: Contest) -> list[str]:
        """The files of a contest, the greatest mark first."""
        return sorted(contest.files, key=lambda file: -self.mark(basis, file))

    def chosen(self, basis: MarkBasis) -> frozenset[str]:
        """The files with the greatest marks, as many of each offering as there are seats."""
        contests = self.work.contests
        return frozenset(file for each in contests for file in self.ordered(basis, each)[: each.seats])


def _means(phase: ReadPhase) -> dict[str, Fraction]:
    found: dict[str, list[int]] = {}
    for each in phase.readings:
        found.setdefault(each.file, []).append(each.standing)
    return {file: Fraction(sum(marks), len(marks)) for file, marks in found.items()}


def _standing(phase: ReadPhase) -> Mapping[str, Fraction | int]:
    """The marks of a phase as it is ranked today."""
    if phase.formula is None:
        return _means(phase)
    found: dict[str, list[tuple[str, int]]] = {}
    for each in phase.readings:
        found.setdefault(each.file, []).append((each.reader, each.standing))
    return {file: phase.formula.mark(readings) for file, readings in found.items()}


_Stood = Mapping[MarkBasis, Mapping[str, float]]


def _doubtful(chosen: Mapping[MarkBasis, frozenset[str]], stood: _Stood) -> dict[str, float]:
    """How many of those chosen by each basis are probably not among the best; of raw marks by the plain chances."""
    found = {}
    for basis, files in chosen.items():
        known = stood[MarkBasis.WEIGHTED if basis is MarkBasis.WEIGHTED else MarkBasis.HARMONISED]
        found[basis.value] = round(doubtful_names(known[file] for file in sorted(files)), 4)
    return found


def _words(stood: Mapping[str, float]) -> dict[str, int]:
    said = [chance_word(chance) for chance in stood.values()]
    return {word.value: said.count(word) for word in ChanceWord}


def _readers(found: Mapping[MarkBasis, _Intake], counts: Sequence[int]) -> list[dict[str, Any]]:
    plain, weighted = (found[basis].own.found for basis in _BASES)
    errors, weighted_errors = (
        np.sqrt(np.maximum(each.posterior.reader_variances(), 0)) * each.unit for each in (plain, weighted)
    )
    return [
        {
            "reference": reader,
            "readings": counts[place],
            "severity": plain.formula.severities[reader],
            "error": _whole_thousandths(errors[place]),
            "weighted_severity": weighted.formula.severities[reader],
            "weighted_error": _whole_thousandths(weighted_errors[place]),
            "noise": _whole_thousandths(weighted.own_noises[place]),
            "weight": weighted.formula.weights[reader],
        }
        for place, reader in enumerate(plain.scores.readers)
    ]


def _whole_thousandths(points: float) -> int:
    return round(1000 * float(points))


def _files(whole: _Whole, found: Mapping[MarkBasis, _Intake], stood: _Stood) -> dict[str, FileOutcome]:
    plain, weighted = (found[basis].own for basis in _BASES)
    return {
        file: FileOutcome(
            round(whole.own[MarkBasis.RAW][file]),
            plain.marks[file],
            weighted.marks[file],
            _whole_thousandths(plain.found.errors[place]),
            _whole_thousandths(weighted.found.errors[place]),
            _in_ten_thousand(stood[MarkBasis.HARMONISED].get(file, 0.0)),
            _in_ten_thousand(stood[MarkBasis.WEIGHTED].get(file, 0.0)),
        )
        for place, file in enumerate(plain.names)
    }


def _in_ten_thousand(chance: float) -> int:
    return round(10_000 * chance)


def _ribbons(
    whole: _Whole, contest: Contest, chosen: Mapping[MarkBasis, frozenset[str]], stood: _Stood
) -> dict[str, Any]:
    """The files near the line of an offering and those that cross it, by each harmonised basis."""
    found: dict[str, Any] = {"seats": contest.seats, "files": len(contest.files)}
    for basis in _BASES:
        ordered = whole.ordered(basis, contest)
        near = set(ordered[max(0, contest.seats - AROUND) : contest.seats + AROUND])
        crossing = [file for file in ordered if (file in chosen[basis]) != (file in chosen[MarkBasis.RAW])]
        # Those nearest to the line come first where there is no room for all.
        rank = {file: place for place, file in enumerate(ordered)}
        crossing.sort(key=lambda file: abs(rank[file] - contest.seats + 0.5))
        near |= set(crossing[: max(0, MOST_SHOWN - len(near))])
        found[basis.value] = [
            _ribbon_file(whole, basis, file, chosen, stood) for file in ordered if file in near
        ]
        found[f"{basis.value}_crossing"] = len(crossing)
    return found


def _ribbon_file(
    whole: _Whole,
    basis: MarkBasis,
    file: str,
    chosen: Mapping[MarkBasis, frozenset[str]],
    stood: _Stood,
) -> list[Any]:
    """A file as a row of figures keeps it: the order is that of `RibbonFile`."""
    error = whole.errors[basis][file] * whole.work.phase.weight / whole.weight(file)
    return [
        file,
        round(whole.mark(MarkBasis.RAW, file)),
        round(whole.mark(basis, file)),
        _whole_thousandths(error),
        file in chosen[MarkBasis.RAW],
        file in chosen[basis],
        _in_ten_thousand(stood[basis][file]),
    ]
