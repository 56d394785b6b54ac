"""The check of proofs refuses what does not prove, and weights, perturbation and rounding keep what they promise."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohortmgr.base.errors import Refused
from cohortmgr.selection.choosing import branching, choice, pricing, simplex
from cohortmgr.selection.choosing.branching import best_counts
from cohortmgr.selection.choosing.grouping import CountProblem, count_problem
from cohortmgr.selection.choosing.levelling import kept_exactly
from cohortmgr.selection.choosing.proving import UnprovedChoice, require_proved
from cohortmgr.selection.choosing.rules import Bound, Choice, ChoiceProblem, Contender, Leaf, Split
from cohortmgr.selection.choosing.simplex import DualSimplex, RowPrices, StalledExchanges
from cohortmgr.selection.choosing.weights import exact_weights, lot_places
from tests.unit.selection.choosing.exactness import assert_proved, assert_told, by_trying, weigh, worth
from tests.unit.selection.choosing.intakes import intake, small, two_rings


def _mutants(tree: Split | Leaf) -> Iterator[Split | Leaf]:
    """Trees in which one leaf claims a lower bound than its prices give."""
    if isinstance(tree, Split):
        yield from (replace(tree, below=each) for each in _mutants(tree.below))
        yield from (replace(tree, above=each) for each in _mutants(tree.above))
        return
    # A price of the seats that is far too low lets everyone weigh more than it.
    yield replace(tree, seats=tree.seats - 10**60)
    yield replace(tree, seats=tree.seats + 10**60)
    for place in range(len(tree.bounds)):
        for change in (-(10**60), 10**60):
            bounds = [price + change * (each == place) for each, price in enumerate(tree.bounds)]
            yield replace(tree, bounds=tuple(bounds))
    yield replace(tree, impossible=not tree.impossible)


@pytest.mark.parametrize(
    "problem", [intake(random.Random(5), 40, 9, (3, 2), soft=0.5), replace(two_rings(1), seats=2)]
)
def test_a_proof_with_other_prices_is_refused(problem: ChoiceProblem) -> None:
    counted = count_problem(problem, problem.seats)
    found = best_counts(counted)
    assert found.counts is not None
    objective = counted.objective(found.counts)
    require_proved(counted, found.proof, objective)
    for mutant in _mutants(found.proof):
        with pytest.raises(UnprovedChoice):
            require_proved(counted, mutant, objective)
    with pytest.raises(UnprovedChoice):
        require_proved(counted, found.proof, objective - 1)


def test_a_choice_whose_proof_fails_is_never_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = intake(random.Random(5), 40, 9, (3, 2))

    def wrong(counted: CountProblem) -> branching.CountedChoice:
        found = best_counts(counted)
        assert found.counts is not None
        counts = list(found.counts)
        # One of a type gives their seat to one of another that no bound tells from it, were there one: it is worse.
        giver = next(place for place, count in enumerate(counts) if count)
        taker = next(
            place
            for place, each in enumerate(counted.types)
            if place != giver and counts[place] < len(each.members)
        )
        counts[giver] -= 1
        counts[taker] += 1
        return branching.CountedChoice(counts, found.proof)

    monkeypatch.setattr(choice, "best_counts", wrong)
    with pytest.raises(UnprovedChoice):
        choice.choose(problem)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_weights_are_those_of_the_certificate(seed: int) -> None:
    problem = small(random.Random(seed), cycle=False)
    weights, cost = weigh(problem, problem.seats)
    found = exact_weights(problem.contenders, problem.seats)
    assert found.cost == cost
    assert found.values == tuple(weights[each.reference] for each in problem.contenders)


def test_of_equal_lots_the_lower_reference_is_first() -> None:
    contenders = [Contender(name, 0, (), lot) for name, lot in (("B", 7), ("A", 7), ("C", 1))]
    assert lot_places(contenders) == [0, 1, 2]


def test_exchanges_that_stall_are_begun_again_with_weights_told_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    solve, chance = DualSimplex.solve, random.Random(6)
    problems = [small(chance, cycle=True) for _ in range(80)]

    def stalling(state: DualSimplex, enough: int | None = None) -> RowPrices:
        if state._tableau.heaviest < 1 << 40:
            raise StalledExchanges
        return solve(state, enough)

    monkeypatch.setattr(DualSimplex, "solve", stalling)
    for problem in problems:
        best = by_trying(problem)
        if best is None or not problem.contenders or max(each.mark for each in problem.contenders) <= 0:
            continue
        found = choice.choose(problem)
        chosen = [each for each in problem.contenders if each.reference in found.chosen]
        assert worth(problem, chosen) == best
        assert_proved(problem, found)
        assert_told(problem, found)


def test_entries_beyond_64_bits_are_counted_in_integers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simplex, "_ROOM", 0)
    chance = random.Random(6)
    for problem in [small(chance, cycle=True) for _ in range(30)]:
        best = by_trying(problem)
        if best is not None:
            found = choice.choose(problem)
            chosen = [each for each in problem.contenders if each.reference in found.chosen]
            assert worth(problem, chosen) == best


def test_weights_beyond_floats_are_compared_in_integers() -> None:
    problem = intake(random.Random(5), 40, 9, (3, 2), soft=0.5, step=4_000)
    chance = random.Random(8)
    contenders = tuple(
        replace(each, ties=tuple(chance.randrange(20_000) for _ in range(60))) for each in problem.contenders
    )
    problem = replace(problem, contenders=contenders)
    with pytest.raises(OverflowError):
        float(exact_weights(contenders, 9).cost)
    found = choice.choose(problem)
    assert_proved(problem, found)
    assert_told(problem, found)


@pytest.mark.parametrize("cost", [10.0, 0.01])
def test_types_get_prices_where_bounds_alone_would_not_tell(
    monkeypatch: pytest.MonkeyPatch, cost: float
) -> None:
    monkeypatch.setattr(pricing, "_UNWANTED", (cost,))
    chance, priced = random.Random(6), 0
    for problem in [small(chance, cycle=True) for _ in range(80)]:
        if by_trying(problem) is None:
            continue
        found = choice.choose(problem)
        assert_proved(problem, found)
        assert_told(problem, found)
        _assert_split(problem, found)
        priced += len(found.prices.splits)
    assert priced


def _assert_split(problem: ChoiceProblem, found: Choice) -> None:
    """Fail if a type has a price of its own that no split above the result, just reached, allows."""
    counts = Counter(each.groups for each in problem.contenders if each.reference in found.chosen)
    tree, reached = found.proof, set()
    while isinstance(tree, Split):
        above = counts[tree.groups] > tree.most
        if counts[tree.groups] == tree.most + above:
            reached.add((tree.groups, above))
        tree = tree.above if above else tree.below
    assert all((groups, price > 0) in reached for groups, price in found.prices.splits.items() if price)


def test_too_many_splits_are_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(6)
    problems = [small(chance, cycle=True) for _ in range(80)]
    split = [
        problem for problem in problems if by_trying(problem) and _is_split(choice.choose(problem).proof)
    ]
    monkeypatch.setattr(branching, "MOST_NODES", 1)
    for problem in split:
        with pytest.raises(Refused, match="se croisent de trop de façons"):
            choice.choose(problem)
    assert split


def _is_split(tree: Split | Leaf) -> bool:
    return isinstance(tree, Split)


@given(
    st.lists(st.lists(st.integers(-1, 1), min_size=4, max_size=4), max_size=3),
    st.lists(st.integers(-40, 40), min_size=4, max_size=4),
)
def test_rounded_numbers_keep_equations(rows: list[list[int]], solution: list[int]) -> None:
    exact = [Fraction(each, 3) for each in solution]
    equations = [
        ([3 * each for each in row], int(3 * sum(a * b for a, b in zip(row, exact, strict=True))))
        for row in rows
    ]
    found = kept_exactly(equations, [float(each) for each in exact], 10)
    assert found is not None
    for row, total in equations:
        assert sum(a * b for a, b in zip(row, found, strict=True)) == total
    assert all(abs(each - near) < 1 for each, near in zip(found, exact, strict=True))


def test_equations_that_contradict_each_other_have_no_numbers() -> None:
    assert kept_exactly([([1, 1], 3), ([1, 1], 4)], [1.0, 2.0], 10) is None


def test_a_soft_bound_costs_no_more_than_one_missing_person() -> None:
    bounds = (Bound({"sex": "F"}, at_least=3, hard=False),)
    contenders = tuple(
        Contender(f"C{place}", 100 - place, (), place, (0,) * (place > 4)) for place in range(7)
    )
    problem = ChoiceProblem(contenders, 4, bounds)
    found = choice.choose(problem)
    assert found.shortfall == 1
    assert set(found.chosen) == {"C0", "C1", "C5", "C6"}
    assert_proved(problem, found)
    assert_told(problem, found)
