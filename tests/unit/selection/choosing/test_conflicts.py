"""What is refused, and in which words: bounds that no choice keeps, and a problem that is ill stated."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from cohortmgr.base.errors import Refused, as_json, from_json
from cohortmgr.selection.choosing.choice import choose
from cohortmgr.selection.choosing.rules import Bound, ChoiceProblem, Contender
from tests.unit.selection.choosing.exactness import by_trying
from tests.unit.selection.choosing.intakes import small, two_rings


def _problem(groups: Sequence[tuple[int, ...]], seats: int, *bounds: Bound, taken: int = 0) -> ChoiceProblem:
    contenders = tuple(Contender(f"C{place}", place, (), place, each) for place, each in enumerate(groups))
    return ChoiceProblem(contenders, seats, bounds, {f"T{place}": (0,) for place in range(taken)})


def _refused(problem: ChoiceProblem) -> list[str]:
    with pytest.raises(Refused) as caught:
        choose(problem)
    assert all(from_json(as_json(each)) == each for each in caught.value.problems)
    return [str(each) for each in caught.value.problems]


def test_too_few_of_a_group_are_told_with_their_number() -> None:
    problem = _problem(
        [(0,), (0,), ()], 3, Bound({"region": "MA-08"}, at_least=4), Bound({"sex": "F"}, at_most=2)
    )
    assert _refused(problem) == ["Au moins 4 de MA-08 : on ne peut y retenir que 2 dossiers."]


def test_an_attribute_that_nobody_has_is_too_few() -> None:
    problem = _problem([(), ()], 1, Bound({"region": "MA-99", "sex": "F"}, at_least=1))
    assert _refused(problem) == ["Au moins 1 de MA-99, F : on ne peut y retenir que 0 dossier."]


def test_those_taken_above_a_ceiling_are_told() -> None:
    problem = _problem([(), ()], 3, Bound({"region": "MA-08"}, at_most=1), taken=2)
    assert _refused(problem) == ["Au plus 1 de MA-08 : une place y est déjà donnée à 2 personnes."]


def test_floors_that_ask_for_more_than_the_seats_are_told_with_them() -> None:
    bounds = [Bound({"region": name}, at_least=2) for name in ("A", "B", "C")]
    problem = _problem([(0,)] * 3 + [(1,)] * 3 + [(2,)] * 3, 3, *bounds)
    said = _refused(problem)
    assert said[-1] == "Il n’y a que 3 places en tout : les bornes citées en demandent davantage."
    assert len(said) == 3  # two floors of the three, and the seats


def test_only_bounds_that_contradict_each_other_are_told() -> None:
    bounds = [
        Bound({"sex": "F"}, at_most=3),
        Bound({"region": "A"}, at_least=2),
        Bound({"track": "X"}, at_most=1),
    ]
    problem = _problem([(1, 2)] * 4 + [(0,)] * 4, 5, *bounds)
    assert _refused(problem) == [
        "Au moins 2 de A : cela contredit les autres bornes citées.",
        "Au plus 1 de X : cela contredit les autres bornes citées.",
    ]


def test_bounds_that_only_halved_seats_would_keep_are_told() -> None:
    said = _refused(replace(two_rings(1, floor=1), seats=6))
    assert len(said) == 6  # both limits of each bound of one ring


def test_no_bound_of_a_told_set_could_be_left_out() -> None:
    chance, tried = random.Random(2), 0
    while tried < 12:
        problem = small(chance, cycle=chance.random() < 0.5)
        try:
            choose(problem)
        except Refused as refusal:
            told = [each for each in refusal.problems if "contredit" in each.what]
            if not told:
                continue
            tried += 1
            places = [(each.values["bound"], "Au moins" in each.what) for each in told]
            assert by_trying(_only(problem, places)) is None
            for left_out in places:
                assert by_trying(_only(problem, [each for each in places if each != left_out])) is not None


def _only(problem: ChoiceProblem, sides: list[tuple[object, bool]]) -> ChoiceProblem:
    """The problem with these sides of bounds alone."""
    bounds = tuple(
        Bound(
            bound.where,
            bound.at_least if (place, True) in sides else None,
            bound.at_most if (place, False) in sides else None,
        )
        for place, bound in enumerate(problem.bounds)
    )
    return replace(problem, bounds=bounds)


def test_what_is_ill_stated_is_told_at_once() -> None:
    twice = Contender("C0", 1, (), 1)
    problem = ChoiceProblem((twice, twice), 1, (Bound({"sex": "F"}, 3, 2),), {"T0": (), "T1": ()})
    assert _refused(problem) == [
        "seats: Une place est donnée, par droit ou à la main, à 2 personnes, mais il n’y a que 1 place.",
        "Au moins 3 et au plus 2 de F : le plancher dépasse le plafond.",
        "C0: Le dossier C0 vient deux fois.",
    ]
    assert _refused(ChoiceProblem((), -1)) == ["seats: Le nombre de places ne peut pas être négatif."]


@pytest.mark.parametrize("groups", [(1,), (0, 0), (-1,)])
def test_groups_that_are_no_bounds_are_a_fault_of_the_caller(groups: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="groups"):
        choose(ChoiceProblem((Contender("C0", 1, (), 1, groups),), 1, (Bound({"sex": "F"}),)))


def test_ties_of_different_number_are_a_fault_of_the_caller() -> None:
    with pytest.raises(ValueError, match="ties"):
        choose(ChoiceProblem((Contender("C0", 1, (1,), 1), Contender("C1", 1, (), 1)), 1))
