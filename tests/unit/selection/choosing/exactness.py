"""A second checker of proofs and prices, and a choice by trying every set: written from the certificate's words (format
6), person by person, and sharing no line with what it judges.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from cohortmgr.selection.choosing.rules import Bound, Choice, ChoiceProblem, Contender, Leaf, Split

Side = tuple[tuple[int, ...], int, bool]


def weigh(problem: ChoiceProblem, seats: int) -> tuple[dict[str, int], int]:
    """The weight of each contender and the cost of one missing person."""
    drawn = sorted(problem.contenders, key=lambda each: (each.lot, each.reference))
    place = {each.reference: len(drawn) - 1 - index for index, each in enumerate(drawn)}
    values = {each.reference: (each.mark, *each.ties, place[each.reference]) for each in drawn}
    if not values:
        return {}, 1
    columns = list(zip(*values.values(), strict=True))
    ranges = [max(column) - min(column) for column in columns]
    units = [0] * len(columns)
    for index in reversed(range(len(columns))):
        units[index] = 1 + sum(
            units[later] * seats * ranges[later] for later in range(index + 1, len(columns))
        )
    units[-1] = 1
    weights = {
        reference: sum(unit * value for unit, value in zip(units, parts, strict=True))
        for reference, parts in values.items()
    }
    return weights, 1 + sum(unit * seats * each for unit, each in zip(units, ranges, strict=True))


def taken_in(problem: ChoiceProblem, bound: int) -> int:
    """How many of those taken a bound counts."""
    return sum(bound in groups for groups in problem.taken.values())


def missing_in(bound: Bound, count: int) -> int:
    """People missing below a floor, or above a ceiling."""
    below = max(0, bound.at_least - count) if bound.at_least is not None else 0
    return below + (max(0, count - bound.at_most) if bound.at_most is not None else 0)


def shortfall_of(problem: ChoiceProblem, chosen: Sequence[Contender], *, hard: bool) -> int:
    """How many people bounds of a kind miss, those taken counted."""
    return sum(
        missing_in(bound, taken_in(problem, place) + sum(place in each.groups for each in chosen))
        for place, bound in enumerate(problem.bounds)
        if bound.hard == hard
    )


def by_trying(problem: ChoiceProblem) -> tuple[int, int, int, tuple[int, ...], int] | None:
    """Seats filled, shortfall, marks, ties and lots of the best set of all; None if hard bounds hold in none."""
    drawn = sorted(problem.contenders, key=lambda each: (each.lot, each.reference))
    place = {each.reference: len(drawn) - 1 - index for index, each in enumerate(drawn)}
    best = None
    for size in range(min(len(drawn), problem.seats - len(problem.taken)) + 1):
        for chosen in combinations(problem.contenders, size):
            if shortfall_of(problem, chosen, hard=True):
                continue
            found = (
                size + len(problem.taken),
                -shortfall_of(problem, chosen, hard=False),
                sum(each.mark for each in chosen),
                tuple(map(sum, zip(*(each.ties for each in chosen), strict=True))),
                sum(place[each.reference] for each in chosen),
            )
            best = found if best is None or found > best else best
    return None if best is None else (best[0], -best[1], *best[2:])


def worth(problem: ChoiceProblem, chosen: Sequence[Contender]) -> tuple[int, int, int, tuple[int, ...], int]:
    """The same of a set that was chosen."""
    drawn = sorted(problem.contenders, key=lambda each: (each.lot, each.reference))
    place = {each.reference: len(drawn) - 1 - index for index, each in enumerate(drawn)}
    return (
        len(chosen) + len(problem.taken),
        shortfall_of(problem, chosen, hard=False),
        sum(each.mark for each in chosen),
        tuple(map(sum, zip(*(each.ties for each in chosen), strict=True))),
        sum(place[each.reference] for each in chosen),
    )


def leaves_of(tree: Split | Leaf, path: tuple[Side, ...] = ()) -> Iterator[tuple[Leaf, tuple[Side, ...]]]:
    """Each leaf of a proof with the sides of splits above it."""
    if isinstance(tree, Leaf):
        yield tree, path
        return
    yield from leaves_of(tree.below, (*path, (tree.groups, tree.most, False)))
    yield from leaves_of(tree.above, (*path, (tree.groups, tree.most, True)))


def _value(
    problem: ChoiceProblem, leaf: Leaf, path: tuple[Side, ...], weights: dict[str, int], seats: int, most: int
) -> int:
    total = max(leaf.seats * seats, leaf.seats * most)
    for place, price in enumerate(leaf.bounds):
        bound, taken = problem.bounds[place], taken_in(problem, place)
        if price > 0:
            assert bound.at_most is not None
            total += price * (bound.at_most - taken)
        if price < 0:
            assert bound.at_least is not None
            total += price * (bound.at_least - taken)
    for price, (_groups, most, above) in zip(leaf.splits, path, strict=True):
        assert price <= 0 if above else price >= 0
        total += price * (most + 1 if above else most)
    for each in problem.contenders:
        rest = 0 if leaf.impossible else weights[each.reference] * leaf.scale
        rest -= leaf.seats + sum(leaf.bounds[group] for group in each.groups)
        rest -= sum(price for price, side in zip(leaf.splits, path, strict=True) if side[0] == each.groups)
        total += max(0, rest)
    return total


def assert_proved(problem: ChoiceProblem, choice: Choice) -> None:
    """Fail unless each leaf shows that no set of as many is worth more, and that no more seats can be filled."""
    seats = choice.filled - len(problem.taken)
    weights, cost = weigh(problem, seats)
    chosen = [each for each in problem.contenders if each.reference in set(choice.chosen)]
    assert len(chosen) == len(choice.chosen) == seats
    assert shortfall_of(problem, chosen, hard=True) == 0
    assert shortfall_of(problem, chosen, hard=False) == choice.shortfall
    mine = 0
    for place, bound in enumerate(problem.bounds):
        if not bound.hard:
            taken = taken_in(problem, place)
            floor = None if bound.at_least is None or bound.at_least <= taken else bound.at_least - taken
            ceiling = None if bound.at_most is None else bound.at_most - taken
            mine += missing_in(Bound({}, floor, ceiling), sum(place in each.groups for each in chosen))
    objective = sum(weights[each.reference] for each in chosen) - cost * mine
    for leaf, path in leaves_of(choice.proof):
        soft = [
            abs(price) for price, bound in zip(leaf.bounds, problem.bounds, strict=True) if not bound.hard
        ]
        assert all(price <= (0 if leaf.impossible else cost * leaf.scale) for price in soft)
        assert leaf.scale >= 1
        value = _value(problem, leaf, path, weights, seats, seats)
        assert value < 0 if leaf.impossible else value <= objective * leaf.scale + leaf.scale - 1
    if choice.filled == min(problem.seats, len(problem.contenders) + len(problem.taken)):
        assert choice.fuller is None
        return
    assert choice.fuller is not None
    most = min(problem.seats - len(problem.taken), len(problem.contenders))
    for leaf, path in leaves_of(choice.fuller):
        assert leaf.impossible
        assert not any(
            price for price, bound in zip(leaf.bounds, problem.bounds, strict=True) if not bound.hard
        )
        assert _value(problem, leaf, path, weights, seats + 1, most) < 0


def assert_told(problem: ChoiceProblem, choice: Choice) -> None:
    """Fail unless one sum tells each decision, or equals the threshold and is left to ties or lots."""
    prices = choice.prices
    if choice.filled < problem.seats:
        assert prices.threshold is None
        return
    assert prices.threshold is not None
    for each in problem.contenders:
        total = each.mark * prices.scale + sum(prices.bounds[group] for group in each.groups)
        total += prices.splits.get(each.groups, 0)
        if each.reference in prices.by_lot:
            assert total == prices.threshold
        else:
            assert total != prices.threshold
            assert (total > prices.threshold) == (each.reference in choice.chosen)
    chosen = [each for each in problem.contenders if each.reference in choice.chosen]
    for place, (bound, price) in enumerate(zip(problem.bounds, prices.bounds, strict=True)):
        count = taken_in(problem, place) + sum(place in each.groups for each in chosen)
        assert price <= 0 or bound.at_least is not None and count <= bound.at_least
        assert price >= 0 or bound.at_most is not None and count >= bound.at_most
