"""Random intakes for choices: bounds over families of groups, bounds that cross, rings that break seats in halves."""

from __future__ import annotations

import random
from dataclasses import replace

from cohortmgr.selection.choosing.rules import Bound, ChoiceProblem, Contender


def intake(
    chance: random.Random,
    files: int,
    seats: int,
    families: tuple[int, ...],
    *,
    soft: float = 0.0,
    step: int = 1,
) -> ChoiceProblem:
    """Files of each of some families' groups, with a floor and a ceiling about each group's share. Marks are whole
    `step`s of a thousandth."""
    bounds: list[Bound] = []
    groups: list[list[int]] = [[] for _ in range(files)]
    for family, size in enumerate(families):
        first = len(bounds)
        for value in range(size):
            low = int(seats / size * chance.uniform(0.5, 1.02))
            high = max(low, int(seats / size * chance.uniform(1.0, 1.5)) + 1)
            where = {f"family{family}": f"group{value}"}
            bounds.append(Bound(where, low or None, high, hard=chance.random() >= soft))
        for of_file in groups:
            of_file.append(first + chance.randrange(size))
    contenders = tuple(
        Contender(
            f"C{place:06}",
            step * round(chance.gauss(12_000, 2_000) / step),
            (chance.randrange(20_000),),
            chance.getrandbits(256),
            tuple(of_file),
        )
        for place, of_file in enumerate(groups)
    )
    return ChoiceProblem(contenders, seats, tuple(bounds))


def small(chance: random.Random, *, cycle: bool) -> ChoiceProblem:
    """Few files under bounds that cross at will, or (`cycle`) an odd ring in which each file counts in two neighbours'
    bounds, so that divisible seats break."""
    size = chance.choice([3, 3, 5]) if cycle else chance.randrange(6)
    limits = (
        ([None, None, 1, 1, 3], [None, 1, 1, 1, 3, 3])
        if cycle
        else ([None, None, 0, 1, 2, 3], [None, None, 0, 1, 2, 3])
    )
    bounds = []
    for place in range(size):
        low, high = (chance.choice(each) for each in limits)
        if low is not None and high is not None and low > high:
            low = None
        bounds.append(Bound({"group": str(place)}, low, high, hard=chance.random() < (0.8 if cycle else 0.5)))
    ring = [(), *(tuple(sorted({place, (place + 1) % size})) for place in range(size))]
    crossing = [tuple(each for each in range(size) if chance.random() < 0.5) for _ in range(6)]
    kinds = ring if cycle else crossing
    ties, range_of_ties = chance.randrange(3), chance.choice([1, 2, 30])
    marks = chance.choice([1, 3, 8, 20])
    contenders = tuple(
        Contender(
            f"C{place:02}",
            chance.randrange(-1, marks),
            tuple(chance.randrange(range_of_ties) for _ in range(ties)),
            chance.randrange(40),
            chance.choice(kinds),
        )
        for place in range(chance.randrange(5, 12) if cycle else chance.randrange(10))
    )
    taken = {f"T{place}": chance.choice(kinds) for place in range(chance.choice([0, 0, 1, 2]))}
    return ChoiceProblem(contenders, len(taken) + chance.randrange(8), tuple(bounds), taken)


def two_rings(ceiling: int, *, floor: int | None = None) -> ChoiceProblem:
    """Two rings of three, of each of which whole seats fill one less than divisible ones: three seats in halves, two
    whole."""
    bounds = tuple(Bound({"group": str(place)}, floor, ceiling) for place in range(6))
    pairs = [(0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5)]
    contenders = tuple(
        Contender(f"C{place}{copy}", 10 + place, (), 10 * place + copy, pair)
        for place, pair in enumerate(pairs)
        for copy in range(2)
    )
    return ChoiceProblem(contenders, 3, bounds)


def better(problem: ChoiceProblem, reference: str, by: int) -> ChoiceProblem:
    """The same with one mark better."""
    contenders = tuple(
        replace(each, mark=each.mark + by) if each.reference == reference else each
        for each in problem.contenders
    )
    return replace(problem, contenders=contenders)
