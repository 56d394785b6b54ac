"""Computes points from answers, as the rubric of a phase that nobody reads says. Exact, and pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from cohortmgr.applications.answers.conditions import counted
from cohortmgr.applications.answers.values import Answer
from cohortmgr.programmes.definition.rules import Criterion, Form, PointKind, PointSource, RubricPhase


def points_of(phase: RubricPhase, form: Form, answers: Mapping[str, Answer]) -> dict[str, int]:
    """The points of each criterion that can be computed, by its key. An answer that its conditions hide is none."""
    said = counted(form, answers)
    found = {}
    for criterion in phase.criteria:
        if criterion.points is not None:
            points = _points(criterion, criterion.points, said)
            if points is not None:
                found[criterion.key] = points
    return found


def _points(criterion: Criterion, source: PointSource, said: Mapping[str, Answer]) -> int | None:
    if source.kind is PointKind.OPTION:
        return source.options.get(str(said.get(source.questions[0]) or ""), source.missing)
    figure = _mean(source, said) if source.kind is PointKind.MEAN else _years(source, said)
    return source.missing if figure is None else _placed(criterion, source, figure)


def _placed(criterion: Criterion, source: PointSource, figure: Fraction) -> int:
    """The points of a figure on the scale: those of its band, or the nearest to its place between the bounds."""
    low, high = criterion.scale_min, criterion.scale_max
    if source.worst is None or source.best is None:
        reached = [band.points for band in source.bands if figure >= Fraction(band.since)]
        return reached[-1] if reached else low
    worst, best = Fraction(source.worst), Fraction(source.best)
    share = min(max((figure - worst) / (best - worst), Fraction(0)), Fraction(1))
    return low + round(share * (high - low))


def _mean(source: PointSource, said: Mapping[str, Answer]) -> Fraction | None:
    """The mean of all the answers that are read; if one of them lacks, there is none."""
    found = [_figure(each) for each in _read(source, said)]
    known = [each for each in found if each is not None]
    return sum(known, Fraction(0)) / len(known) if known and len(known) == len(found) else None


def _years(source: PointSource, said: Mapping[str, Answer]) -> Fraction | None:
    first, last = (_figure(said.get(key)) for key in source.questions)
    return None if first is None or last is None else last - first


def _read(source: PointSource, said: Mapping[str, Answer]) -> Iterator[Answer]:
    for key in source.questions:
        answer = said.get(key)
        if isinstance(answer, list):
            yield from (row.get(source.field) if isinstance(row, dict) else None for row in answer)
        else:
            yield answer


def _figure(answer: Answer) -> Fraction | None:
    try:
        return Fraction(Decimal(str(answer))) if answer is not None and not isinstance(answer, list) else None
    except (InvalidOperation, ValueError, OverflowError):
        return None
