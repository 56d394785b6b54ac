"""The works of the rooms: one name each, and what beat sends of them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from cohortmgr.base.work import Lane, Work, add_work, works_of
from cohortmgr.jobs.actions.broker import routes_of, schedule_of


def nothing(_stopping: object) -> None:
    return None


def test_works_are_kept_in_their_order_and_a_name_is_taken_once() -> None:
    app = Flask("t")
    assert works_of(app) == ()
    add_work(app, Work("a", nothing), Work("b", nothing, queue="outbox", every=60))
    assert [work.name for work in works_of(app)] == ["a", "b"]
    with pytest.raises(ValueError, match="called a"):
        add_work(app, Work("a", nothing))


def test_beat_sends_what_has_a_period_and_drops_it_before_the_next() -> None:
    works = (
        Work("woken", nothing),
        Work("minute", nothing, queue="outbox", every=60),
        Work("hour", nothing, every=3600),
    )
    schedule = schedule_of(works)
    assert set(schedule) == {"minute", "hour"}
    assert schedule["minute"] == {
        "task": "minute",
        "schedule": 60.0,
        "options": {"queue": "outbox", "expires": 55},
    }
    assert all(0 < entry["options"]["expires"] < entry["schedule"] for entry in schedule.values())
    assert routes_of(works)["minute"] == {"queue": "outbox"}


@pytest.mark.parametrize("most", [1, 2, None])
def test_a_lane_holds_no_more_than_it_may_and_what_was_asked_meanwhile_is_done(most: int | None) -> None:
    lane, guard = Lane(most), threading.Lock()
    waiting, inside, widest = [0], [0], [0]

    def drain() -> None:
        while True:
            with guard:
                if not waiting[0]:
                    return
                waiting[0] -= 1
                inside[0] += 1
                widest[0] = max(widest[0], inside[0])
            threading.Event().wait(0.0005)
            with guard:
                inside[0] -= 1

    def wake(_turn: int) -> None:
        with guard:
            waiting[0] += 1
        if lane.enter():
            drain()
            while not lane.leave():
                drain()

    with ThreadPoolExecutor(6) as several:
        list(several.map(wake, range(300)))
    assert waiting[0] == 0, "a wake was lost"
    assert widest[0] <= (most or 6)
    assert widest[0] > 1 or most == 1, "nothing ever overlapped"


def test_who_failed_leaves_the_lane_though_somebody_asked() -> None:
    lane = Lane(1)
    assert lane.enter() and not lane.enter()
    assert lane.leave(failed=True)
    assert lane.enter(), "the lane is free again"
    assert not lane.leave(), "what was asked is done by the next one"
    assert lane.leave()
