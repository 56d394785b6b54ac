"""Choices against every other set, against an integer programme of persons, and what they promise to a candidate."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from cohortmgr.base.errors import Refused
from cohortmgr.selection.choosing.choice import choose
from cohortmgr.selection.choosing.rules import Bound, Choice, ChoiceProblem, Contender, Split
from tests.unit.selection.choosing.exactness import assert_proved, assert_told, by_trying, shortfall_of, worth
from tests.unit.selection.choosing.intakes import better, intake, small, two_rings


def _chosen(problem: ChoiceProblem, choice: Choice) -> list[Contender]:
    return [each for each in problem.contenders if each.reference in choice.chosen]


def _is_best(problem: ChoiceProblem) -> Choice | None:
    """Choose, and compare with every set; None where both find that hard bounds hold in none."""
    best = by_trying(problem)
    try:
        choice = choose(problem)
    except Refused:
        assert best is None
        return None
    assert best == worth(problem, _chosen(problem, choice))
    assert (choice.filled, choice.shortfall) == best[:2]
    assert_proved(problem, choice)
    assert_told(problem, choice)
    return choice


@pytest.mark.parametrize("seed", range(6))
def test_no_other_set_is_better(seed: int) -> None:
    chance = random.Random(seed)
    found = [_is_best(small(chance, cycle=False)) for _ in range(25)]
    assert any(found) and not all(found)


def test_no_other_set_is_better_where_seats_break() -> None:
    chance = random.Random(6)
    found = [_is_best(small(chance, cycle=True)) for _ in range(80)]
    assert any(choice and isinstance(choice.proof, Split) for choice in found)
    assert any(choice and choice.prices.splits for choice in found)
    assert any(choice and choice.prices.by_lot for choice in found)
    assert any(choice and choice.shortfall for choice in found)


@pytest.mark.parametrize("seed", range(100))
def test_marks_are_those_of_an_integer_programme_of_persons(seed: int) -> None:
    chance = random.Random(1_000 + seed)
    families = chance.choice([(), (4,), (4, 2), (5, 3, 2), (4, 2, 3, 3)])
    problem = intake(chance, 80, 14, families, soft=chance.choice([0.0, 0.5]), step=chance.choice([1, 1_000]))
    best = _by_programme(problem)
    if best is None:
        with pytest.raises(Refused):
            choose(problem)
        return
    choice = choose(problem)
    chosen = _chosen(problem, choice)
    found = (choice.filled, choice.shortfall, sum(each.mark for each in chosen))
    assert found == best
    assert_proved(problem, choice)
    assert_told(problem, choice)


def _by_programme(problem: ChoiceProblem) -> tuple[int, int, int] | None:
    """Seats filled, people missing and marks by one column a person and one for each soft bound's shortfall: first
    seats, then missing people, then marks, each held for the next."""
    people, bounds = len(problem.contenders), problem.bounds
    rows, low, high = [], [], []
    for place, bound in enumerate(bounds):
        members = [float(place in each.groups) for each in problem.contenders]
        for sign, limit in ((1, bound.at_least), (-1, bound.at_most)):
            if limit is not None:
                slack = [float(other == place and not bound.hard) for other in range(len(bounds))]
                rows.append([*(sign * each for each in members), *slack])
                low.append(sign * limit)
                high.append(np.inf)
    seats, missing = [1.0] * people + [0.0] * len(bounds), [0.0] * people + [1.0] * len(bounds)
    rows.append(seats)
    low.append(0)
    high.append(problem.seats)
    marks = [float(each.mark) for each in problem.contenders] + [0.0] * len(bounds)
    found: list[int] = []
    for aims, sign in ((seats, -1), (missing, 1), (marks, -1)):
        upper = [1.0] * people + [float(people)] * len(bounds)
        result = milp(
            sign * np.array(aims),
            integrality=np.ones(len(aims)),
            bounds=Bounds(0, upper),
            constraints=LinearConstraint(np.array(rows), np.array(low, float), np.array(high, float)),
            options={"mip_rel_gap": 0},
        )
        if result.status:
            return None
        found.append(sign * round(result.fun))
        rows.append(aims)
        low.append(found[-1])
        high.append(found[-1])
    return found[0], found[1], found[2]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4_000), st.data())
def test_a_better_mark_never_loses_a_seat(seed: int, by: int, data: st.DataObject) -> None:
    chance = random.Random(seed)
    problem = intake(chance, 40, 9, chance.choice([(3,), (3, 2), (3, 2, 2)]), soft=0.5, step=500)
    choice = _chosen_or_none(problem)
    if choice is None or not choice.chosen:
        return
    reference = data.draw(st.sampled_from(choice.chosen))
    assert reference in choose(better(problem, reference, by)).chosen


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_nobody_passes_a_better_one_of_their_type_and_each_sum_tells_the_decision(seed: int) -> None:
    chance = random.Random(seed)
    families = chance.choice([(), (3,), (3, 2), (4, 3, 2), (3, 2, 2, 2)])
    problem = intake(chance, 60, 12, families, soft=0.4, step=chance.choice([1, 1_000]))
    choice = _chosen_or_none(problem)
    if choice is None:
        return
    assert_told(problem, choice)
    last: dict[tuple[int, ...], bool] = {}
    for each in sorted(problem.contenders, key=lambda one: (-one.mark, [-tie for tie in one.ties], one.lot)):
        is_in = each.reference in choice.chosen
        assert last.get(each.groups, True) or not is_in
        last[each.groups] = is_in


@pytest.mark.parametrize("families", [(12, 2), (5, 4, 3, 2)])
def test_each_of_600_sums_tells_the_decision(families: tuple[int, ...]) -> None:
    problem = intake(random.Random(9), 600, 30, families, soft=0.3)
    choice = choose(problem)
    assert_told(problem, choice)
    assert choice.prices.by_lot == () and any(choice.prices.bounds)


def _chosen_or_none(problem: ChoiceProblem) -> Choice | None:
    try:
        return choose(problem)
    except Refused:
        return None


def test_the_order_of_contenders_changes_nothing() -> None:
    problem = intake(random.Random(3), 60, 12, (4, 2, 3), step=1_000)
    shuffled = list(problem.contenders)
    random.Random(1).shuffle(shuffled)
    assert choose(replace(problem, contenders=tuple(shuffled))) == choose(problem)


def _plain(
    marks: list[int], seats: int, bounds: tuple[Bound, ...] = (), groups: tuple[int, ...] = ()
) -> ChoiceProblem:
    contenders = tuple(Contender(f"C{place}", mark, (), place, groups) for place, mark in enumerate(marks))
    return ChoiceProblem(contenders, seats, bounds)


def test_nobody_and_no_seats() -> None:
    assert choose(ChoiceProblem((), 0)).chosen == ()
    empty = choose(ChoiceProblem((), 3, (Bound({"sex": "F"}, 2, hard=False),)))
    assert (empty.filled, empty.shortfall, empty.prices.threshold) == (0, 2, None)
    none = choose(_plain([5, 9], 0))
    assert (none.chosen, none.filled) == ((), 0)
    assert none.prices.threshold is not None and none.prices.threshold > 9 * none.prices.scale


def test_more_seats_than_files_is_no_fault() -> None:
    choice = choose(_plain([5, 9], 4))
    assert (choice.chosen, choice.filled) == (("C1", "C0"), 2)
    assert choice.fuller is None and choice.prices.threshold is None


def test_seats_that_a_ceiling_leaves_empty_are_proved_empty() -> None:
    problem = _plain([5, 9, 7], 3, (Bound({"sex": "F"}, at_most=1),), (0,))
    choice = choose(problem)
    assert (choice.chosen, choice.filled, choice.prices.threshold) == (("C1",), 1, None)
    assert_proved(problem, choice)


def test_seats_that_would_have_to_be_halved_are_proved_empty_by_a_split() -> None:
    problem = two_rings(1)
    choice = choose(problem)
    assert choice.filled == 2
    assert isinstance(choice.fuller, Split)
    assert_proved(problem, choice)


def test_hundreds_of_equal_marks_at_the_cut_are_told_as_lots() -> None:
    problem = _plain([12_000] * 400 + [13_000] * 10, 60)
    choice = choose(problem)
    assert choice.chosen == (
        *(f"C{place}" for place in range(400, 410)),
        *(f"C{place}" for place in range(50)),
    )
    assert len(choice.prices.by_lot) == 400
    assert choice.prices.threshold == 12_000 * choice.prices.scale


def test_the_threshold_lies_midway_and_is_nobodys_mark() -> None:
    choice = choose(_plain([12_000, 12_003, 11_000], 2))
    assert choice.prices.threshold == 11_500 * choice.prices.scale
    assert choice.prices.by_lot == ()


def test_a_floor_has_the_price_that_makes_its_last_in_as_good_as_the_threshold() -> None:
    bounds = (Bound({"region": "MA-08"}, at_least=1),)
    marks = [(12_000, ()), (11_000, ()), (10_000, (0,)), (9_000, (0,))]
    contenders = tuple(
        Contender(f"C{place}", mark, (), place, groups) for place, (mark, groups) in enumerate(marks)
    )
    problem = ChoiceProblem(contenders, 2, bounds)
    choice = choose(problem)
    assert choice.chosen == ("C0", "C2")
    # Midway between 12 and 11 without the price; with it between 10 and 9.
    assert (choice.prices.threshold, choice.prices.bounds) == (
        11_500 * choice.prices.scale,
        (2_000 * choice.prices.scale,),
    )


def test_those_taken_fill_seats_and_count_in_bounds() -> None:
    bounds = (Bound({"sex": "F"}, at_least=2), Bound({"sex": "M"}, at_most=1, hard=False))
    contenders = tuple(
        Contender(f"C{place}", 100 - place, (), place, (int(place < 3),)) for place in range(6)
    )
    problem = ChoiceProblem(contenders, 4, bounds, {"T0": (0,), "T1": (1,)})
    choice = choose(problem)
    assert choice.chosen == ("C3", "C4")
    assert (choice.filled, choice.shortfall) == (4, 0)
    assert_proved(problem, choice)
    assert shortfall_of(problem, _chosen(problem, choice), hard=False) == 0
