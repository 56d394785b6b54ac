"""When two readings of a file lie too far apart, and for whom a discussion is open."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.reviews.discussion.rules import is_in_gap, is_open
from cohortmgr.reviews.rules import ReviewState

NOW = datetime(2025, 7, 1, tzinfo=UTC)


def test_the_limit_itself_is_not_too_wide() -> None:
    assert not is_in_gap(10_000, [10_000, 14_000], 4)
    assert is_in_gap(10_000, [10_000, 14_001], 4)
    assert not is_in_gap(10_000, [10_000], 0)


def test_a_third_reading_near_both_others_is_no_part_of_their_gap() -> None:
    totals = [5_000, 9_000, 13_000]
    assert [is_in_gap(each, totals, 4) for each in totals] == [True, False, True]


@given(st.lists(st.integers(0, 20_000), max_size=6), st.integers(0, 20))
def test_somebody_is_in_a_gap_if_the_furthest_two_are_and_never_alone(totals: list[int], points: int) -> None:
    inside = [each for each in totals if is_in_gap(each, totals, points)]
    wide = bool(totals) and max(totals) - min(totals) > points * 1000
    assert bool(inside) == wide and len(inside) != 1
    assert not wide or {min(totals), max(totals)} <= set(inside)


@pytest.mark.parametrize("state", list(ReviewState))
def test_a_discussion_waits_for_who_has_handed_in_and_said_nothing_since(state: ReviewState) -> None:
    assert is_open(state, NOW, None) is (state is ReviewState.SUBMITTED)
    assert not is_open(state, None, None) and not is_open(state, NOW, NOW)
