"""What a move by hand would change is who enters and who leaves when it is made, told before it is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohortmgr.selection.board import build
from cohortmgr.selection.bounded import HandMove
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.moves.effects import MoveEffect, effect_of, moved
from cohortmgr.selection.moves.rules import MoveDirection
from tests.unit.selection.test_bounded import RUBRIC, SOUTH, board_of, file_of, numbers

IN, OUT, MARK = MoveDirection


def test_who_is_given_a_seat_enters_and_the_last_one_in_leaves() -> None:
    board = board_of([5, 4, 3, 2, 1], set(), seats=2)
    assert effect_of(board, "C4", IN) == MoveEffect(("C4",), ("C1",))
    assert effect_of(board, "C0", OUT) == MoveEffect(("C2",), ("C0",))
    assert effect_of(board, "C0", IN) == effect_of(board, "C4", OUT) == MoveEffect()


def test_a_bound_decides_who_leaves() -> None:
    board = board_of([5, 4, 3, 2, 1], {3, 4}, SOUTH)
    assert effect_of(board, "C2", IN) == MoveEffect(("C2",), ("C0",))


def test_undoing_gives_back_what_the_mark_says() -> None:
    board = board_of([5, 4, 3], set(), seats=1, hand={"C2": HandMove(True, "Portfolio")})
    assert effect_of(board, "C2", MARK) == MoveEffect(("C0",), ("C2",))
    assert effect_of(board, "C2", OUT) == MoveEffect(("C0",), ("C2",))


def test_a_bound_that_could_not_hold_is_told_and_one_that_could_not_before_breaks_nothing() -> None:
    found = effect_of(board_of([5, 4, 3], {1, 2}, SOUTH), "C1", OUT)
    assert found.breaks and found.conflict and not found.enters + found.leaves
    already = effect_of(board_of([5, 4, 3], {1}, SOUTH), "C0", OUT)
    assert already.conflict and not already.breaks


def test_a_file_that_is_not_ranked_changes_nothing_and_it_is_said() -> None:
    assert effect_of(board_of([5, 4], set()), "C9", OUT) == MoveEffect(is_ranked=False)


def test_without_rules_there_is_nothing_to_move() -> None:
    board = build([file_of(0, 3)], RUBRIC, 1, 1, "seed")
    with pytest.raises(ValueError, match="sealed"):
        effect_of(board, "C0", OUT)


def test_what_is_kept_of_an_effect_is_read_back_the_same() -> None:
    for found in (
        effect_of(board_of([5, 4, 3], {1, 2}, SOUTH), "C1", OUT),
        effect_of(board_of([5, 4, 3], set(), seats=1), "C2", IN),
    ):
        assert MoveEffect.of_json(json.loads(json.dumps(found.as_json()))).as_json() == found.as_json()


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_the_board_after_the_move_is_that_which_was_foreseen(data: st.DataObject) -> None:
    marks = data.draw(st.lists(st.integers(0, 5), min_size=2, max_size=8))
    files = st.integers(0, len(marks) - 1)
    south = data.draw(st.sets(files))
    bound = Bound({"region": "south"}, data.draw(st.integers(1, 3)), hard=data.draw(st.booleans()))
    seats = data.draw(st.integers(1, 4))
    hand = {
        f"C{each}": HandMove(data.draw(st.booleans()), "x") for each in data.draw(st.sets(files, max_size=2))
    }
    right = dict.fromkeys((f"C{each}" for each in data.draw(st.sets(files, max_size=1))), "y")
    board = board_of(marks, south, bound, seats=seats, hand=hand, right=right)
    number, way = f"C{data.draw(files)}", data.draw(st.sampled_from(MoveDirection))
    found = effect_of(board, number, way)
    assert board.bounded is not None
    after = board_of(marks, south, bound, seats=seats, hand=moved(hand, number, way, "x"), right=right)
    assert after.bounded is not None
    if found.conflict:
        assert after.bounded.choice is None
        return
    before, then = set(numbers(board.cut.chosen)), set(numbers(after.cut.chosen))
    assert then == before - set(found.leaves) | set(found.enters)
    if after.bounded.choice is not None:
        assert (way is IN) <= (number in then) and (way is OUT) <= (number not in then)
