"""A reader's day: undoing, what stays on record, and the pace."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.programmes.definition.rubric import Criterion, Rubric, RubricPhase
from cohortmgr.reviews.reading.rules import (
    UNDONE_WITHIN,
    earlier_of,
    given_of,
    may_undo,
    pace_of,
    spread_of,
    taken_draft,
)
from cohortmgr.reviews.rules import ReadingChange, ReviewState, as_earlier

NOW = datetime(2026, 6, 1, 10, tzinfo=UTC)


def test_a_hand_in_is_undone_for_ten_minutes_and_never_once_marks_were_seen() -> None:
    at = NOW - UNDONE_WITHIN
    assert may_undo("submitted", at + timedelta(seconds=1), False, NOW)
    assert not may_undo("submitted", at, False, NOW)
    assert not may_undo("submitted", NOW, True, NOW)
    assert not may_undo("submitted", None, False, NOW)
    others = [state for state in ReviewState if state != ReviewState.SUBMITTED]
    assert not any(may_undo(state, NOW, False, NOW) for state in others)


@pytest.mark.parametrize("why", ReadingChange)
@pytest.mark.parametrize("at", [NOW, None])
def test_what_a_reading_said_is_kept_and_read_again(why: ReadingChange, at: datetime | None) -> None:
    (read,) = earlier_of([as_earlier({"level": 3}, 12_000, "Bien.", at, why, "Erreur.")])
    assert (read.scores, read.total, read.comment, read.at) == ({"level": 3}, 12_000, "Bien.", at)
    assert (read.why, read.reason) == (why, "Erreur.")


def test_given_criteria_are_those_of_the_rubric_with_a_mark() -> None:
    assert given_of({"a": 0, "b": None, "gone": 3}, ["a", "b", "c"]) == 1


def every(minutes: list[int]) -> list[datetime]:
    moments = [NOW]
    for each in minutes:
        moments.append(moments[-1] + timedelta(minutes=each))
    return moments


def test_a_pace_is_that_of_the_reading_and_not_of_the_pauses() -> None:
    pace = pace_of(every([6, 6, 600, 6, 5, 44]), left=10)
    assert pace is not None and (pace.tenths_an_hour, pace.minutes_left) == (100, 60)


def test_of_too_few_or_all_at_once_no_pace_is_told() -> None:
    assert pace_of([], 5) is None
    assert pace_of(every([6, 6]), 5) is None
    assert pace_of(every([90, 90, 90, 90]), 5) is None
    assert pace_of([NOW] * 9, 5) is None  # imported from a sheet


@given(st.lists(st.integers(1, 44), min_size=3, max_size=60), st.integers(0, 500))
def test_a_pace_is_finite_and_more_files_take_longer(minutes: list[int], left: int) -> None:
    pace, longer = pace_of(every(minutes), left), pace_of(every(minutes), left + 60)
    assert pace is not None and longer is not None
    assert pace.tenths_an_hour > 0 and pace.minutes_left < longer.minutes_left


def test_the_spread_has_each_point_between_the_least_and_the_greatest() -> None:
    assert spread_of([]) == ()
    assert spread_of([9_999, 12_000, 12_400]) == ((9, 1), (10, 0), (11, 0), (12, 2))


def test_a_draft_that_was_taken_back_is_its_readers_again_as_long_as_the_rubric_asks_for_it() -> None:
    criterion = Criterion("level", {"fr": "Niveau"}, 1, 0, 5)
    rubric = Rubric((RubricPhase("files", (criterion,)),))
    undone = as_earlier({"level": 1}, 4_000, "", None, ReadingChange.UNDONE)
    taken = as_earlier({"level": 3}, None, "Bien.", None, ReadingChange.RECALLED, "Absente", to_discuss=True)
    kept, left = taken_draft([undone, taken], rubric, "files")
    assert kept is not None and (kept.scores, kept.comment, kept.to_discuss) == ({"level": 3}, "Bien.", True)
    assert left == [undone]
    assert taken_draft([taken, undone], rubric, "files") == (None, [taken, undone]), "something came after"
    assert taken_draft([], rubric, "files") == (None, [])
    assert taken_draft([taken], rubric, "gone") == (None, [taken])
    narrower = Rubric((RubricPhase("files", (replace(criterion, scale_max=2),)),))
    assert taken_draft([taken], narrower, "files") == (None, [taken]), (
        "on another scale it says something else"
    )
    at = datetime(2027, 5, 3, 9, tzinfo=UTC)
    handed_in = as_earlier({"level": 3}, 12_000, "", at, ReadingChange.RECALLED)
    kept, left = taken_draft([handed_in], rubric, "files")
    assert kept is not None and left == [handed_in], "what counted once stays on record"
