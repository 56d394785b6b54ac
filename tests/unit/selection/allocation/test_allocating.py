"""Allocations against everything that could have been, and what people may count on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohortmgr.selection.allocation.deferred import allocate
from cohortmgr.selection.allocation.rules import AllocationProblem, Applicant, Counting, SeatHolder
from cohortmgr.selection.choosing.rules import Bound
from tests.unit.selection.allocation import oracle
from tests.unit.selection.allocation.markets import attributes, market, nested, overlapping, person

SOFT = {"hard": False}


def _outcome(problem: AllocationProblem) -> dict[str, str | None]:
    given = allocate(problem).offering_of
    return {each.reference: given.get(each.reference) for each in problem.applicants}


def _people(*told: tuple[str, int, str, dict[str, str]]) -> tuple[Applicant, ...]:
    return tuple(
        Applicant(name, mark * 1000, (), lot, tuple(wishes), attributes)
        for lot, (name, mark, wishes, attributes) in enumerate(told)
    )


@pytest.mark.parametrize("first", range(0, 160, 20))
def test_the_outcome_is_the_best_stable_one_for_everybody(first: int) -> None:
    for seed in range(first, first + 20):
        problem = market(seed)
        choose, outcome = oracle.choosing(problem), _outcome(problem)
        stable = list(oracle.stable_outcomes(problem, choose))
        assert outcome in stable, seed
        for other in stable:
            for each in problem.applicants:
                mine, theirs = (oracle.place_of(each, found[each.reference]) for found in (outcome, other))
                assert mine <= theirs, (seed, each.reference)


def test_what_is_filled_and_missed_is_counted() -> None:
    for seed in range(60):
        problem = market(seed, people=7)
        found, outcome = allocate(problem), _outcome(problem)
        for offering in problem.seats:
            bounds = [bound for bound in problem.bounds if bound.offering == offering]
            there = [
                *(each.attributes for each in problem.applicants if outcome[each.reference] == offering),
                *(each.attributes for each in problem.taken if each.offering == offering),
            ]
            assert found.filled[offering] == len(there)
            assert found.shortfall[offering] == oracle.missed(bounds, there), seed
            assert (found.counting[offering] is Counting.EACH) == oracle.nests(bounds)


def _alone(
    chance: Random, shape: str, people: int
) -> tuple[list[Applicant], int, list[Bound], list[SeatHolder]]:
    """One offering: who asks for it, its seats, its bounds, who has a seat whatever their mark."""
    bounds = (nested if shape == "nested" else overlapping)(chance, "X")
    taken = [SeatHolder(f"T{n}", "X", attributes(chance)) for n in range(chance.choice((0, 0, 1, 2)))]
    asking = [person(chance, number, "X") for number in range(people)]
    return asking, chance.randint(0, 5), bounds, taken


def _chosen(people: list[Applicant], seats: int, bounds: list[Bound], taken: list[SeatHolder]) -> set[str]:
    problem = AllocationProblem(tuple(people), {"X": seats}, tuple(bounds), tuple(taken))
    return set(allocate(problem).offering_of)


@pytest.mark.parametrize("shape", ["nested", "overlapping"])
def test_an_offering_chooses_the_best_of_all_sets(shape: str) -> None:
    tried = 0
    for seed in range(150):
        people, seats, bounds, taken = _alone(Random(seed), shape, 7)
        if shape == "overlapping" and sum(bound.at_least or 0 for bound in bounds) > 4:
            continue
        tried += 1
        assert _chosen(people, seats, bounds, taken) == oracle.chosen(people, seats, bounds, taken), seed
    assert tried > 50


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**9), st.sampled_from(("nested", "overlapping")), st.integers(2, 14))
def test_whom_it_takes_from_more_it_takes_from_fewer_and_never_fewer_from_more(
    seed: int, shape: str, people: int
) -> None:
    chance = Random(seed)
    many, seats, bounds, taken = _alone(chance, shape, people)
    few = [each for each in many if chance.random() < 0.7]
    of_many, of_few = _chosen(many, seats, bounds, taken), _chosen(few, seats, bounds, taken)
    assert of_many & {each.reference for each in few} <= of_few
    assert len(of_few) <= len(of_many)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9))
def test_a_better_mark_never_gets_a_worse_offering(seed: int) -> None:
    chance, problem = Random(seed), market(seed, people=9)
    at = chance.randrange(len(problem.applicants))
    before = problem.applicants[at]
    better = replace(before, mark=before.mark + chance.choice((1, 500, 3000)))
    raised = replace(problem, applicants=(*problem.applicants[:at], better, *problem.applicants[at + 1 :]))
    got, gets = (_outcome(each)[before.reference] for each in (problem, raised))
    assert oracle.place_of(before, gets) <= oracle.place_of(before, got)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9))
def test_nobody_passes_a_better_one_with_the_same_attributes(seed: int) -> None:
    problem = market(seed, people=12, taken=False)
    alike = {each.reference: each.attributes for each in problem.applicants[:4]}
    same = problem.applicants[0].attributes
    people = tuple(
        replace(each, attributes=same) if each.reference in alike else each for each in problem.applicants
    )
    problem = replace(problem, applicants=people)
    outcome = _outcome(problem)
    for better in people[:4]:
        for other in people[:4]:
            given = outcome[other.reference]
            if better.priority < other.priority and given in better.wishes:
                mine = oracle.place_of(better, outcome[better.reference])
                assert mine <= oracle.place_of(better, given)


def _lies() -> Iterator[tuple[str, ...]]:
    for size in range(1, 4):
        yield from permutations("XYZ", size)


def test_nobody_gains_by_other_wishes_than_their_own() -> None:
    for seed in range(25):
        problem = market(seed, people=6)
        honest = _outcome(problem)
        for at, each in enumerate(problem.applicants):
            for lie in _lies():
                said = replace(each, wishes=lie)
                people = (*problem.applicants[:at], said, *problem.applicants[at + 1 :])
                got = _outcome(replace(problem, applicants=people))[each.reference]
                if got is None or got in each.wishes:
                    mine = oracle.place_of(each, honest[each.reference])
                    assert mine <= oracle.place_of(each, got), (seed, each.reference, lie)


def test_the_order_in_which_files_come_changes_nothing() -> None:
    for seed in range(40):
        problem = market(seed, people=10)
        turned = replace(problem, applicants=problem.applicants[::-1], bounds=problem.bounds[::-1])
        assert _outcome(turned) == _outcome(problem)


def test_a_seat_that_somebody_ranked_second_is_not_left_empty() -> None:
    people = _people(("A", 15, "XY", {}), ("B", 14, "XY", {}), ("C", 13, "X", {}))
    found = allocate(AllocationProblem(people, {"X": 1, "Y": 3}))
    assert found.offering_of == {"A": "X", "B": "Y"}
    assert found.filled == {"X": 1, "Y": 1} and set(found.shortfall.values()) == {0}


def test_a_soft_floor_comes_before_marks_and_lets_seats_be_filled_without_it() -> None:
    people = _people(("A", 15, "X", {"r": "N"}), ("B", 14, "X", {"r": "N"}), ("C", 9, "XY", {"r": "S"}))
    floor = Bound({"r": "S"}, at_least=2, offering="X", **SOFT)
    found = allocate(AllocationProblem(people, {"X": 2, "Y": 1}, (floor,)))
    assert found.offering_of == {"A": "X", "C": "X"} and found.shortfall == {"X": 1, "Y": 0}
    none = allocate(AllocationProblem(people[:2], {"X": 2, "Y": 1}, (floor,)))
    assert none.filled == {"X": 2, "Y": 0} and none.shortfall["X"] == 2


def test_a_hard_ceiling_leaves_seats_empty_and_a_soft_one_does_not() -> None:
    people = _people(*((name, 15, "X", {"r": "N"}) for name in "ABC"))
    for hard, filled, missed in ((True, 1, 0), (False, 3, 2)):
        ceiling = Bound({"r": "N"}, at_most=1, hard=hard, offering="X")
        found = allocate(AllocationProblem(people, {"X": 3}, (ceiling,)))
        assert (found.filled["X"], found.shortfall["X"]) == (filled, missed)


def test_who_meets_two_overlapping_floors_fills_one_of_them() -> None:
    both, woman, north = {"r": "N", "s": "F"}, {"r": "S", "s": "F"}, {"r": "N", "s": "M"}
    people = _people(
        ("A", 19, "X", {"r": "S", "s": "M"}),
        ("B", 12, "X", both),
        ("C", 11, "X", woman),
        ("D", 10, "X", north),
    )
    floors = tuple(Bound(where, at_least=1, offering="X", **SOFT) for where in ({"r": "N"}, {"s": "F"}))
    assert set(allocate(AllocationProblem(people, {"X": 2}, floors)).offering_of) == {"B", "C"}
    # Nested, she would count in both, and the second seat were the best one's.
    inner = (
        Bound({"r": "N"}, at_least=1, offering="X", **SOFT),
        Bound(both, at_least=1, offering="X", **SOFT),
    )
    assert set(allocate(AllocationProblem(people, {"X": 2}, inner)).offering_of) == {"A", "B"}


def test_no_seats_nobody_and_people_who_fill_all_whatever_their_mark() -> None:
    people = _people(("A", 15, "XY", {}), ("B", 14, "Y", {}))
    assert allocate(AllocationProblem(people, {"X": 0, "Y": 0})).offering_of == {}
    assert allocate(AllocationProblem((), {"X": 2})).filled == {"X": 0}
    taken = (SeatHolder("T", "X"), SeatHolder("U", "X"))
    found = allocate(AllocationProblem(people, {"X": 1, "Y": 1}, taken=taken))
    assert found.offering_of == {"A": "Y"} and found.filled == {"X": 2, "Y": 1}


def test_equal_marks_are_told_apart_by_ties_then_by_lots() -> None:
    people = (
        Applicant("A", 12_000, (1,), 5, ("X",)),
        Applicant("B", 12_000, (2,), 9, ("X",)),
        Applicant("C", 12_000, (1,), 4, ("X",)),
    )
    assert list(allocate(AllocationProblem(people, {"X": 2})).offering_of) == ["B", "C"]


@pytest.mark.parametrize(
    "problem",
    [
        AllocationProblem(_people(("A", 1, "XZ", {})), {"X": 1}),
        AllocationProblem(_people(("A", 1, "X", {}), ("A", 1, "X", {})), {"X": 1}),
        AllocationProblem(_people(("A", 1, "X", {})), {"X": 1}, taken=(SeatHolder("A", "X"),)),
        AllocationProblem((), {"X": -1}),
    ],
)
def test_what_is_no_problem_raises(problem: AllocationProblem) -> None:
    with pytest.raises(ValueError):
        allocate(problem)
