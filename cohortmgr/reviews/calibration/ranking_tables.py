"""What a desk is told of a calibration: its figures, a line each, and the ranking as rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from cohortmgr.reviews.calibration.calibrating import Calibration


def figures(found: Calibration) -> Iterator[str]:
    """The figures, a line each: those of the spread with four decimals, those of the formula with three."""
    yield f"mean {found.mean:.4f}"
    yield f"quality {found.quality:.4f}"
    yield f"severity {found.severity:.4f}"
    yield f"noise {found.noise:.4f}"
    formula = found.formula
    shrinkage = "none" if formula.shrinkage is None else _thousandths(formula.shrinkage)
    yield f"formula: mean {_thousandths(formula.mean)}, shrinkage {shrinkage}"
    yield "severities (above 0: gives more)" + (
        ", weights" if set(formula.weights.values()) != {1000} else ""
    )
    for name, severity in sorted(formula.severities.items(), key=lambda pair: pair[1]):
        weight = formula.weights[name]
        yield f"  {name}\t{'+' if severity > 0 else ''}{_thousandths(severity)}" + (
            f"\t{_thousandths(weight)}" if weight != 1000 else ""
        )


def _thousandths(value: int) -> Decimal:
    return Decimal(value).scaleb(-3)


def header_of(stood: Sequence[float] | None) -> list[str]:
    """The columns of a ranking; chances are there if they were asked for."""
    return ["application", "estimate", "standard_error", *([] if stood is None else ["chance"])]


def ranking(found: Calibration, stood: Sequence[float] | None) -> Iterator[Sequence[object]]:
    """The rows, the greatest estimate first; those that are equal in the order of the scores."""
    marks, names = found.marks(), found.scores.files
    for place in sorted(range(len(marks)), key=lambda place: -marks[place]):
        row = [names[place], _thousandths(marks[place]), _places(found.errors[place])]
        yield row if stood is None else [*row, _places(stood[place])]


def _places(value: float) -> Decimal:
    return Decimal(f"{value:.4f}")
