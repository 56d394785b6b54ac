"""States of a reading, bounds of scores, and the exact total."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.base.errors import Refused
from cohortmgr.programmes.definition.rules import Criterion, Rubric, RubricPhase
from cohortmgr.reviews.rules import (
    REVIEW_STATES,
    ReviewState,
    check_scores,
    nearest,
    remade_criteria,
    rubric_mark,
    total_thousandths,
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
    titles = {"level": {"fr": "Niveau"}, "project": {"fr": "Projet"}}
    missing = check_scores({}, bounds, titles=titles)
    assert [p.values for p in missing] == [{"criterion": titles["level"]}, {"criterion": titles["project"]}]


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**4))
def test_the_nearest_whole_number_is_that_of_fractions_halves_to_even(over: int, under: int) -> None:
    assert nearest(over, under) == round(Fraction(over, under))
    assert [nearest(half, 2) for half in (-3, -1, 1, 3, 5)] == [-2, 0, 0, 2, 2]


NAME = {"fr": "Nom", "ar": "اسم", "en": "Name"}


def rubric(*criteria: tuple[int, int, int]) -> Rubric:
    lines = tuple(Criterion(f"c{place}", NAME, *each) for place, each in enumerate(criteria))
    return Rubric((RubricPhase("dossiers", lines, readings=2),), reading_target_minutes=6)


def test_a_total_is_the_weighted_mean_brought_to_20_in_thousandths() -> None:
    lines = rubric((8, 0, 5), (5, 0, 5), (5, 0, 5), (2, 0, 5))
    assert total_thousandths(lines, {"c0": 4, "c1": 3, "c2": 5, "c3": 2}) == 15_200


def test_scales_of_different_lengths_weigh_what_their_weights_say() -> None:
    assert total_thousandths(rubric((1, 0, 5), (1, 1, 3)), {"c0": 5, "c1": 2}) == 15_000


def test_a_tie_is_rounded_to_even() -> None:
    # 20 000 / 32 = 625 exactly, so 1/64 of the scale is 312.5 and 3/64 is 937.5.
    assert total_thousandths(rubric((1, 0, 64)), {"c0": 1}) == 312
    assert total_thousandths(rubric((1, 0, 64)), {"c0": 3}) == 938


def test_a_score_off_its_scale_or_missing_is_refused() -> None:
    with pytest.raises(ValueError, match="c0"):
        total_thousandths(rubric((1, 0, 5)), {"c0": 6})
    with pytest.raises(KeyError):
        total_thousandths(rubric((1, 0, 5)), {})


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 3), st.integers(4, 20)), min_size=1, max_size=6),
    st.data(),
)
def test_a_total_lies_between_0_and_20_and_grows_with_each_score(
    criteria: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    lines = rubric(*criteria)
    scores = {c.key: data.draw(st.integers(c.scale_min, c.scale_max)) for c in lines.criteria}
    total = total_thousandths(lines, scores)
    assert 0 <= total <= 20_000
    first = lines.criteria[0]
    if scores[first.key] < first.scale_max:
        assert total_thousandths(lines, {**scores, first.key: scores[first.key] + 1}) >= total


def test_a_rubric_is_told_from_another_by_what_a_mark_says_in_it() -> None:
    said = {"fr": "Bien", "ar": "جيد", "en": "Good"}
    one = Criterion("level", said, 1, 0, 5, anchors={0: said, 5: said})
    phase = RubricPhase("files", (one, replace(one, key="other")))
    mark = rubric_mark(phase)
    assert mark.isalpha(), "no spreadsheet makes a number of it"
    assert rubric_mark(replace(phase, readings=7, criteria=tuple(phase.criteria))) == mark
    changes = ({"key": "b"}, {"scale_min": 1}, {"scale_max": 20}, {"weight": 2}, {"anchors": {0: said}})
    others = {
        rubric_mark(replace(phase, criteria=(replace(one, **each), phase.criteria[1]))) for each in changes
    }
    assert len(others) == len(changes) and mark not in others
    remade = [
        remade_criteria(phase, replace(phase, criteria=(replace(one, **each), phase.criteria[1])))
        for each in changes
    ]
    assert [bool(each) for each in remade] == [True, True, True, False, True], "a weight changes no mark"
    assert set().union(*remade) == {"level"} and remade_criteria(phase, phase) == frozenset()
