"""An offering ends with the same people in whatever order they came, and in the end misses as few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest

from cohortmgr.selection.allocation.deferred import allocate
from cohortmgr.selection.allocation.groups import GroupFamily, KindRegister, family_key
from cohortmgr.selection.allocation.nested import NestedSeats
from cohortmgr.selection.allocation.reserves import ReservedSeats
from cohortmgr.selection.allocation.rules import AllocationProblem, Applicant
from cohortmgr.selection.choosing.rules import Bound
from tests.unit.selection.allocation.markets import attributes, nested, overlapping

PEOPLE = 90


def _ended(
    made: type[NestedSeats] | type[ReservedSeats],
    seats: int,
    bounds: Sequence[Bound],
    taken: Sequence[dict[str, str]],
    come: Sequence[tuple[int, dict[str, str]]],
) -> tuple[list[int], int]:
    """Who holds a seat when all have come, and how many people are missed."""
    family = GroupFamily(family_key(bounds))
    offering = made(seats, family, bounds)
    kinds = KindRegister({name for bound in bounds for name in bound.where})
    for each in taken:
        offering.take(family.met(kinds.kind(each), each))
    turned = []
    for rank, told in come:
        out = offering.consider(rank, family.met(kinds.kind(told), told))
        turned += [] if out is None else [out]
    held = sorted(offering.holders())
    assert sorted([*held, *turned]) == list(range(len(come))), (
        "everybody holds a seat or was turned away once"
    )
    return held, offering.missed()


@pytest.mark.parametrize("shape", ["nested", "overlapping"])
def test_the_order_of_arrivals_changes_nothing(shape: str) -> None:
    for seed in range(40):
        chance = Random(seed)
        made, drawn = (NestedSeats, nested) if shape == "nested" else (ReservedSeats, overlapping)
        bounds = [
            replace(
                bound,
                at_least=None if bound.at_least is None else chance.randint(0, 12),
                at_most=None if bound.at_most is None else chance.randint(0, 20),
            )
            for bound in drawn(chance, "X", 5)
        ]
        taken = [attributes(chance) for _ in range(chance.choice((0, 3)))]
        best_first = list(enumerate(attributes(chance) for _ in range(PEOPLE)))
        seats, other = chance.randint(1, 40), list(best_first)
        ended = _ended(made, seats, bounds, taken, best_first)
        assert _ended(made, seats, bounds, taken, best_first[::-1]) == ended, seed
        for _ in range(3):
            chance.shuffle(other)
            assert _ended(made, seats, bounds, taken, other) == ended, seed


def test_thousands_of_arrivals_in_few_groups_are_forgotten() -> None:
    bounds = [Bound({"sex": sex}, at_least=5, hard=False, offering="X") for sex in "FM"]
    chance = Random(1)
    best_first = [(rank, {"sex": chance.choice("FM")}) for rank in range(2000)]
    other = best_first[::-1]
    ended = _ended(NestedSeats, 12, bounds, [], best_first)
    assert ended == _ended(NestedSeats, 12, bounds, [], other)
    chance.shuffle(other)
    assert ended == _ended(NestedSeats, 12, bounds, [], other)


@pytest.mark.parametrize("limits", [(2, 1), (1, 2)])
def test_of_two_hard_ceilings_over_a_group_the_lower_holds(limits: tuple[int, int]) -> None:
    people = tuple(Applicant(f"P{n}", 12_000, (), n, ("X",), {"r": "N"}) for n in range(5))
    bounds = tuple(Bound({"r": "N"}, at_most=limit, offering="X") for limit in limits)
    assert len(allocate(AllocationProblem(people, {"X": 4}, bounds)).offering_of) == 1
