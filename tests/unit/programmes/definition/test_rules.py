"""The values of a definition: scores, shifted dates, and what a form knows of itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.programmes.definition.rules import (
    INTAKE_STATES,
    Calendar,
    Criterion,
    Period,
    PeriodKind,
    Rubric,
    Window,
    window_of,
)
from cohortmgr.programmes.definition.toml import read_known

NAME = {"fr": "Nom", "ar": "اسم", "en": "Name"}


def rubric(*criteria: tuple[int, int, int]) -> Rubric:
    lines = tuple(Criterion(f"c{place}", NAME, *each) for place, each in enumerate(criteria))
    return Rubric(lines, readings=2, reading_target_minutes=6)


def test_a_total_is_the_weighted_mean_brought_to_20_in_thousandths() -> None:
    lines = rubric((8, 0, 5), (5, 0, 5), (5, 0, 5), (2, 0, 5))
    assert lines.total_thousandths({"c0": 4, "c1": 3, "c2": 5, "c3": 2}) == 15_200


def test_scales_of_different_lengths_weigh_what_their_weights_say() -> None:
    assert rubric((1, 0, 5), (1, 1, 3)).total_thousandths({"c0": 5, "c1": 2}) == 15_000


def test_a_tie_is_rounded_to_even() -> None:
    # 20 000 / 32 = 625 exactly, so 1/64 of the scale is 312.5 and 3/64 is 937.5.
    assert rubric((1, 0, 64)).total_thousandths({"c0": 1}) == 312
    assert rubric((1, 0, 64)).total_thousandths({"c0": 3}) == 938


def test_a_score_off_its_scale_or_missing_is_refused() -> None:
    with pytest.raises(ValueError, match="c0"):
        rubric((1, 0, 5)).total_thousandths({"c0": 6})
    with pytest.raises(KeyError):
        rubric((1, 0, 5)).total_thousandths({})


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 3), st.integers(4, 20)), min_size=1, max_size=6),
    st.data(),
)
def test_a_total_lies_between_0_and_20_and_grows_with_each_score(
    criteria: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    lines = rubric(*criteria)
    scores = {c.key: data.draw(st.integers(c.scale_min, c.scale_max)) for c in lines.criteria}
    total = lines.total_thousandths(scores)
    assert 0 <= total <= 20_000
    first = lines.criteria[0]
    if scores[first.key] < first.scale_max:
        assert lines.total_thousandths({**scores, first.key: scores[first.key] + 1}) >= total


def test_a_calendar_moves_as_one() -> None:
    period = Period("p", NAME, date(2025, 10, 1), date(2025, 10, 5), PeriodKind.TRAINING)
    moved = Calendar(date(2025, 9, 22), date(2026, 1, 5), (period,)).shifted(364)
    assert moved.starts_on == date(2026, 9, 21)
    assert moved.company_from == date(2027, 1, 4)
    assert moved.periods[0].starts_on == date(2026, 9, 30)
    assert moved.periods[0].ends_on == date(2026, 10, 4)


def test_an_intake_has_its_own_calendar_and_stipend_months() -> None:
    mdia = read_known("mdia")
    assert mdia.calendar_of("2025") == mdia.calendar
    assert mdia.calendar_of("2027").starts_on == date(2027, 9, 20)
    stipend = mdia.stipend_of("2027")
    assert stipend is not None
    assert stipend.starts_month == date(2028, 1, 1)


def test_what_is_looked_up_by_key_is_found_or_raises() -> None:
    mdia = read_known("mdia")
    assert mdia.form.question("sex").option("f").label["en"] == "Female"
    assert mdia.rubric.criterion("langues").weight == 2
    for look_up in (mdia.intake, mdia.form.question, mdia.rubric.criterion, mdia.form.question("sex").option):
        with pytest.raises(KeyError):
            look_up("absent")


def test_a_window_is_open_from_its_first_instant_to_just_before_its_last() -> None:
    opens, closes = datetime(2025, 6, 2, tzinfo=UTC), datetime(2025, 7, 15, tzinfo=UTC)
    instant = timedelta(microseconds=1)
    assert window_of(opens, closes, opens - instant) is Window.UPCOMING
    assert window_of(opens, closes, opens) is Window.OPEN
    assert window_of(opens, closes, closes - instant) is Window.OPEN
    assert window_of(opens, closes, closes) is Window.CLOSED
    assert [window_of(opens, closes, opens, free) for free in (1, 0)] == [Window.OPEN, Window.FULL]
    assert window_of(opens, closes, closes, 0) is Window.CLOSED


def test_every_state_of_an_intake_has_a_way_on() -> None:
    assert all(INTAKE_STATES.moves.values())
