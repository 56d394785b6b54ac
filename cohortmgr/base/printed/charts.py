"""Charts as positions: axes with their ticks, columns, steps with their rates, and dots with their intervals.

Every place is a percentage of the drawing's width or height, so that lines stretch with the page while text keeps its
size: macros/charts.html draws them as SVG without a viewBox. A chart that is `mirrored` begins at the right, as Arabic
is read; its text stays as it is. What the scale is never follows from how the data happen to lie: its ends are said, or
it begins at nothing and ends at a round number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10, sqrt

# Two sides of 95 % of a normal distribution.
_DEVIATIONS = 1.959964
# An interval between ticks is one of these, or ten, a hundred… times as much.
_ROUND = (1, 2, 5, 10)


@dataclass(frozen=True)
class Tick:
    """A value of an axis that is written beside it, and where."""

    value: float
    at: float


@dataclass(frozen=True)
class Axis:
    """A scale from `least` to `most` and its ticks; positions are told in percent of its length."""

    least: float
    most: float
    ticks: tuple[Tick, ...]
    mirrored: bool = False

    def at(self, value: float) -> float:
        """Return where a value lies, at an end of the axis if it is beyond."""
        return _place(value, self.least, self.most, self.mirrored)


@dataclass(frozen=True)
class Column:
    """A column of a distribution: its corner at the top, its sizes, and whether it lies wholly below the line."""

    x: float
    y: float
    width: float
    height: float
    is_below: bool


@dataclass(frozen=True)
class Step:
    """A step of a way on which people are lost: how many came so far, their share of those at its beginning, and the
    share of the step before; None if one of the two is not told, or is nothing."""

    count: int | None
    share: float | None
    kept: float | None


@dataclass(frozen=True)
class Share:
    """A part of a whole, with the interval of 95 % in which the share lies if chance alone chose them; from 0 to 1."""

    part: int
    whole: int
    low: float
    mid: float
    high: float


@dataclass(frozen=True)
class Dot:
    """A dot with its interval: where the line begins, from the left, how long it is, and where the dot stands."""

    start: float
    length: float
    mid: float


def axis(least: float, most: float, about: int = 5, *, mirrored: bool = False) -> Axis:
    """Return an axis whose ends are given, with about so many ticks at round values between them."""
    step = _step((most - least) / about) if most > least else 1
    first = -floor(-least / step)
    values = [round(each * step, 9) for each in range(first, floor(most / step + 1e-9) + 1)]
    ticks = tuple(Tick(value, _place(value, least, most, mirrored)) for value in values)
    return Axis(least, most, ticks, mirrored)


def reaching(most: float, about: int = 4, *, whole: bool = True, mirrored: bool = False) -> Axis:
    """Return an axis from nothing to a round value that is no less than `most`; `whole` if only whole values are
    counted."""
    step = _step(max(most, 1 if whole else 1e-9) / about)
    step = max(step, 1) if whole else step
    end = -floor(-max(most, step) / step + 1e-9) * step
    return axis(0, round(end, 9), round(end / step), mirrored=mirrored)


def columns(
    counts: Sequence[int], across: Axis, up: Axis, first: float = 0, cut: float | None = None
) -> tuple[Column, ...]:
    """Return a column for each count; each is a point of `across` wide, and they begin at `first`. What ends at or
    before `cut` lies below the line."""
    drawn = []
    for number, count in enumerate(counts):
        begin, end = across.at(first + number), across.at(first + number + 1)
        width, tall = abs(end - begin), _place(count, up.least, up.most, False)
        x, y = min(begin, end) + 0.06 * width, 100 - tall
        is_below = cut is not None and first + number + 1 <= cut
        drawn.append(Column(round(x, 2), round(y, 2), round(0.88 * width, 2), round(tall, 2), is_below))
    return tuple(drawn)


def steps(counts: Sequence[int | None]) -> tuple[Step, ...]:
    """Return the steps of a way with their rates, the first of which is where everybody begins."""
    return tuple(
        Step(count, _rate(count, counts[0]), _rate(count, counts[number - 1]) if number else None)
        for number, count in enumerate(counts)
    )


def share(part: int | None, whole: int | None) -> Share | None:
    """Return a part as a share of the whole with its interval (Wilson's, which stays between 0 and 1 and is honest of
    few people); None if a figure is not told, or the whole is nobody."""
    if part is None or not whole:
        return None
    rate, square = part / whole, _DEVIATIONS**2
    centre = (rate + square / (2 * whole)) / (1 + square / whole)
    reach = _DEVIATIONS / (1 + square / whole)
    reach *= sqrt(rate * (1 - rate) / whole + square / (4 * whole**2))
    low = centre - reach if part else 0.0  # exactly, where rounding would say almost nothing
    return Share(part, whole, max(0.0, low), rate, min(1.0, centre + reach) if part < whole else 1.0)


def dot(low: float, mid: float, high: float, scale: Axis) -> Dot:
    """Return a dot with its interval on a scale."""
    begin, end = sorted((scale.at(low), scale.at(high)))
    return Dot(begin, round(end - begin, 2), scale.at(mid))


def shared_by(shares: Sequence[Share | None], *, mirrored: bool = False) -> Axis:
    """Return the scale, in percent, of all charts that are read beside each other: a small multiple has none of its
    own. It begins at 0 and reaches the end of the longest interval."""
    told = [each.high for each in shares if each is not None]
    return reaching(min(100.0, 100 * max(told, default=1.0)), whole=False, mirrored=mirrored)


def part_of(count: int | None, counts: Sequence[int | None]) -> Share | None:
    """Return one count as a share of all the counts of its column; None if any of them is not told."""
    told = [each for each in counts if each is not None]
    return share(count, sum(told)) if len(told) == len(counts) else None


def _rate(part: int | None, whole: int | None) -> float | None:
    return part / whole if part is not None and whole else None


def _place(value: float, least: float, most: float, mirrored: bool) -> float:
    if most <= least:
        return 100.0 if mirrored else 0.0
    at = 100 * (min(max(value, least), most) - least) / (most - least)
    return round(100 - at if mirrored else at, 2)


def _step(wanted: float) -> float:
    """The first round interval that is no less than the wanted one."""
    size = 10.0 ** floor(log10(wanted))
    return next(size * each for each in _ROUND if size * each >= wanted * (1 - 1e-9))
