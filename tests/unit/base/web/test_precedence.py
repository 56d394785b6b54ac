"""Who goes first: lists wait for a gap, not for long, and never in so many threads that the others have none."""

from __future__ import annotations

import time
from threading import Event, Thread

import pytest
from flask import Flask, abort

from cohortmgr.base.web.precedence import UPLOAD, Precedence, gives_way, init_precedence

SOON = 5.0
"""Seconds within which a thread does what it can do at once, however busy the machine."""


def begun(order: Precedence) -> tuple[Event, Thread]:
    """A list that comes in a thread of its own, and the event of its beginning."""
    began = Event()

    def come() -> None:
        order.come(gives_way=True)
        began.set()

    thread = Thread(target=come, daemon=True)
    thread.start()
    return began, thread


def test_a_list_begins_at_once_when_nobody_else_is_there() -> None:
    began, _ = begun(Precedence(patience=60))
    assert began.wait(SOON)


def test_a_list_begins_when_the_last_of_the_others_has_gone() -> None:
    order = Precedence(patience=60)
    order.come(gives_way=False)
    order.come(gives_way=False)
    began, _ = begun(order)
    order.go(gives_way=False)
    assert not began.wait(0.05)
    order.go(gives_way=False)
    assert began.wait(SOON)


def test_lists_are_drawn_one_after_the_other() -> None:
    order = Precedence(patience=60)
    order.come(gives_way=True)
    began, _ = begun(order)
    assert not began.wait(0.05)
    order.go(gives_way=True)
    assert began.wait(SOON)


def test_a_list_goes_on_after_its_patience_although_others_are_there() -> None:
    order = Precedence(patience=0.05)
    order.come(gives_way=False)
    started = time.monotonic()
    order.come(gives_way=True)
    assert time.monotonic() - started >= 0.05


@pytest.mark.parametrize("others", [0, 1])
def test_after_a_list_the_next_rests_twice_as_long_if_others_came(others: int) -> None:
    order = Precedence(patience=60)
    order.come(gives_way=True)
    for _ in range(others):
        order.come(gives_way=False)
        order.go(gives_way=False)
    time.sleep(0.05)
    drawn = time.monotonic()
    order.go(gives_way=True)
    assert order._rested >= drawn + 0.1 if others else order._rested <= time.monotonic()
    order.come(gives_way=True)
    assert time.monotonic() >= order._rested


def test_a_list_rests_no_longer_than_its_patience() -> None:
    order = Precedence(patience=0.05)
    order._rested = time.monotonic() + 3600
    order.come(gives_way=True)
    assert order._drawn == 1


def test_others_never_wait_for_a_list() -> None:
    order = Precedence(patience=60)
    order.come(gives_way=True)
    started = time.monotonic()
    order.come(gives_way=False)
    assert time.monotonic() - started < SOON


def test_no_more_than_some_lists_hold_a_thread_by_waiting() -> None:
    order = Precedence(patience=60, waiting=2)
    order.come(gives_way=False)
    waiting = [begun(order)[0] for _ in range(2)]
    while order._waiting < 2:
        time.sleep(0.001)
    third, _ = begun(order)
    assert third.wait(SOON)
    assert not any(event.is_set() for event in waiting)


def test_whatever_a_request_ends_in_it_is_counted_out() -> None:
    app = Flask(__name__)
    order = init_precedence(app)

    @app.get("/list")
    @gives_way
    def long() -> str:
        assert (order._drawn, order._first) == (1, 0)
        return "rows"

    @app.post("/paper")
    def upload() -> str:
        assert (order._drawn, order._first) == (0, 0)
        return "read"

    @app.get("/fault")
    def fault() -> str:
        assert (order._drawn, order._first) == (0, 1)
        abort(500)

    client = app.test_client()
    found = [client.get(path).status_code for path in ("/list", "/fault", "/nowhere", "/list")]
    assert found == [200, 500, 404, 200]
    assert client.post("/paper", data=b"%PDF" * UPLOAD).status_code == 200
    assert (order._drawn, order._first) == (0, 0)
