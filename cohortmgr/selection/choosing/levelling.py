"""Rounded numbers that keep equations exactly: those that equations leave free are rounded, the others follow."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction


def kept_exactly(
    equations: Sequence[tuple[Sequence[int], int]], near: Sequence[float], grid: int
) -> list[Fraction] | None:
    """Numbers near those given, in whole parts of `grid` as far as equations (coefficients, sum) leave them free. None
    if the equations contradict each other."""
    rows = [[Fraction(each) for each in (*coefficients, total)] for coefficients, total in equations]
    pivots: dict[int, list[Fraction]] = {}
    for row in rows:
        for column, pivot in pivots.items():
            _eliminate(row, pivot, column)
        # What floats say is farthest from nought follows from the others: its sign is the safest.
        open_columns = [column for column in range(len(near)) if row[column]]
        if not open_columns:
            if row[-1]:
                return None
            continue
        chosen = max(open_columns, key=lambda column: abs(near[column]))
        lead = row[chosen]
        row[:] = [each / lead for each in row]
        for pivot in pivots.values():
            _eliminate(pivot, row, chosen)
        pivots[chosen] = row
    found = [Fraction(round(each * grid), grid) for each in near]
    for column, row in pivots.items():
        rest = sum(
            (row[other] * found[other] for other in range(len(near)) if other not in pivots), Fraction(0)
        )
        found[column] = row[-1] - rest
    return found


def _eliminate(row: list[Fraction], pivot: Sequence[Fraction], column: int) -> None:
    factor = row[column]
    if factor:
        row[:] = [each - factor * other for each, other in zip(row, pivot, strict=True)]
