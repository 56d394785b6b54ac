"""States of positions, wishes and placements; completeness of wishes."""

import pytest

from cohortmgr.base.errors import Refused
from cohortmgr.placements.rules import (
    PLACEMENT_STATES,
    PlacementState,
    check_scores,
    check_wishes,
    moved,
    why_unplaced,
)


def test_a_placement_starts_only_once_confirmed() -> None:
    PLACEMENT_STATES.move(PlacementState.CONFIRMED, PlacementState.STARTED)
    with pytest.raises(Refused):
        PLACEMENT_STATES.move(PlacementState.PROPOSED, PlacementState.STARTED)


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


def test_scores_are_read_as_they_are_typed() -> None:
    read, problems = check_scores({"a": " 12 ", "b": "", "c": "0", "d": "20"}, 0, 20)
    assert (read, problems) == ({"a": 12, "c": 0, "d": 20}, [])


@pytest.mark.parametrize("typed", ["21", "-1", "12,5", "12.5", "douze", "1e1", "٣", "99999999999999999999"])
def test_what_is_no_score_is_named_with_its_candidate(typed: str) -> None:
    read, problems = check_scores({"a": typed}, 0, 20)
    assert read == {}
    assert [problem.where for problem in problems] == ["a"]


def test_a_list_moves_one_step_and_stops_at_its_ends() -> None:
    assert moved(["a", "b", "c"], "up:b") == ["b", "a", "c"]
    assert moved(["a", "b", "c"], "down:b") == ["a", "c", "b"]
    for nowhere in ("up:a", "down:c", "up:z", "sideways:b", "", "up"):
        assert moved(["a", "b", "c"], nowhere) == ["a", "b", "c"]


def test_why_somebody_has_no_company() -> None:
    scores = {"x": {"a": 3}, "y": {}}
    assert why_unplaced([], scores, "a").what == "Aucun vœu remis."
    assert "note" in why_unplaced(["y"], scores, "a").what
    assert why_unplaced(["x", "y"], scores, "a").values == {"scored": 1, "wished": 2}
    assert "meilleures notes" in why_unplaced(["x"], scores, "a").what
