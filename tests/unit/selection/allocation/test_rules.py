"""Which bounds of an offering an allocation takes, and what it says of the others."""

from __future__ import annotations

from random import Random

import pytest

from cohortmgr.base.errors import Refused
from cohortmgr.programmes.definition.bounds.checking import overlap
from cohortmgr.selection.allocation.deferred import allocate
from cohortmgr.selection.allocation.rules import (
    AllocationProblem,
    Counting,
    bounds_by_offering,
    counting_of,
    misplaced,
)
from cohortmgr.selection.choosing.rules import Bound
from tests.unit.selection.allocation import markets, oracle

NORTH, SOUTH, WOMEN = {"region": "N"}, {"region": "S"}, {"sex": "F"}


def _floor(where: dict[str, str], offering: str = "X", *, hard: bool = False) -> Bound:
    return Bound(where, at_least=1, hard=hard, offering=offering)


def _ceiling(where: dict[str, str], offering: str = "X", *, hard: bool = True) -> Bound:
    return Bound(where, at_most=1, hard=hard, offering=offering)


@pytest.mark.parametrize(
    "bounds",
    [
        [_floor(NORTH), _floor(SOUTH), _ceiling(NORTH), _ceiling(SOUTH, hard=False)],
        [_floor(NORTH | WOMEN), _ceiling(NORTH), _floor(NORTH), _floor(SOUTH | WOMEN)],
        [_floor(NORTH), _floor(WOMEN), _floor({"field": "x"})],
        [_floor(NORTH), _ceiling(WOMEN, "Y")],
    ],
)
def test_nested_groups_and_overlapping_soft_floors_are_taken(bounds: list[Bound]) -> None:
    assert list(misplaced(bounds, {"X": 1, "Y": 1})) == []


@pytest.mark.parametrize(
    ("bounds", "where", "words"),
    [
        ([_floor(NORTH), _floor(NORTH, hard=True)], ["bound[2]"], "hard = false"),
        ([_floor(NORTH, "")], ["bound[1]"], "ne nomme aucune offre"),
        ([_ceiling(NORTH, "Z")], ["bound[1]"], "L’offre « Z » n’a pas de places"),
        ([_floor(NORTH), _ceiling(WOMEN)], ["bound[2]"], "« region = N » et « sex = F » se recoupent"),
        ([_ceiling(WOMEN, hard=False), _floor(NORTH)], ["bound[1]"], "se recoupent"),
        ([_floor(NORTH), _floor(WOMEN), _ceiling({"region": "S", "sex": "M"})], ["bound[3]"], "se recoupent"),
        (
            [_ceiling(NORTH | WOMEN), _ceiling(WOMEN | {"field": "x"})],
            ["bound[1]", "bound[2]"],
            "tous les attributs",
        ),
    ],
)
def test_other_bounds_are_refused_with_the_reason(bounds: list[Bound], where: list[str], words: str) -> None:
    with pytest.raises(Refused) as caught:
        bounds_by_offering(AllocationProblem((), {"X": 1, "Y": 1}, tuple(bounds)))
    assert [problem.where for problem in caught.value.problems] == where
    assert all(words in str(problem) for problem in caught.value.problems)
    with pytest.raises(Refused):
        allocate(AllocationProblem((), {"X": 1, "Y": 1}, tuple(bounds)))


def test_all_that_is_wrong_with_a_bound_is_told_at_once() -> None:
    both = Bound(NORTH, at_least=1, at_most=2, offering="X")
    found = list(misplaced([_floor(WOMEN), both, _floor(NORTH, "", hard=True)], {"X": 1}))
    assert [problem.where for problem in found] == ["bound[2]", "bound[2]", "bound[3]", "bound[3]"]
    assert len({problem.what for problem in found}) == 3


def test_groups_overlap_by_what_they_name_and_not_by_who_applies() -> None:
    assert overlap(NORTH, WOMEN) and overlap(NORTH | WOMEN, WOMEN | {"field": "x"})
    assert not overlap(NORTH, SOUTH) and not overlap(NORTH, NORTH)
    assert not overlap(NORTH, NORTH | WOMEN) and not overlap(NORTH | WOMEN, SOUTH | WOMEN)
    for seed in range(60):
        chance = Random(seed)
        bounds = [*markets.nested(chance, "X"), *(markets.overlapping(chance, "X") if seed % 2 else ())]
        counted = counting_of(bounds).get("X", Counting.EACH)
        assert (counted is Counting.EACH) == oracle.nests(bounds), seed
