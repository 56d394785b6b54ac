"""When two readings of a file lie too far apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.reviews.discussion.rules import gap_of, is_too_wide


@pytest.mark.parametrize(
    ("totals", "gap"), [((), 0), ((12_000,), 0), ((12_000, 9_500), 2_500), ((1, 20_000, 7), 19_999)]
)
def test_a_gap_is_that_of_the_two_that_lie_furthest_apart(totals: tuple[int, ...], gap: int) -> None:
    assert gap_of(totals) == gap


def test_the_limit_itself_is_not_too_wide() -> None:
    assert not is_too_wide([10_000, 14_000], 4)
    assert is_too_wide([10_000, 14_001], 4)
    assert not is_too_wide([10_000], 0)


@given(st.lists(st.integers(0, 20_000), max_size=6), st.integers(0, 20))
def test_the_order_of_readings_says_nothing(totals: list[int], points: int) -> None:
    turned = sorted(totals)
    assert is_too_wide(totals, points) == is_too_wide(turned, points)
    assert not is_too_wide(totals, 20)
