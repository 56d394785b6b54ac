"""A day's slots lie within its hours, outside of its breaks, and side by side."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.reviews.interviews.timetable import A_DAY, DaySpan, slots_of

MINUTES = st.integers(0, A_DAY)


@st.composite
def spans(draw: st.DrawFn) -> DaySpan:
    begins, ends = sorted((draw(MINUTES), draw(MINUTES)))
    return DaySpan(begins, ends)


def test_a_morning_with_a_break() -> None:
    hours, pause = DaySpan(9 * 60, 12 * 60), DaySpan(10 * 60, 10 * 60 + 15)
    found = slots_of(hours, 30, [pause])
    assert [(each.begins, each.ends) for each in found] == [
        (540, 570), (570, 600), (615, 645), (645, 675), (675, 705),
    ]  # fmt: skip


def test_no_slot_passes_midnight_and_none_lasts_nothing() -> None:
    assert slots_of(DaySpan(23 * 60, 26 * 60), 40) == (DaySpan(1380, 1420),)
    assert slots_of(DaySpan(600, 620), 30) == ()
    with pytest.raises(ValueError, match="no slot"):
        slots_of(DaySpan(0, A_DAY), 0)


@given(spans(), st.integers(1, 300), st.lists(spans(), max_size=4))
def test_slots_never_overlap_lie_within_the_hours_and_leave_the_breaks_free(
    hours: DaySpan, length: int, breaks: list[DaySpan]
) -> None:
    found = slots_of(hours, length, breaks)
    assert all(each.ends - each.begins == length for each in found)
    assert all(hours.begins <= each.begins and each.ends <= hours.ends for each in found)
    assert all(one.ends <= other.begins for one, other in zip(found, found[1:], strict=False))
    pauses = [each for each in breaks if each.begins < each.ends]
    assert not any(pause.meets(each) for pause in pauses for each in found)


@given(spans(), st.integers(1, 300), st.lists(spans(), max_size=4))
def test_slots_and_breaks_together_last_no_longer_than_the_day(
    hours: DaySpan, length: int, breaks: list[DaySpan]
) -> None:
    free = set(range(hours.begins, hours.ends))
    for pause in breaks:
        free -= set(range(pause.begins, pause.ends))
    found = slots_of(hours, length, breaks)
    assert length * len(found) <= len(free)
    # None is left out: where as many minutes are free in a row after the last slot, there is one more.
    after = found[-1].ends if found else hours.begins
    assert not any(set(range(start, start + length)) <= free for start in range(after, hours.ends))
