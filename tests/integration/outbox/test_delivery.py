"""A message leaves once, in its person's language, or says why not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from jinja2 import ChoiceLoader, DictLoader

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.audit.actions import destroy_key
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.outbox import actions, delivery, mail
from cohortmgr.outbox.actions import Letter
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.rules import LEASE, MAX_TRIES, MessageState

PERSON = "P" * 26
TEXT = "Réponse de {{ name }}\nAvant le {{ deadline|moment }} — {{ base_url }} ({{ language }})\n"
START = clock.datetime(2026, 5, 12, 13, tzinfo=clock.UTC)

pytestmark = pytest.mark.usefixtures("system_context", "messages")


@pytest.fixture
def messages(system_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A template of this test, and a folder of its own for what is written."""
    loader = ChoiceLoader([DictLoader({"messages/test.txt": TEXT}), system_app.jinja_loader])
    monkeypatch.setattr(system_app.jinja_env, "loader", loader)
    monkeypatch.setitem(system_app.config, "DATA", str(tmp_path))
    yield


def send(language: str = "fr", **more: Any) -> None:
    variables = {"name": "Saïd <b>", "deadline": START, **more}
    with writing():
        actions.send("test", PERSON, "said@exemple.ma", language, variables)


def letters(folder: Path) -> list[EmailMessage]:
    paths = sorted((folder / "mail").glob("*.eml"))
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]


def row() -> Message:
    db.session.rollback()
    return db.session.scalars(sa.select(Message)).one()


def test_a_message_is_delivered_once(tmp_path: Path) -> None:
    send()
    assert b"said@exemple.ma" not in row().sealed
    assert [delivery.deliver(), delivery.deliver()] == [1, 0]
    [letter] = letters(tmp_path)
    assert (letter["To"], letter["Subject"]) == ("said@exemple.ma", "Réponse de Saïd <b>")
    assert "mardi 12 mai 2026, 14 h — http://127.0.0.1:8000 (fr)" in letter.get_content()
    assert (row().state, row().tries, row().lease_until) == (MessageState.SENT, 1, None)


@pytest.mark.parametrize(
    ("language", "shown"), [("ar", "الثلاثاء 12 ماي 2026"), ("en", "Tuesday 12 May 2026")]
)
def test_a_message_speaks_its_person_s_language(language: str, shown: str, tmp_path: Path) -> None:
    send(language)
    delivery.deliver()
    [letter] = letters(tmp_path)
    assert shown in letter.get_content() and letter["Content-Language"] == language


def test_what_is_due_later_waits() -> None:
    with writing():
        due = clock.now() + timedelta(hours=1)
        actions.send_all([Letter("test", PERSON, "a@b.ma", "fr", {"deadline": START}, due=due)])
    assert delivery.deliver() == 0
    with clock.at(clock.now() + timedelta(hours=2)):
        assert delivery.deliver() == 1


def test_a_failure_waits_longer_each_time_and_is_set_aside_at_last(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file where the folder should be")
    send()
    moment = clock.now()
    for tries in range(1, MAX_TRIES + 1):
        with clock.at(moment):
            assert delivery.deliver() == 1
            assert delivery.deliver() == 0, "it waits"
        assert row().tries == tries and row().error == "FileExistsError"
        moment += timedelta(hours=7)
    assert row().state == MessageState.SET_ASIDE
    with clock.at(moment):
        assert delivery.deliver() == 0


def test_after_a_failure_it_leaves_when_the_server_is_back(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("")
    send()
    delivery.deliver()
    assert row().state == MessageState.WAITING
    (tmp_path / "mail").unlink()
    with clock.at(clock.now() + timedelta(minutes=2)):
        assert delivery.deliver() == 1
    assert (row().state, row().error, len(letters(tmp_path))) == (MessageState.SENT, None, 1)


def test_one_message_that_cannot_be_read_does_not_keep_the_others(tmp_path: Path) -> None:
    send()
    with writing() as session:
        session.execute(sa.update(Message).values(sealed=b"x" * 40))
    send()
    assert delivery.deliver() == 2
    assert len(letters(tmp_path)) == 1
    assert sorted(db.session.scalars(sa.select(Message.state))) == [MessageState.SENT, MessageState.WAITING]


def test_an_erased_person_gets_nothing(tmp_path: Path) -> None:
    send()
    with writing():
        destroy_key(SYSTEM, PERSON)
    send()
    assert delivery.deliver() == 2
    assert letters(tmp_path) == []
    db.session.rollback()
    assert set(db.session.scalars(sa.select(Message.state))) == {MessageState.DROPPED}


def test_a_sender_that_fell_silent_is_replaced_and_its_late_word_not_counted(tmp_path: Path) -> None:
    send()
    with writing():
        [silent] = delivery.claim(10)
        db.session.expunge(silent)
    assert delivery.deliver() == 0
    with clock.at(clock.now() + LEASE + timedelta(seconds=1)):
        with writing():
            [again] = delivery.claim(10)
            db.session.expunge(again)
        with writing():
            delivery._record(silent, {"state": MessageState.SENT})
        assert row().state == MessageState.SENDING
        with writing():
            delivery._record(again, {"state": MessageState.SENT})
    assert row().state == MessageState.SENT


def test_a_message_that_silences_each_sender_is_set_aside() -> None:
    send()
    moment = clock.now()
    for _ in range(MAX_TRIES):
        with clock.at(moment), writing():
            assert len(delivery.claim(10)) == 1
        moment += LEASE + timedelta(seconds=1)
    with clock.at(moment), writing():
        assert delivery.claim(10) == []
    assert row().state == MessageState.SET_ASIDE


def test_senders_at_once_take_each_message_once(system_app: Flask) -> None:
    with writing():
        actions.send_all(Letter("test", PERSON, f"{n}@b.ma", "fr", {"deadline": START}) for n in range(30))
    taken: list[int] = []
    faults: list[BaseException] = []

    def work() -> None:
        try:
            with system_app.app_context():
                while True:
                    with writing():
                        ids = [message.id for message in delivery.claim(4)]
                    if not ids:
                        return
                    taken.extend(ids)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert faults == []
    assert len(taken) == len(set(taken)) == 30


def test_many_messages_take_as_many_statements_as_one(statements: Any) -> None:
    def take(count: int) -> int:
        with statements() as seen, writing():
            actions.send_all(Letter("test", PERSON, f"{n}@b.ma", "fr", {}) for n in range(count))
        return len(seen)

    take(1)
    assert take(1) == take(50) == 2


def test_a_line_break_in_a_name_makes_no_header(tmp_path: Path) -> None:
    send(name="Saïd\nBcc: x@y.ma")
    delivery.deliver()
    [letter] = letters(tmp_path)
    assert letter["Bcc"] is None and letter["Subject"] == "Réponse de Saïd"


def test_mail_goes_to_the_server_that_is_set(
    system_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_answer, args=(listening, heard))
        thread.start()
        url = f"smtp://127.0.0.1:{listening.getsockname()[1]}"
        monkeypatch.setattr(system_app.extensions["cohortmgr-settings"], "mail_url", url)
        send()
        assert delivery.deliver() == 1
        thread.join(10)
    assert row().state == MessageState.SENT
    assert any(line.startswith("rcpt TO:<said@exemple.ma>") for line in heard)
    assert letters(tmp_path) == []


def _answer(listening: socket.socket, heard: list[str]) -> None:
    """The least of an SMTP server."""
    connection, _ = listening.accept()
    with connection, connection.makefile("rw", newline="\r\n") as talk:

        def say(text: str) -> None:
            talk.write(f"{text}\n")
            talk.flush()

        say("220 test")
        for line in talk:
            heard.append(line.strip())
            if line.lower().startswith("data"):
                say("354 go on")
                while talk.readline().strip() != ".":
                    continue
            say("221 bye" if line.lower().startswith("quit") else "250 fine")
            if line.lower().startswith("quit"):
                return


def test_a_mail_address_of_the_wrong_kind_is_refused(system_app: Flask) -> None:
    letter = mail.compose("r", "fr", "a@b.ma", "s", "b")
    with pytest.raises(ValueError, match="COHORTMGR_MAIL_URL"):
        mail._send(letter, "http://mail.example")
