"""The life of a job, in values."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.jobs.rules import (
    JOB_STATES,
    LEASE,
    MAX_LOST_STARTS,
    JobState,
    after_lost_start,
    lease_end,
    percentage,
)


def test_the_third_lost_start_sets_a_job_aside() -> None:
    assert [after_lost_start(n) for n in (1, 2, 3, 4)] == [JobState.WAITING] * 2 + [JobState.SET_ASIDE] * 2
    assert MAX_LOST_STARTS == 3
    assert JOB_STATES.can(JobState.RUNNING, after_lost_start(1))


def test_what_is_done_stays_done() -> None:
    assert JOB_STATES.moves[JobState.DONE] == ()


def test_a_lease_ends_later() -> None:
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    assert lease_end(moment) - moment == LEASE


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_hundred_percent_is_the_end_and_only_the_end(done: int, total: int) -> None:
    shown = percentage(done, total)
    assert 0 <= shown <= 100
    assert (shown == 100) == (done >= total)
