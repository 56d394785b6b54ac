"""The works of the rooms: one name each, and what beat sends of them."""

from __future__ import annotations

import pytest
from flask import Flask

from cohortmgr.base.work import Work, add_work, works_of
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
