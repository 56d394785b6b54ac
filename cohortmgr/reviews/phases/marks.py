"""What a file's marks come to: in a phase, and in all phases as far as it has come. Exact fractions, and pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from cohortmgr.programmes.definition.rules import (
    FULL_MARK_THOUSANDTHS,
    Criterion,
    PhaseKind,
    Rubric,
    RubricPhase,
)
from cohortmgr.reviews.rules import nearest


@dataclass(frozen=True)
class Reading:
    """A mark that counts in a phase: of a reading that was handed in, a test, or a rule. Its total is in thousandths
    out of twenty; its scores are by criterion. `reader` is the reference of who read, where harmonised marks ask it."""

    total: int
    scores: Mapping[str, int]
    reader: str = ""


@dataclass(frozen=True)
class FileMarks:
    """What a file has got in each phase, by its key; the place of the last phase that it is in, and the phases to which
    its person did not come. `harmonised` has its mark, in thousandths, in the phases that are ranked by such marks."""

    readings: Mapping[str, Sequence[Reading]]
    reached: int
    absent: Collection[str] = frozenset()
    harmonised: Mapping[str, int] = field(default_factory=dict)

    def of(self, phase: RubricPhase) -> Sequence[Reading]:
        """What the file has got in a phase."""
        return self.readings.get(phase.key, ())

    def mark_in(self, phase: RubricPhase) -> Fraction | None:
        """The mark of a phase by which the file is ranked, in thousandths: the harmonised one, or the mean of what it
        has got; None without any."""
        found = self.harmonised.get(phase.key)
        return mean_of(self.of(phase)) if found is None else Fraction(found)


def mean_of(readings: Sequence[Reading]) -> Fraction | None:
    """The mean of what a file has got in one phase, in thousandths; None without any."""
    return Fraction(sum(each.total for each in readings), len(readings)) if readings else None


def whole_mark(rubric: Rubric, file: FileMarks, most: int | None = None) -> Fraction | None:
    """The mean of the marks by which a file is ranked in its phases, each by its weight, in thousandths: up to the
    place `most`, or to the last that it is in. A phase without a mark does not count; None if none has one."""
    marked = _marked_phases(rubric, file, most)
    if not marked:
        return None
    over = sum((phase.weight * mark for phase, mark in marked), Fraction(0))
    return over / sum(phase.weight for phase, _ in marked)


def share_in(rubric: Rubric, file: FileMarks, phase: RubricPhase, most: int) -> Fraction:
    """Which part of a file's whole mark, up to the place `most`, its mark in a phase is; all of it where no phase has
    one."""
    weights = sum(each.weight for each, _ in _marked_phases(rubric, file, most))
    return Fraction(phase.weight, weights) if weights else Fraction(1)


def _marked_phases(rubric: Rubric, file: FileMarks, most: int | None) -> list[tuple[RubricPhase, Fraction]]:
    last = file.reached if most is None else min(most, file.reached)
    found = [(phase, file.mark_in(phase)) for phase in rubric.phases[: last + 1]]
    return [(phase, mark) for phase, mark in found if mark is not None]


def counted_place(rubric: Rubric, file: FileMarks) -> int:
    """The place of the last phase that counts for a file: the last that it is in, or that before the first to which its
    person did not come; -1 if that is the first of all."""
    if not file.absent:
        return file.reached
    missed = [place for place, phase in enumerate(rubric.phases) if phase.key in file.absent]
    return min([file.reached, *(place - 1 for place in missed)])


def counted_phases(rubric: Rubric, file: FileMarks) -> tuple[RubricPhase, ...]:
    """The phases that count for a file, in their order."""
    return rubric.phases[: counted_place(rubric, file) + 1]


def lacking_in(rubric: Rubric, file: FileMarks) -> RubricPhase | None:
    """The first phase that counts for a file and has fewer marks of it than it asks for; None if there is none. Nobody
    waits for what a rule cannot compute."""
    for phase in counted_phases(rubric, file):
        if phase.kind is not PhaseKind.COMPUTED and len(file.of(phase)) < phase.asked:
            return phase
    return None


def knocks_out(readings: Sequence[Reading], criterion: Criterion) -> bool:
    """Whether the mean of the readings, two at least, is below the score that a criterion asks for."""
    limit = criterion.knock_out_below
    if limit is None or len(readings) < 2:
        return False
    return score_of(readings, criterion) < Fraction(limit)


def score_of(readings: Sequence[Reading], criterion: Criterion) -> Fraction:
    """The mean of what the readings give on a criterion, in points of its scale. Raises KeyError if one gives none."""
    return Fraction(sum(each.scores[criterion.key] for each in readings), len(readings))


def knocked_out_by(rubric: Rubric, file: FileMarks) -> str:
    """The key of the first criterion that knocks a file out; empty without one."""
    for phase in rubric.phases[: file.reached + 1]:
        for criterion in phase.criteria:
            if knocks_out(file.of(phase), criterion):
                return criterion.key
    return ""


def competes(rubric: Rubric, file: FileMarks, last: int) -> bool:
    """Whether a file stands against others at the end of the phase at a place: it is in that phase, its person came to
    all that led there, and no criterion knocks it out."""
    led = {each.key for each in rubric.phases[: last + 1]}
    return file.reached >= last and not led & set(file.absent) and not knocked_out_by(rubric, file)


def tie_order(rubric: Rubric) -> tuple[Criterion, ...]:
    """Return the criteria that decide between equal means, the heaviest first: by what they weigh in the whole mark."""
    weights = {
        criterion.key: Fraction(phase.weight * criterion.weight, sum(each.weight for each in phase.criteria))
        for phase in rubric.phases
        for criterion in phase.criteria
    }
    return tuple(sorted(rubric.every_criterion, key=lambda criterion: -weights[criterion.key]))


def mark_on(rubric: Rubric, file: FileMarks, criterion: Criterion) -> int | None:
    """Return the mean of what counts of a file on one criterion, in thousandths out of twenty; None without any: its
    phase does not count, or it could not be computed."""
    readings = readings_on(rubric, file, criterion)
    if not readings:
        return None
    low, high, number = criterion.scale_min, criterion.scale_max, len(readings)
    over = sum(each.scores[criterion.key] for each in readings) - low * number
    return nearest(FULL_MARK_THOUSANDTHS * over, number * (high - low))


def readings_on(rubric: Rubric, file: FileMarks, criterion: Criterion) -> Sequence[Reading]:
    """What counts of a file on one criterion; none if its phase does not count, or it could not be computed."""
    counted = counted_phases(rubric, file)
    readings: Collection[Reading] = next(
        (file.of(phase) for phase in counted if criterion in phase.criteria), ()
    )
    return [each for each in readings if criterion.key in each.scores]


def lot_of(seed: str, number: str) -> str:
    """Return the lot of a file by its number, as a ranking with this seed draws it: the lower one is drawn first."""
    return hashlib.sha256(f"{seed}{number}".encode()).hexdigest()


def tie_key(rubric: Rubric, file: FileMarks, seed: str, number: str) -> tuple[tuple[int, ...], str]:
    """Return what tells a file from others with its mark, the first to be chosen before: its marks on the criteria that
    decide, then its lot."""
    return tuple(-(mark_on(rubric, file, each) or 0) for each in tie_order(rubric)), lot_of(seed, number)
