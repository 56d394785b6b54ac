"""The middle prices: of those that prove a choice, the ones that part those in from those out by the widest margin.

A page's price is minus the multiplier of a bound: it is added to the marks of a group. Of the prices of the widest
margin the least are taken. Where marks are level across the cut, no price tells them apart: their sums are set to equal
the threshold, exactly, and ties or lots decide. Prices are told on the coarsest grid on which each decision follows
from them, in whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from cohortmgr.selection.choosing.grouping import ContenderType, CountProblem, ReducedLimit
from cohortmgr.selection.choosing.levelling import kept_exactly
from cohortmgr.selection.choosing.margins import NOUGHT, CutMarks, PriceColumn, WidestPrices, widest
from cohortmgr.selection.choosing.proving import PathSplit, SplitPath, UnprovedChoice
from cohortmgr.selection.choosing.rules import Contender, Prices

# The coarsest grid is taken that leaves nine tenths of the margin.
_GRIDS = (2, 20, 1_000, 1_000_000)
_LEFT = 0.9
# What a thousandth of a price costs that only a further split allows: without any such price; where nothing else will
# do, since marks alone do not part the two; and as may be, since the margin would be too narrow to be told.
_UNWANTED = (None, 10.0, 0.01)


@dataclass(frozen=True)
class PricedChoice:
    """Prices, and the splits that the leaf of the choice needs besides its own, so that they may have a price."""

    prices: Prices
    further: tuple[PathSplit, ...] = ()


def middle_prices(
    problem: CountProblem, contenders: Sequence[Contender], counts: Sequence[int], path: SplitPath
) -> PricedChoice:
    """The prices that tell each decision of a choice which the leaf at the end of `path` proves.

    Raises UnprovedChoice if none does, which would be a fault of this program."""
    cuts = [_cut(each, count, contenders) for each, count in zip(problem.types, counts, strict=True)]
    columns = _columns(problem, counts, path)
    extra = [
        PriceColumn(None, cut.groups, up=cut.last is not None, down=cut.first is not None) for cut in cuts
    ]
    for cost in _UNWANTED:
        every = columns if cost is None else [*columns, *extra]
        found = widest(cuts, every, [0.0] * len(columns) + [cost or 0.0] * (len(every) - len(columns)))
        told = None if found is None else _told(cuts, every, found)
        if told is not None:
            further = _further(cuts, counts, every[len(columns) :], told[len(columns) : -1])
            return PricedChoice(_prices(problem, contenders, every, told), further)
    raise UnprovedChoice("no prices tell each decision")


def _told(
    cuts: Sequence[CutMarks], columns: Sequence[PriceColumn], found: WidestPrices
) -> list[Fraction] | None:
    """Prices on the coarsest grid on which they tell each decision, and the threshold; None if there is none."""
    for grid in _GRIDS:
        told = _on_grid(cuts, columns, found, grid)
        if told is not None and _tells(cuts, columns, found, told):
            return told
    return None


def _cut(each: ContenderType, count: int, contenders: Sequence[Contender]) -> CutMarks:
    marks = [contenders[place].mark for place in each.members[max(0, count - 1) : count + 1]]
    last = marks[0] if count else None
    return CutMarks(each.groups, last, marks[-1] if count < len(each.members) else None)


def _columns(problem: CountProblem, counts: Sequence[int], path: SplitPath) -> list[PriceColumn]:
    """What may have a price: bounds and splits that the choice reaches."""
    activity = problem.activity(counts)
    held = {each.groups: count for each, count in zip(problem.types, counts, strict=True)}
    columns = [_of_bound(place, limit, activity[place]) for place, limit in enumerate(problem.limits)]
    for groups in sorted({split.groups for split in path}):
        reached = [split.above for split in path if (split.groups, split.limit) == (groups, held[groups])]
        columns.append(PriceColumn(None, groups, up=True in reached, down=False in reached))
    return [column for column in columns if column.up or column.down]


def _of_bound(place: int, limit: ReducedLimit, count: int) -> PriceColumn:
    soft = not limit.hard
    up = limit.at_least is not None and count <= limit.at_least
    down = limit.at_most is not None and count >= limit.at_most
    return PriceColumn(place, (), up, down, soft, soft and limit.missing(count) > 0)


def _on_grid(
    cuts: Sequence[CutMarks], columns: Sequence[PriceColumn], found: WidestPrices, grid: int
) -> list[Fraction] | None:
    """The price of each column and, last, the threshold, so that the sums of level sides are the threshold exactly."""
    priced = [place for place, price in enumerate(found.prices) if abs(price) > NOUGHT]
    equations = []
    for place, is_last in found.level:
        cut = cuts[place]
        coefficients = [int(columns[each].counts(cut.groups)) for each in priced]
        equations.append(((*coefficients, -1), -_mark(cut, is_last)))
    near = [*(found.prices[each] for each in priced), found.threshold]
    kept = kept_exactly(equations, near, grid)
    if kept is None:
        return None
    told = [Fraction(0)] * len(columns)
    for each, price in zip(priced, kept, strict=False):
        told[each] = price
    return [*told, kept[-1]]


def _mark(cut: CutMarks, is_last: bool) -> int:
    return (cut.last if is_last else cut.first) or 0


def _tells(
    cuts: Sequence[CutMarks], columns: Sequence[PriceColumn], found: WidestPrices, told: Sequence[Fraction]
) -> bool:
    """Whether signs hold, level sides equal the threshold, and all others keep most of the margin."""
    for column, price in zip(columns, told, strict=False):
        if price > 0 and not column.up or price < 0 and not column.down:
            return False
    scale = lcm(*(price.denominator for price in told))
    whole, level = [int(price * scale) for price in told], set(found.level)
    margin = max(1, int(found.margin * _LEFT * scale))
    for place, cut in enumerate(cuts):
        over = sum(price for column, price in zip(columns, whole, strict=False) if column.counts(cut.groups))
        for is_last, mark in ((True, cut.last), (False, cut.first)):
            if mark is None:
                continue
            distance = (mark * scale + over - whole[-1]) * (1 if is_last else -1)
            if distance != 0 if (place, is_last) in level else distance < margin:
                return False
    return True


def _prices(
    problem: CountProblem,
    contenders: Sequence[Contender],
    columns: Sequence[PriceColumn],
    told: Sequence[Fraction],
) -> Prices:
    """Prices in whole numbers, and whom they leave to ties or lots, best first."""
    scale = lcm(*(price.denominator for price in told))
    whole = [int(price * scale) for price in told]
    bounds = [0] * len(problem.limits)
    splits: dict[tuple[int, ...], int] = {}
    for column, price in zip(columns, whole, strict=False):
        if column.bound is not None:
            bounds[column.bound] = price
        elif price:
            splits[column.groups] = splits.get(column.groups, 0) + price
    by_lot: list[tuple[int, int]] = []
    for each in problem.types:
        asked = whole[-1] - sum(bounds[group] for group in each.groups) - splits.get(each.groups, 0)
        mark, left = divmod(asked, scale)
        if not left:
            weighed = zip(each.weights, each.members, strict=True)
            by_lot += [(-weight, place) for weight, place in weighed if contenders[place].mark == mark]
    names = tuple(contenders[place].reference for _weight, place in sorted(by_lot))
    return Prices(scale, tuple(bounds), whole[-1], splits, names)


def _further(
    cuts: Sequence[CutMarks], counts: Sequence[int], columns: Sequence[PriceColumn], told: Sequence[Fraction]
) -> tuple[PathSplit, ...]:
    """The splits that prices of whole types ask for: just as many as are in at most, or (helped) at least."""
    held = {cut.groups: count for cut, count in zip(cuts, counts, strict=True)}
    return tuple(
        PathSplit(column.groups, held[column.groups] - (price > 0), above=price > 0)
        for column, price in zip(columns, told, strict=True)
        if price
    )
