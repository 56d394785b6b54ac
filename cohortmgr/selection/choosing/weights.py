"""One integer for each contender in which marks, ties and lots weigh in that order, whatever is summed over the seats.

A part's unit is one more than all later parts together could add over the seats, so that the greatest sum of weights
is the greatest sum of marks, among those the greatest of the first tie, and so on. Weights pass any float.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cohortmgr.selection.choosing.rules import Contender


@dataclass(frozen=True)
class ExactWeights:
    """The weight of each contender, in their order, and what one missing person costs, in the same unit."""

    values: tuple[int, ...]
    cost: int


def exact_weights(contenders: Sequence[Contender], seats: int) -> ExactWeights:
    """Weigh contenders for so many seats. Of equal lots, which no seed gives, the lower reference is first."""
    parts = _parts(contenders)
    units: list[int] = []
    room = 1
    for part in reversed(parts):
        units.append(room)
        spread = max(part) - min(part) if part else 0
        room += units[-1] * seats * spread
    units.reverse()
    columns = [
        part if unit == 1 else [unit * value for value in part]
        for unit, part in zip(units, parts, strict=True)
    ]
    return ExactWeights(tuple(map(sum, zip(*columns, strict=True))), room)


def lot_places(contenders: Sequence[Contender]) -> list[int]:
    """The place of each lot: of n contenders the first drawn has n-1, the last 0."""
    lots = [contender.lot for contender in contenders]
    order = sorted(range(len(lots)), key=lots.__getitem__)
    if len(set(lots)) < len(lots):
        order.sort(key=lambda place: (lots[place], contenders[place].reference))
    places = [0] * len(lots)
    for place, index in enumerate(order):
        places[index] = len(lots) - 1 - place
    return places


def _parts(contenders: Sequence[Contender]) -> list[list[int]]:
    marks = [contender.mark for contender in contenders]
    ties = [list(values) for values in zip(*(contender.ties for contender in contenders), strict=True)]
    return [marks, *ties, lot_places(contenders)]
