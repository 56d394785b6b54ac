"""Who leaves now and who later, so that no domain gets more than its rate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohortmgr.base.production.notation import read_rates
from cohortmgr.outbox.delivery.rates import BURST, Pace, rate_of, shared_out

START = datetime(2026, 5, 12, 14, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_rates_are_read() -> None:
    rates = read_rates("gmail.com=20, Outlook.com=0.5,*=50")
    assert rates == {"gmail.com": 20, "outlook.com": 0.5, "*": 50}
    assert [rate_of(d, rates) for d in ("gmail.com", "um5.ac.ma")] == [20, 50]
    assert rate_of("um5.ac.ma", read_rates("gmail.com=20")) is None and read_rates("") == {}


@pytest.mark.parametrize("text", ["gmail.com", "gmail.com=0", "=4", "a=b", "a=-1", "a=nan"])
def test_what_is_no_rate_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="COHORTMGR_MAIL_RATES"):
        read_rates(text)


def test_after_a_silence_one_second_s_worth_leaves_and_the_rest_is_spread() -> None:
    leaving, later, pace = shared_out(None, START, 5, 10)
    assert leaving == 6 and later == [at(1.2), at(1.4), at(1.6), at(1.8)]
    assert pace == Pace(at(1.2), at(2.0))
    again, later, pace = shared_out(pace, START, 5, 3)
    assert again == 0 and later == [at(2.0), at(2.2), at(2.4)]


def test_those_put_off_leave_when_they_come_back() -> None:
    leaving, later, pace = shared_out(None, START, 5, 100)
    done = leaving
    for instant in later:
        leaving, _, pace = shared_out(pace, instant, 5, 1)
        done += leaving
    assert done == 100


def test_a_clock_put_back_by_an_hour_does_not_stop_a_domain_for_an_hour() -> None:
    _, _, pace = shared_out(None, START, 5, 10)
    leaving, _, _ = shared_out(pace, START - timedelta(hours=1), 5, 3)
    assert leaving == 3


@settings(max_examples=200)
@given(
    st.floats(0.2, 100),
    st.lists(st.tuples(st.floats(0, 3), st.integers(0, 40)), min_size=1, max_size=30),
)
def test_in_no_stretch_of_time_more_leave_than_the_rate_allows(
    rate: float, asked: list[tuple[float, int]]
) -> None:
    pace, moment, left = None, START, []
    for pause, count in asked:
        moment += timedelta(seconds=pause)
        leaving, later, pace = shared_out(pace, moment, rate, count)
        assert leaving + len(later) == count and later == sorted(later)
        assert all(instant > moment for instant in later)
        left.append((moment, leaving))
    for first, (start, _) in enumerate(left):
        total = 0
        for end, count in left[first:]:
            total += count
            assert total <= rate * (end - start + BURST).total_seconds() + 1 + 1e-3
