"""Certificates of small choices for tests, and a second judgement of them: by trying every set of people, and by
adding up each person's part of a proof, one after the other, with fractions. It imports nothing of the verifier."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from math import lcm
from typing import Any

import numpy as np
from scipy.optimize import linprog

from cohortmgr.selection.choosing.rules import Bound, Choice, ChoiceProblem, Leaf, Prices, Split

SEED = "01INTAKE"


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """The same content under its own digest."""
    said = {key: value for key, value in content.items() if key != "sha256"}
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return {**said, "sha256": hashlib.sha256(text.encode()).hexdigest()}


# Making a choice by brute force, and its proof and prices by small linear programmes


def weights_of(contenders: Sequence[tuple[int, tuple[int, ...], int]], seats: int) -> tuple[list[int], int]:
    """(weights, cost of a missing person) of contenders given as mark, ties, lot."""
    order = sorted(range(len(contenders)), key=lambda each: -contenders[each][2])
    lots = {each: place for place, each in enumerate(order)}
    parts = [[mark, *ties, lots[place]] for place, (mark, ties, _lot) in enumerate(contenders)]
    if not parts:
        return [], 1
    ranges = [max(column) - min(column) for column in zip(*parts, strict=True)]
    units = [0] * len(ranges)
    for place in reversed(range(len(ranges))):
        later = range(place + 1, len(ranges))
        units[place] = 1 + sum(units[each] * seats * ranges[each] for each in later)
    units[-1] = 1
    cost = 1 + sum(unit * seats * each for unit, each in zip(units, ranges, strict=True))
    return [sum(unit * value for unit, value in zip(units, part, strict=True)) for part in parts], cost


def missing(bounds: Sequence[Bound], counts: Sequence[int], *, hard: bool) -> int:
    """How many people bounds of a kind miss."""
    return sum(
        max(0, (each.at_least or 0) - count)
        + (max(0, count - each.at_most) if each.at_most is not None else 0)
        for each, count in zip(bounds, counts, strict=True)
        if each.hard is hard
    )


def counts_of(bounds: Sequence[Bound], groups: Sequence[Sequence[int]]) -> list[int]:
    """How many of these people each bound counts."""
    return [sum(place in each for each in groups) for place in range(len(bounds))]


def best_by_force(problem: ChoiceProblem) -> tuple[int, ...] | None:
    """The best set of contenders (places), by trying all: most seats, least shortfall, marks, ties, lots."""
    people, taken = problem.contenders, list(problem.taken.values())
    order = sorted(range(len(people)), key=lambda each: -people[each].lot)
    lots = {each: place for place, each in enumerate(order)}
    found: tuple[Any, tuple[int, ...]] | None = None
    for size in range(min(len(people), problem.seats - len(taken)), -1, -1):
        for chosen in combinations(range(len(people)), size):
            counts = counts_of(problem.bounds, [*taken, *(people[each].groups for each in chosen)])
            if missing(problem.bounds, counts, hard=True):
                continue
            sums = [sum(people[each].mark for each in chosen)]
            ties = len(people[0].ties) if people else 0
            sums += [sum(people[each].ties[tie] for each in chosen) for tie in range(ties)]
            key = (-missing(problem.bounds, counts, hard=False), *sums, sum(lots[each] for each in chosen))
            if found is None or key > found[0]:
                found = key, chosen
        if found is not None:
            return found[1]
    return None


Step = tuple[tuple[int, ...], int, bool]


class Prover:
    """Finds the leaves of a proof by small linear programmes with slack columns, made exact by near fractions."""

    def __init__(self, problem: ChoiceProblem, chosen: Sequence[int]) -> None:
        self.problem, self.bounds = problem, problem.bounds
        self.groups = [each.groups for each in problem.contenders]
        taken = counts_of(problem.bounds, list(problem.taken.values()))
        self.low = [None if each.at_least is None else max(0, each.at_least - more)
                    for each, more in zip(self.bounds, taken, strict=True)]  # fmt: skip
        self.high = [None if each.at_most is None else each.at_most - more
                     for each, more in zip(self.bounds, taken, strict=True)]  # fmt: skip
        self.seats = len(chosen)
        stated = [(each.mark, each.ties, each.lot) for each in problem.contenders]
        self.weights, self.cost = weights_of(stated, self.seats)
        counts = counts_of(self.bounds, [*problem.taken.values(), *(self.groups[each] for each in chosen)])
        self.shortfall = missing(self.bounds, counts, hard=False)
        self.objective = sum(self.weights[each] for each in chosen) - self.cost * self.shortfall

    def tree(self, seats: int, path: tuple[Step, ...] = (), *, fuller: bool = False) -> Split | Leaf:
        """The proof below a path of splits."""
        for impossible in (True,) if fuller else (False, True):
            leaf, shares = self.leaf(seats, path, impossible)
            if leaf is not None and proves(self, leaf, path, seats):
                return leaf
            if shares is None:
                continue
            by_type: dict[tuple[int, ...], float] = {}
            for groups, share in zip(self.groups, shares, strict=True):
                by_type[groups] = by_type.get(groups, 0.0) + share
            broken = [
                (groups, count) for groups, count in by_type.items() if abs(count - round(count)) > 1e-6
            ]
            if broken:
                return self.split(seats, path, *broken[0], fuller=fuller)
        raise AssertionError("no proof")

    def split(
        self, seats: int, path: tuple[Step, ...], groups: tuple[int, ...], count: float, *, fuller: bool
    ) -> Split:
        most = int(count)
        sides = [self.tree(seats, (*path, (groups, most, above)), fuller=fuller) for above in (False, True)]
        return Split(groups, most, *sides)

    def leaf(
        self, seats: int, path: tuple[Step, ...], impossible: bool
    ) -> tuple[Leaf | None, Sequence[float] | None]:
        """A leaf's prices, and the shares that the programme gives each person."""
        n, rows, limits, slack = len(self.groups), [], [], []
        for place, each in enumerate(self.bounds):
            of = [float(place in groups) for groups in self.groups]
            for limit, sign in ((self.high[place], 1), (self.low[place], -1)):
                if limit is not None:
                    rows.append([sign * value for value in of])
                    limits.append(sign * limit)
                    slack.append(1.0 if impossible else 0.0 if each.hard else float(self.cost))
        for groups, most, above in path:
            sign = -1 if above else 1
            rows.append([sign * float(groups == each) for each in self.groups])
            limits.append(sign * (most + above))
            slack.append(1.0 if impossible else 0.0)
        free = [place for place, each in enumerate(slack) if each]
        wide = np.zeros((len(rows), n + len(free)))
        for place, row in enumerate(rows):
            wide[place, :n] = row
            if place in free:
                wide[place, n + free.index(place)] = -1
        cost = [0.0 if impossible else -float(each) for each in self.weights] + [
            slack[place] for place in free
        ]
        if impossible:
            cost = [0.0] * n + [0.0 if self._is_soft(place) else 1.0 for place in free]
        equal = np.array([[1.0] * n + [0.0] * len(free)])
        ends = [(0, 1)] * n + [(0, None)] * len(free)
        solved = linprog(
            cost, wide if rows else None, limits if rows else None, equal, [seats], ends, method="highs-ds"
        )
        if solved.status != 0:
            return None, None
        near = (
            [Fraction(-float(each)).limit_denominator(24) for each in solved.ineqlin.marginals]
            if rows
            else []
        )
        return self._stated(near, -solved.eqlin.marginals[0], path, impossible), solved.x[:n]

    def _is_soft(self, place: int) -> bool:
        kinds = [
            each.hard for each in self.bounds for limit in (each.at_most, each.at_least) if limit is not None
        ]
        return place < len(kinds) and not kinds[place]

    def _stated(self, near: list[Fraction], seats: float, path: tuple[Step, ...], impossible: bool) -> Leaf:
        price = Fraction(float(seats)).limit_denominator(24)
        scale = lcm(price.denominator, *(each.denominator for each in near))
        left = [int(each * scale) for each in near]
        bounds = []
        for place in range(len(self.bounds)):
            high = left.pop(0) if self.high[place] is not None else 0
            low = left.pop(0) if self.low[place] is not None else 0
            bounds.append(high - low)
        splits = tuple(-each if step[2] else each for each, step in zip(left, path, strict=True))
        return Leaf(scale, tuple(bounds), int(price * scale), splits, impossible)


def proves(prover: Prover, leaf: Leaf, path: Sequence[Step], seats: int) -> bool:
    """Whether a leaf proves what it has to, person by person."""
    value = exact_value(
        leaf, path, [(each, weight) for each, weight in zip(prover.groups, prover.weights, strict=True)],
        list(zip(prover.low, prover.high, [each.hard for each in prover.bounds], strict=True)), seats, prover.cost,
    )  # fmt: skip
    if value is None:
        return False
    return value < 0 if leaf.impossible else value // 1 <= prover.objective


def exact_value(
    leaf: Leaf,
    path: Sequence[Step],
    people: Sequence[tuple[tuple[int, ...], int]],
    limits: Sequence[tuple[int | None, int | None, bool]],
    seats: int,
    cost: int,
) -> Fraction | None:
    """The bound of a leaf in units of a weight; None where a price says nothing."""
    per = [Fraction(each, leaf.scale) for each in leaf.bounds]
    value = Fraction(leaf.seats, leaf.scale) * seats
    for price, (low, high, hard) in zip(per, limits, strict=True):
        limit = high if price > 0 else low
        if price and (limit is None or (not hard and (leaf.impossible or abs(price) > cost))):
            return None
        value += price * (limit or 0)
    for price, (_groups, most, above) in zip(leaf.splits, path, strict=True):
        if price and (price < 0) != above:
            return None
        value += Fraction(price, leaf.scale) * (most + 1 if above else most)
    for groups, weight in people:
        own = Fraction(0 if leaf.impossible else weight) - Fraction(leaf.seats, leaf.scale)
        own -= sum((per[place] for place in groups), Fraction(0))
        own -= sum(
            (
                Fraction(price, leaf.scale)
                for price, step in zip(leaf.splits, path, strict=True)
                if step[0] == groups
            ),
            Fraction(0),
        )
        value += max(own, Fraction(0))
    return value


def prices_of(problem: ChoiceProblem, chosen: Sequence[int], proof: Split | Leaf, filled: int) -> Prices:
    """Prices in whole thousandths' fractions that tell each decision, with the widest margin."""
    bounds = problem.bounds
    if filled < problem.seats:
        return Prices(1, (0,) * len(bounds), None)
    people = problem.contenders
    counts = counts_of(bounds, [*problem.taken.values(), *(people[each].groups for each in chosen)])
    ends: list[tuple[float | None, float | None]] = []
    for bound, count in zip(bounds, counts, strict=True):
        up = bound.at_least is not None and count <= bound.at_least
        down = bound.at_most is not None and count >= bound.at_most
        ends.append((None if down else 0, None if up else 0))
    types: dict[tuple[int, ...], tuple[float | None, float | None]] = {}
    node = proof
    while isinstance(node, Split):
        many = sum(people[each].groups == node.groups for each in chosen)
        low, high = types.get(node.groups, (0, 0))
        types[node.groups] = (None if many == node.most else low, None if many == node.most + 1 else high)
        node = node.below if many <= node.most else node.above
    names = list(types)
    rows, limits = [], []
    for place, person in enumerate(people):
        row = [float(each in person.groups) for each in range(len(bounds))]
        row += [float(person.groups == each) for each in names] + [-1.0]
        if place in chosen:
            rows.append([-value for value in row] + [1.0])
            limits.append(float(person.mark))
        else:
            rows.append([*row, 1.0])
            limits.append(-float(person.mark))
    solved = linprog(
        [0.0] * (len(bounds) + len(names) + 1) + [-1.0], rows or None, limits or None,
        bounds=[*ends, *types.values(), (None, None), (0, 5000)], method="highs-ds",
    )  # fmt: skip
    assert solved.status == 0, "no prices tell the decisions"
    near = [Fraction(float(each)).limit_denominator(24) for each in solved.x[:-1]]
    scale = lcm(*(each.denominator for each in near))
    whole = [int(each * scale) for each in near]
    own = dict(zip(names, whole[len(bounds) : -1], strict=True))
    drawn = tuple(
        each.reference
        for each in people
        if each.mark * scale + sum(whole[place] for place in each.groups) + own.get(each.groups, 0)
        == whole[-1]
    )
    return Prices(scale, tuple(whole[: len(bounds)]), whole[-1], {k: v for k, v in own.items() if v}, drawn)


def choose_by_force(problem: ChoiceProblem) -> Choice | None:
    """A choice with its proof and prices; None where hard bounds contradict."""
    chosen = best_by_force(problem)
    if chosen is None:
        return None
    prover, filled = Prover(problem, chosen), len(chosen) + len(problem.taken)
    most = min(problem.seats - len(problem.taken), len(problem.contenders))
    proof = prover.tree(len(chosen))
    fuller = prover.tree(len(chosen) + 1, fuller=True) if len(chosen) < most else None
    names = tuple(problem.contenders[each].reference for each in chosen)
    prices = prices_of(problem, chosen, proof, filled)
    return Choice(names, filled, prover.shortfall, proof, prices, fuller)
