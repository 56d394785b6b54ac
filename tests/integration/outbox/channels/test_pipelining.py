"""A server that takes several commands at once is told the next envelope behind a text, and never the next text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask, current_app

from bench.sink import Answer, Conduct, Tally, listening
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.outbox.channels.actions import providers
from cohortmgr.outbox.delivery.tasks.handing_over import Post, deliver
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.rules import MAX_TRIES, MessageState
from tests.integration.outbox.conftest import free_port, rows, send

pytestmark = pytest.mark.usefixtures("system_context", "messages")


class Told(Conduct):
    """Answers the message of each number as told, and counts what was noted when it came."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.answers: dict[int, Answer] = {}
        self.noted: list[int] = []

    def knows(self, address: str) -> bool:
        return not address.startswith("refused")

    def answer(self, name: str, number: int) -> Answer:
        with self.app.app_context():
            sent = sa.select(sa.func.count()).select_from(Message).where(Message.state == MessageState.SENT)
            self.noted.append(db.session.scalar(sent) or 0)
        return self.answers.pop(number, "250")


@pytest.fixture
def told(system_app: Flask) -> Told:
    return Told(system_app)


@pytest.fixture
def tally(told: Told, setting: Callable[..., None]) -> Iterator[Tally]:
    port = free_port()
    with listening(port, told) as found:
        setting(mail_url=f"smtp://127.0.0.1:{port}")
        yield found


def states() -> list[str]:
    return [message.state for message in rows()]


def test_each_text_comes_once_the_one_before_is_noted(told: Told, tally: Tally) -> None:
    send(*(f"a{n}@b.ma" for n in range(6)))
    assert deliver() == 6
    assert told.noted == list(range(6)) and tally.connections == 1
    assert list(tally.recipients) == [f"a{n}@b.ma" for n in range(6)]


def test_a_refused_address_among_others_costs_them_nothing(tally: Tally) -> None:
    send("a@b.ma", "refused1@b.ma", "refused2@b.ma", "c@b.ma", "nobody", "d@b.ma")
    deliver()
    assert states() == ["sent", "returned", "returned", "sent", "returned", "sent"]
    assert list(tally.recipients) == ["a@b.ma", "c@b.ma", "d@b.ma"]


@pytest.mark.parametrize(
    ("answer", "state", "connections"), [("451", "waiting", 1), ("421", "waiting", 2), ("cut", "waiting", 2)]
)
def test_what_befalls_one_text_costs_the_next_nothing(
    answer: Answer, state: str, connections: int, told: Told, tally: Tally
) -> None:
    told.answers[1] = answer
    send("a@b.ma", "b@b.ma", "c@b.ma", "d@b.ma")
    deliver()
    assert states() == ["sent", state, "sent", "sent"]
    assert [message.tries for message in rows()] == [0, int(answer != "cut"), 0, 0]
    assert tally.connections <= connections


def test_a_stop_after_the_next_envelope_gives_the_server_no_text(tally: Tally) -> None:
    send("a@b.ma", "b@b.ma")
    with Post() as post:
        deliver(9, post, stopping=lambda: bool(tally.order))
    assert states() == ["sent", "waiting"] and list(tally.recipients) == ["a@b.ma"]
    deliver()
    assert states() == ["sent", "sent"] and set(tally.taken.values()) == {1}


def test_an_hour_without_a_provider_costs_no_message(tally: Tally, setting: Callable[..., None]) -> None:
    """The server is away, the sweep looks once a minute, the clock goes on: then all leaves, each once."""
    send(*(f"a{n}@b.ma" for n in range(8)))
    there = current_app.extensions["cohortmgr-settings"].mail_url
    setting(mail_url=f"smtp://127.0.0.1:{free_port()}")
    moment = clock.now()
    for minute in range(130):
        if minute == 60:
            assert set(states()) == {"waiting"} and max(message.tries for message in rows()) < MAX_TRIES
            setting(mail_url=there)
        providers._health.clear()  # the minute's rest is over
        with clock.at(moment + timedelta(minutes=minute)):
            deliver()
    assert set(states()) == {"sent"} and list(tally.taken.values()) == [1] * 8
