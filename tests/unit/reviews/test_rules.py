"""States of a reading, bounds of scores, and the exact total."""

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.base.errors import Refused
from cohortmgr.reviews.rules import (
    MEANINGS,
    TRANSITIONS,
    ReviewState,
    check_scores,
    mark_out_of_twenty,
    needs_third_reading,
    require_move,
    weighted_total,
)


def test_every_state_has_its_row_and_its_meaning() -> None:
    assert set(TRANSITIONS) == set(MEANINGS) == set(ReviewState)


def test_what_was_handed_in_changes_only_after_reopening() -> None:
    require_move(ReviewState.SUBMITTED, ReviewState.REOPENED)
    with pytest.raises(Refused):
        require_move(ReviewState.SUBMITTED, ReviewState.DRAFTED)
    with pytest.raises(Refused):
        require_move(ReviewState.ABSTAINED, ReviewState.SUBMITTED)


def test_scores_are_held_to_their_bounds() -> None:
    bounds = {"level": (0, 20), "project": (1, 5)}
    assert check_scores({"level": 20, "project": 1}, bounds) == []
    found = check_scores({"level": 21, "other": 3}, bounds)
    assert {(p.where, p.values.get("high")) for p in found} == {
        ("level", 20),
        ("project", None),
        ("other", None),
    }
    assert check_scores({"level": None}, bounds, complete=False) == []


def test_a_total_is_brought_to_twenty() -> None:
    weights = {"a": 3, "b": 1}
    assert weighted_total({"a": 5, "b": 1}, weights, 1, 5) == 15_000
    assert weighted_total({"a": 1, "b": 1}, weights, 1, 5) == 0
    assert weighted_total({"a": 13, "b": Decimal("12.5")}, weights, 0, 20) == 12_875


def test_a_half_goes_to_the_even_thousandth() -> None:
    # 20 000 / 32 = 625 ; of a scale of 64 000: 3 / 64 000 of 20 000 = 0.9375, 8 / 64 000 = 2.5, 24 = 7.5
    assert [weighted_total({"a": s}, {"a": 1}, 0, 64_000) for s in (3, 8, 24)] == [1, 2, 8]


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9)), min_size=1, max_size=6))
def test_a_total_is_that_of_decimals(pairs: list[tuple[int, int]]) -> None:
    scores = {str(index): score for index, (score, _) in enumerate(pairs)}
    weights = {str(index): weight for index, (_, weight) in enumerate(pairs)}
    exact = Decimal(sum(s * w for s, w in pairs)) * 1000 / sum(w for _, w in pairs)
    assert weighted_total(scores, weights, 0, 20) == int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def test_what_makes_no_total_is_an_error() -> None:
    for scores, weights, high in (({"a": 1}, {"b": 1}, 5), ({"a": 1}, {"a": 0}, 5), ({"a": 1}, {"a": 1}, 0)):
        with pytest.raises(ValueError, match=r"weights|scale"):
            weighted_total(scores, weights, 0, high)


def test_a_wide_gap_asks_for_a_third_reading() -> None:
    assert needs_third_reading((12_000, 16_001), 4_000)
    assert not needs_third_reading((12_000, 16_000), 4_000)
    assert not needs_third_reading((12_000,), 4_000)
    assert not needs_third_reading((2_000, 16_000, 9_000), 4_000)


def test_one_criterion_out_of_twenty() -> None:
    assert mark_out_of_twenty(3, 1, 5) == 10_000
