"""A move by hand says a direction and a reason, gives what may be given, and goes through its states once."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest

from cohortmgr.base.errors import Refused
from cohortmgr.selection.moves.rules import (
    LONGEST_MOVE_REASON,
    MOVE_STATES,
    MoveDirection,
    MoveState,
    direction_said,
    require_reason,
    require_seat,
    require_sense,
)


def test_a_direction_is_one_of_three_words_and_nothing_near_them() -> None:
    assert [direction_said(each.value) for each in MoveDirection] == list(MoveDirection)
    for text in ("", "IN", " in", "in ", "give", "\x00"):
        with pytest.raises(Refused):
            direction_said(text)


@pytest.mark.parametrize(("length", "fits"), [(0, False), (1, True), (1_000, True), (1_001, False)])
def test_a_reason_has_one_to_a_thousand_characters(length: int, fits: bool) -> None:
    assert LONGEST_MOVE_REASON == 1_000
    with nullcontext() if fits else pytest.raises(Refused) as refused:  # type: ignore[attr-defined]
        require_reason("x" * length)
    if refused is not None:
        assert refused.value.problems[0].where == "reason"


@pytest.mark.parametrize(
    ("direction", "in_force", "eligible", "says"),
    [
        ("in", None, True, ""),
        ("in", "out", True, ""),
        ("in", "mark", True, ""),
        ("in", "in", True, "rien ne change"),
        ("in", None, False, "conditions"),
        ("in", None, None, "conditions"),
        ("out", None, None, ""),
        ("out", "in", False, ""),
        ("out", "out", True, "rien ne change"),
        ("mark", "in", True, ""),
        ("mark", "out", False, ""),
        ("mark", None, True, "la note décide déjà"),
        ("mark", "mark", True, "la note décide déjà"),
    ],
)
def test_a_move_changes_something_and_gives_seats_only_to_who_may_have_one(
    direction: str, in_force: str | None, eligible: bool | None, says: str
) -> None:
    expected: AbstractContextManager[Any] = pytest.raises(Refused, match=says) if says else nullcontext()
    with expected:
        require_sense(direction, in_force, eligible)


def test_the_last_seat_may_be_given_and_no_other() -> None:
    require_seat(1, 2)
    for held in (2, 3):
        with pytest.raises(Refused) as refused:
            require_seat(held, 2)
        assert refused.value.problems[0].values["people"].number == held


def test_only_what_waits_is_agreed_to_and_what_ended_stays_ended() -> None:
    assert MOVE_STATES.leading_to(MoveState.AGREED) == (MoveState.ASKED,)
    for state in (MoveState.TAKEN_BACK, MoveState.UNDONE):
        assert not MOVE_STATES.moves[state]
    with pytest.raises(Refused):
        MOVE_STATES.move(MoveState.AGREED, MoveState.TAKEN_BACK)
