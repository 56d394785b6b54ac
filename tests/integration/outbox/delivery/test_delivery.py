"""A message leaves once, in its person's language, or says why not."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.audit.actions import destroy_key
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.outbox import actions, hooks
from cohortmgr.outbox.actions import Letter
from cohortmgr.outbox.delivery.actions import claiming
from cohortmgr.outbox.delivery.tasks import draining, handing_over
from cohortmgr.outbox.delivery.tasks.recording import record
from cohortmgr.outbox.hooks import Route, Unroutable, Wait
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.rules import LEASE, MAX_LOST_STARTS, MAX_TRIES, MessageState
from tests.integration.outbox.conftest import PERSON, START, Server, row, rows, send

pytestmark = pytest.mark.usefixtures("system_context", "messages")


def letters(folder: Path) -> list[EmailMessage]:
    paths = sorted((folder / "mail").glob("*.eml"))
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]


def words(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_a_message_is_delivered_once(tmp_path: Path) -> None:
    send()
    assert b"said@exemple.ma" not in row().sealed
    assert [handing_over.deliver(), handing_over.deliver()] == [1, 0]
    [letter] = letters(tmp_path)
    assert (letter["To"], letter["Subject"]) == ("said@exemple.ma", "Réponse de Saïd <b>")
    assert "mardi 12 mai 2026, 14\u00a0h — http://127.0.0.1:8000 (fr)" in words(letter)
    assert (row().state, row().tries, row().lease_until) == (MessageState.SENT, 0, None)


@pytest.mark.parametrize(
    ("language", "shown"), [("ar", "الثلاثاء 12 ماي 2026"), ("en", "Tuesday 12 May 2026")]
)
def test_a_message_speaks_its_person_s_language(language: str, shown: str, tmp_path: Path) -> None:
    send(language=language)
    handing_over.deliver()
    [letter] = letters(tmp_path)
    assert shown in words(letter) and letter["Content-Language"] == language


def test_what_is_due_later_waits() -> None:
    with writing():
        due = clock.now() + timedelta(hours=1)
        actions.send_all([Letter("test", PERSON, "a@b.ma", "fr", {"deadline": START}, due=due)])
    assert handing_over.deliver() == 0
    with clock.at(clock.now() + timedelta(hours=2)):
        assert handing_over.deliver() == 1


def test_a_failure_waits_longer_each_time_and_is_set_aside_at_last(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file where the folder should be")
    send()
    moment = clock.now()
    for tries in range(1, MAX_TRIES + 1):
        with clock.at(moment):
            assert handing_over.deliver() == 1
            assert handing_over.deliver() == 0, "it waits"
        assert row().tries == tries and row().error == "FileExistsError"
        moment += timedelta(hours=7)
    assert row().state == MessageState.SET_ASIDE
    with clock.at(moment):
        assert handing_over.deliver() == 0


def test_after_a_failure_it_leaves_when_the_server_is_back(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("")
    send()
    handing_over.deliver()
    assert row().state == MessageState.WAITING
    (tmp_path / "mail").unlink()
    with clock.at(clock.now() + timedelta(minutes=2)):
        assert handing_over.deliver() == 1
    assert (row().state, row().error, len(letters(tmp_path))) == (MessageState.SENT, None, 1)


def test_one_message_that_cannot_be_read_does_not_keep_the_others(tmp_path: Path) -> None:
    send()
    with writing() as session:
        session.execute(sa.update(Message).values(sealed=b"x" * 40))
    send()
    assert handing_over.deliver() == 2
    assert len(letters(tmp_path)) == 1
    assert sorted(db.session.scalars(sa.select(Message.state))) == [MessageState.SENT, MessageState.WAITING]


def test_an_erased_person_gets_nothing(tmp_path: Path) -> None:
    send()
    with writing():
        destroy_key(SYSTEM, PERSON)
    send()
    assert handing_over.deliver() == 2
    assert letters(tmp_path) == []
    db.session.rollback()
    assert set(db.session.scalars(sa.select(Message.state))) == {MessageState.DROPPED}


def claimed(count: int = 10) -> list[Message]:
    with writing():
        return claiming.claim(count) or []


def after_the_lease() -> datetime:
    return clock.now() + LEASE + timedelta(seconds=1)


def test_a_sender_that_fell_silent_is_replaced_and_its_late_word_not_counted() -> None:
    send()
    [silent] = claimed()
    assert handing_over.deliver() == 0
    with clock.at(after_the_lease()), handing_over.Post() as post:
        [again] = claimed()
        record(post.recorder, silent, {"state": MessageState.SENT})
        assert (row().state, row().lost_starts) == (MessageState.SENDING, 1)
        record(post.recorder, again, {"state": MessageState.SENT})
    assert row().state == MessageState.SENT


def test_a_message_that_silences_each_sender_is_set_aside_and_staff_are_told() -> None:
    told: list[str] = []
    hooks.on_returned.register(lambda message, error: told.append(f"{message.state}: {error}"))
    send()
    moment = clock.now()
    for _ in range(MAX_LOST_STARTS):
        with clock.at(moment):
            assert len(claimed()) == 1
        moment += LEASE + timedelta(seconds=1)
    with clock.at(moment):
        assert claimed() == []
    assert (row().state, row().lost_starts) == (MessageState.SET_ASIDE, MAX_LOST_STARTS)
    assert told == ["set_aside: its sender fell silent"]


def test_a_lost_start_is_claimed_alone_so_that_its_neighbours_do_not_pay(tmp_path: Path) -> None:
    send(*(f"a{n}@b.ma" for n in range(6)))
    moment = clock.now()
    with clock.at(moment):
        poison = claimed()[0].id
    for _ in range(MAX_LOST_STARTS - 1):
        moment += LEASE + timedelta(seconds=1)
        with clock.at(moment):
            assert [message.id for message in claimed()] == [poison], "the oldest, alone"
    moment += LEASE + timedelta(seconds=1)
    with clock.at(moment):
        assert [handing_over.deliver() for _ in range(6)] == [1, 1, 1, 1, 1, 0]
    assert [message.state for message in rows()] == [MessageState.SET_ASIDE] + [MessageState.SENT] * 5
    assert len(letters(tmp_path)) == 5


def test_a_sender_killed_twice_after_the_server_had_it_does_not_send_a_third_time(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill between the server's answer and our note of it, as the row shows it: the note is not written."""
    send()
    moment = clock.now()
    for _ in range(3):
        with clock.at(moment), monkeypatch.context() as patched:
            patched.setattr(handing_over, "record_all", lambda *_: None)
            handing_over.deliver()
        moment += LEASE + timedelta(seconds=1)
    assert len(server.taken) == 2
    with clock.at(moment):
        handing_over.deliver()
    assert row().state == MessageState.SET_ASIDE and len(server.taken) == 2


def test_a_clock_put_back_by_an_hour_keeps_no_message_for_an_hour() -> None:
    send()
    with clock.at(clock.now() + timedelta(hours=1)):
        claimed()
    assert len(claimed()) == 1


def test_a_lease_that_another_gave_a_moment_after_we_looked_at_the_clock_stands() -> None:
    send()
    with clock.at(clock.now() + timedelta(seconds=2)):
        claimed()
    assert claimed() == [], "it is two seconds longer than leases are"


def test_what_this_process_holds_is_not_lost_however_late_the_clock_says_that_it_is() -> None:
    send()
    with claiming.holding(claimed()), clock.at(clock.now() + timedelta(hours=1)):
        assert claimed() == []


def test_when_the_machine_s_clock_jumps_the_living_have_time_to_say_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    send()
    claimed()
    jumped = time.time() + 3600
    monkeypatch.setattr(claiming.time, "time", lambda: jumped)
    with clock.at(clock.now() + timedelta(hours=1)):
        assert claimed() == []
        monkeypatch.setattr(claiming.time, "monotonic", lambda: time.perf_counter() + 10_000)
        monkeypatch.setattr(claiming, "_offset", [])
        assert len(claimed()) == 1


def test_a_batch_says_that_it_lives_and_leaves_what_was_taken_from_it(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handing_over, "RENEWED", timedelta(0))
    send("a@b.ma", "b@b.ma", "c@b.ma")

    def taken_meanwhile(message: Message, content: Mapping[str, Any]) -> dict[str, str]:
        with writing() as session:
            others = sa.update(Message).where(Message.id > message.id)
            session.execute(others.values(lost_starts=1, lease_until=START))
        return {}

    hooks.headers.register(taken_meanwhile)
    assert handing_over.deliver() == 3
    assert server.addresses() == ["a@b.ma"]


def test_a_stop_gives_back_what_was_not_begun(server: Server) -> None:
    send("a@b.ma", "b@b.ma", "c@b.ma")
    assert draining.drain(lambda: bool(server.taken)) == 3
    found = [(message.state, message.tries, message.lost_starts, message.lease_until) for message in rows()]
    assert found == [("sent", 0, 0, None), ("waiting", 0, 0, None), ("waiting", 0, 0, None)]
    assert draining.drain() == 2 and len(server.taken) == 3


def test_whoever_routes_messages_says_when_where_and_whether(tmp_path: Path) -> None:
    until = clock.now() + timedelta(hours=9)
    said: list[hooks.Routed] = [
        Route("email", "other@b.ma"), Route("sms", "+212612345678"), Route("inbox", ""), Wait(until),
        Wait(until, gathered=True), Unroutable(), Unroutable(drop=True), Wait(clock.now() - timedelta(hours=1)),
    ]  # fmt: skip

    def route(messages: Sequence[Message], contents: Sequence[Mapping[str, Any]]) -> list[hooks.Routed]:
        return said[: len(messages)]

    hooks.router.fill(route)
    send(*(f"a{n}@b.ma" for n in range(len(said))))
    assert handing_over.deliver() == len(said)
    found = rows()
    assert [m.state for m in found] == [
        "sent", "sent", "sent", "waiting", "waiting", "set_aside", "dropped", "waiting",
    ]  # fmt: skip
    assert [m.channel for m in found[:3]] == ["email", "sms", "inbox"]
    assert [m.provider for m in found[:3]] == ["folder", "sms-folder", "inbox"]
    assert [(m.due, m.gathered) for m in found[3:5]] == [(until, False), (until, True)]
    assert found[7].due > clock.now(), "never asked without end"
    assert [letter["To"] for letter in letters(tmp_path)] == ["other@b.ma"]


def test_a_router_that_fails_on_one_message_does_not_keep_the_others(tmp_path: Path) -> None:
    def route(messages: Sequence[Message], contents: Sequence[Mapping[str, Any]]) -> list[hooks.Routed]:
        if any(content["address"] == "b@b.ma" for content in contents):
            raise LookupError("nobody")
        return [Route("email", content["address"]) for content in contents]

    hooks.router.fill(route)
    send("a@b.ma", "b@b.ma", "c@b.ma")
    assert handing_over.deliver() == 3
    assert [(m.state, m.error) for m in rows()] == [
        ("sent", None), ("waiting", "LookupError"), ("sent", None),
    ]  # fmt: skip


def test_a_domain_gets_no_more_than_its_rate_and_the_others_do_not_wait(
    setting: Callable[..., None], server: Server
) -> None:
    setting(mail_rates="slow.ma=2")
    send(*(f"a{n}@slow.ma" for n in range(8)), *(f"a{n}@free.ma" for n in range(8)))
    moment = clock.now()
    with clock.at(moment):
        assert handing_over.deliver() == 16
        assert len([a for a in server.addresses() if a.endswith("slow.ma")]) == 3
        assert len([a for a in server.addresses() if a.endswith("free.ma")]) == 8
        assert handing_over.deliver() == 0
    dues = [message.due - moment for message in rows() if message.state == "waiting"]
    assert dues == [timedelta(seconds=1.5 + n / 2) for n in range(5)]
    assert {message.tries for message in rows()} == {0}
    for second in (1.5, 2.0, 2.5, 3.0, 3.5):
        with clock.at(moment + timedelta(seconds=second)):
            assert handing_over.deliver() == 1
    assert len(server.taken) == 16


def test_the_drain_waits_for_what_a_rate_put_off(setting: Callable[..., None], server: Server) -> None:
    setting(mail_rates="*=10")
    send(*(f"a{n}@slow.ma" for n in range(16)))
    began = time.monotonic()
    draining.drain()
    assert len(server.taken) == 16 and 0.3 < time.monotonic() - began < 5


def test_a_batch_takes_as_many_statements_for_fifty_as_for_five(
    setting: Callable[..., None], statements: Any
) -> None:
    setting(mail_rates="*=2")

    def take(count: int) -> int:
        send(*(f"a{n}@b.ma" for n in range(count)))
        with statements() as seen:
            handing_over.deliver()
        return len([each for each in seen if each.startswith(("SELECT", "INSERT"))])

    take(1)
    assert take(5) == take(50)


def test_many_messages_take_as_many_statements_as_one(statements: Any) -> None:
    def take(count: int) -> int:
        with statements() as seen, writing():
            actions.send_all(Letter("test", PERSON, f"{n}@b.ma", "fr", {}) for n in range(count))
        return len(seen)

    take(1)
    assert take(1) == take(50) == 2


def test_a_line_break_in_a_name_makes_no_header(tmp_path: Path) -> None:
    send(name="Saïd\nBcc: x@y.ma")
    handing_over.deliver()
    [letter] = letters(tmp_path)
    assert letter["Bcc"] is None and letter["Subject"] == "Réponse de Saïd"
