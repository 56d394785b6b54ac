"""A job is done once, whatever dies meanwhile."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base import clock
from cohortmgr.base.db import db, see, writing
from cohortmgr.base.errors import NotFound
from cohortmgr.jobs import queries
from cohortmgr.jobs.actions import queue
from cohortmgr.jobs.actions.queue import JobClaim
from cohortmgr.jobs.models import Job
from cohortmgr.jobs.rules import LEASE, JobState

pytestmark = pytest.mark.usefixtures("system_context")


def asked(institution: int | None = None, **more: object) -> str:
    with writing():
        return queue.request(SYSTEM, "operations.ping", {"n": 1}, institution, **more)  # type: ignore[arg-type]


def claimed() -> JobClaim | None:
    with writing():
        return queue.claim()


def held() -> JobClaim:
    job = claimed()
    assert job is not None
    return job


def row() -> Job:
    db.session.rollback()
    return db.session.scalars(sa.select(Job)).one()


def test_a_job_is_claimed_once_and_ends() -> None:
    reference = asked()
    job = held()
    assert (job.reference, job.kind, dict(job.payload)) == (reference, "operations.ping", {"n": 1})
    assert claimed() is None
    with writing():
        assert queue.advance(job, 40)
    assert (row().state, row().percent) == (JobState.RUNNING, 40)
    with writing():
        assert queue.end(job, {"rows": 3}, None)
    assert (row().state, row().percent, row().result, row().lease_until) == (
        JobState.DONE,
        100,
        {"rows": 3},
        None,
    )
    with writing():
        assert not queue.end(job, {}, "too late")
    assert row().state == JobState.DONE


def test_a_failure_is_noted_with_its_reason() -> None:
    asked()
    job = held()
    with writing():
        queue.end(job, None, "ValueError: no")
    assert (row().state, row().error) == (JobState.FAILED, "ValueError: no")
    assert claimed() is None


def test_what_is_due_later_waits_and_the_oldest_goes_first() -> None:
    later = asked(due=clock.now() + timedelta(hours=1))
    assert claimed() is None
    sooner = asked()
    assert held().reference == sooner
    with clock.at(clock.now() + timedelta(hours=2)):
        assert held().reference == later


def test_workers_at_once_take_each_job_once(system_app: Flask) -> None:
    wanted = {asked() for _ in range(12)}
    taken: list[str] = []
    faults: list[BaseException] = []
    start = threading.Barrier(3)

    def work() -> None:
        try:
            start.wait(10)
            with system_app.app_context():
                while job := claimed():
                    taken.append(job.reference)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert faults == []
    assert sorted(taken) == sorted(wanted)


@pytest.mark.postgres_only
def test_a_worker_passes_over_the_job_that_another_is_taking(system_app: Flask) -> None:
    first, second = asked(), asked()
    with writing():
        mine = queue.claim()
        other: list[JobClaim | None] = []

        def work() -> None:
            with system_app.app_context():
                other.append(claimed())

        thread = threading.Thread(target=work)
        thread.start()
        thread.join(10)
        assert mine is not None and mine.reference == first
        assert other and other[0] is not None and other[0].reference == second


def test_a_silent_worker_s_job_waits_again_and_its_late_end_counts_no_more() -> None:
    asked()
    lost = held()
    with writing():
        assert queue.recover_lost() == 0, "its lease still runs"
    with clock.at(clock.now() + LEASE + timedelta(seconds=1)):
        with writing():
            assert queue.recover_lost() == 1
        again = held()
        assert again.start == 1
        with writing():
            assert not queue.advance(lost, 90)
            assert not queue.end(lost, {}, "late")
            assert not queue.give_back(lost)
        assert (row().state, row().percent) == (JobState.RUNNING, 0)
        with writing():
            assert queue.end(again, {}, None)
    assert row().state == JobState.DONE


def test_progress_lengthens_the_lease() -> None:
    asked()
    job = held()
    began = clock.now()
    with clock.at(began + LEASE / 2), writing():
        queue.advance(job, 50)
    with clock.at(began + LEASE * 1.4), writing():
        assert queue.recover_lost() == 0


def test_three_lost_starts_set_a_job_aside() -> None:
    asked()
    moment = clock.now()
    for number in (1, 2, 3):
        with clock.at(moment):
            held()
        moment += LEASE + timedelta(seconds=1)
        with clock.at(moment), writing():
            assert queue.recover_lost() == 1
        assert row().state == (JobState.SET_ASIDE if number == 3 else JobState.WAITING)
    with clock.at(moment):
        assert claimed() is None


def test_a_stop_and_a_temporary_failure_do_not_count() -> None:
    asked()
    for _ in range(4):
        job = held()
        with writing():
            assert queue.give_back(job)
    for _ in range(4):
        job = held()
        with writing():
            assert queue.put_off(job, timedelta(0), "the bank's server is silent")
    assert (row().state, row().lost_starts, row().error) == (
        JobState.WAITING,
        0,
        "the bank's server is silent",
    )
    job = held()
    with writing():
        queue.put_off(job, timedelta(minutes=1), "still")
    assert claimed() is None


def test_a_job_is_read_by_its_institution_alone() -> None:
    reference = asked(7)
    assert queries.get([7], reference).reference == reference
    with pytest.raises(NotFound):
        queries.get([8], reference)
    with pytest.raises(NotFound):
        queries.get([], reference)
    assert queries.waiting() == 1


def test_an_undone_request_leaves_no_job_and_wakes_nobody(system_app: Flask) -> None:
    woken: list[str] = []
    before = system_app.extensions["cohortmgr-wake"]
    system_app.extensions["cohortmgr-wake"] = woken.append
    try:
        with pytest.raises(ZeroDivisionError), writing():
            queue.request(SYSTEM, "operations.ping", {}, None)
            raise ZeroDivisionError
        assert (queries.waiting(), woken) == (0, [])
        with writing():
            for _ in range(3):
                queue.request(SYSTEM, "operations.ping", {}, None)
        assert (queries.waiting(), woken) == (3, ["jobs"])
    finally:
        system_app.extensions["cohortmgr-wake"] = before


def test_the_application_s_role_asks_for_work_that_it_cannot_read(app: Flask) -> None:
    with app.app_context():
        see([], 5)
        with writing():
            queue.request(SYSTEM, "operations.ping", {}, None)
    assert row().state == JobState.WAITING
