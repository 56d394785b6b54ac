"""From a waiting list people are called so that bounds still hold, and soft ones miss the fewest."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.selection.calling import next_called


def bound(at_least: int | None = None, at_most: int | None = None, *, hard: bool = True) -> dict[str, Any]:
    return {"at_least": at_least, "at_most": at_most, "hard": hard}


def test_without_bounds_the_first_are_called() -> None:
    assert next_called([(), (), ()], [], [], 2) == [0, 1]


def test_who_would_pass_a_hard_ceiling_is_passed_over_and_a_seat_may_stay_empty() -> None:
    held = [(0,), (0,), ()]
    assert next_called([(0,), (), (0,)], held, [bound(at_most=2)], 2) == [1]


def test_the_seats_that_a_hard_floor_needs_are_kept_for_its_group() -> None:
    assert next_called([(), (), (0,)], [(0,), ()], [bound(at_least=2)], 1) == [2]
    assert next_called([(), (), (0,)], [(0,), ()], [bound(at_least=2)], 2) == [0, 2]
    assert next_called([(), ()], [()], [bound(at_least=1)], 1) == [], "nobody of the group waits"


def test_a_soft_floor_calls_its_group_first_until_it_is_met() -> None:
    assert next_called([(), (0,), (0,)], [(0,)], [bound(at_least=2, hard=False)], 2) == [1, 0]
    assert next_called([(0,), ()], [(0,)], [bound(at_most=1, hard=False)], 1) == [1]


@given(
    st.lists(st.sampled_from([(), (0,), (1,), (0, 1)]), max_size=8),
    st.lists(st.sampled_from([(), (0,), (1,), (0, 1)]), max_size=4),
    st.integers(0, 4),
    st.integers(0, 4),
)
def test_no_hard_ceiling_is_ever_passed(waiting: Any, held: Any, most: int, free: int) -> None:
    bounds = [bound(at_most=most), bound(at_least=1, hard=False)]
    called = next_called(waiting, held, bounds, free)
    assert len(called) == len(set(called)) <= free
    before = sum(0 in groups for groups in held)
    after = before + sum(0 in waiting[place] for place in called)
    assert after <= max(most, before)
