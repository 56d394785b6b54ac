"""States of positions, wishes and placements; completeness of wishes."""

from enum import StrEnum

import pytest

from cohortmgr.base.errors import Refused
from cohortmgr.placements.rules import (
    PLACEMENT_MEANINGS,
    PLACEMENT_TRANSITIONS,
    POSITION_MEANINGS,
    POSITION_TRANSITIONS,
    WISH_MEANINGS,
    WISH_TRANSITIONS,
    PlacementState,
    PositionState,
    WishState,
    check_wishes,
    require_move,
)


@pytest.mark.parametrize(
    ("states", "table", "meanings"),
    [
        (PositionState, POSITION_TRANSITIONS, POSITION_MEANINGS),
        (WishState, WISH_TRANSITIONS, WISH_MEANINGS),
        (PlacementState, PLACEMENT_TRANSITIONS, PLACEMENT_MEANINGS),
    ],
)
def test_every_state_has_its_row_and_its_meaning(states: type[StrEnum], table: dict, meanings: dict) -> None:
    assert set(table) == set(meanings) == set(states)
    assert {to for row in table.values() for to in row} <= set(states)


def test_a_placement_starts_only_once_confirmed() -> None:
    require_move(PLACEMENT_TRANSITIONS, PlacementState.CONFIRMED, PlacementState.STARTED)
    with pytest.raises(Refused):
        require_move(PLACEMENT_TRANSITIONS, PlacementState.PROPOSED, PlacementState.STARTED)


@pytest.mark.parametrize(
    ("wishes", "where"),
    [
        (["A", "B", "C"], []),
        (["A"], ["wishes"]),
        (["A", "B", "C", "D", "D"], ["wishes", "D"]),
        (["A", "B", "X"], ["X"]),
        (["A", "A", "B"], ["A"]),
    ],
)
def test_wishes_are_complete_known_and_different(wishes: list[str], where: list[str]) -> None:
    assert [problem.where for problem in check_wishes(wishes, {"A", "B", "C", "D"}, 3, 4)] == where


def test_all_of_a_few_choices_are_enough() -> None:
    assert check_wishes(["B", "A"], {"A", "B"}, 3, 4) == []
