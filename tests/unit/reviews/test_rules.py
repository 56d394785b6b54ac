"""States of a reading, bounds of scores, and the exact total."""

import pytest

from cohortmgr.base.errors import Refused
from cohortmgr.reviews.rules import (
    REVIEW_STATES,
    ReviewState,
    check_scores,
    mark_out_of_twenty,
)


def test_what_was_handed_in_changes_only_after_reopening() -> None:
    REVIEW_STATES.move(ReviewState.SUBMITTED, ReviewState.REOPENED)
    with pytest.raises(Refused):
        REVIEW_STATES.move(ReviewState.SUBMITTED, ReviewState.DRAFTED)
    with pytest.raises(Refused):
        REVIEW_STATES.move(ReviewState.ABSTAINED, ReviewState.SUBMITTED)


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


def test_one_criterion_out_of_twenty() -> None:
    assert mark_out_of_twenty(3, 1, 5) == 10_000
