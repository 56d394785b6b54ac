"""Messages of these tests, and mail servers that answer as they are told."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask
from jinja2 import ChoiceLoader, DictLoader

from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.hooks import Hook, Slot
from cohortmgr.outbox import actions, hooks
from cohortmgr.outbox.actions import Letter
from cohortmgr.outbox.channels.actions import providers, smtp
from cohortmgr.outbox.delivery.actions import claiming
from cohortmgr.outbox.models import Message

PERSON = "P" * 26
TEXT = "Réponse de {{ name }}\nAvant le {{ deadline|moment }} — {{ base_url }} ({{ language }})\n"
START = clock.datetime(2026, 5, 12, 13, tzinfo=clock.UTC)


@pytest.fixture
def messages(system_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A template of this test and a folder of its own for what is written; the floors above say nothing."""
    texts = {"messages/outbox/test.txt": TEXT, "messages/outbox/test.sms.txt": "Réponse de {{ name }}\n"}
    assert system_app.jinja_loader is not None
    loader = ChoiceLoader([DictLoader(texts), system_app.jinja_loader])
    monkeypatch.setattr(system_app.jinja_env, "loader", loader)
    monkeypatch.setitem(system_app.config, "DATA", str(tmp_path))
    for name in ("router", "stored"):
        monkeypatch.setattr(hooks, name, Slot())
    for name in ("headers", "on_returned"):
        monkeypatch.setattr(hooks, name, Hook())
    for name, value in (("PATIENCE", 2), ("LAST_PATIENCE", 0.5)):
        monkeypatch.setattr(smtp, name, value)
    providers._health.clear()
    claiming._wary_until[0] = 0.0
    yield


@pytest.fixture
def setting(system_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`setting(mail_rates="…")` for the length of the test."""

    def change(**values: Any) -> None:
        for name, value in values.items():
            monkeypatch.setattr(system_app.extensions["cohortmgr-settings"], name, value)

    return change


def send(*addresses: str, language: str = "fr", **more: Any) -> None:
    """Write a message to each address."""
    fields = {name: more.pop(name) for name in ("channel", "due", "bundle") if name in more}
    variables = {"name": "Saïd <b>", "deadline": START, **more}
    with writing():
        actions.send_all(
            Letter("test", PERSON, address, language, variables, **fields)
            for address in addresses or ("said@exemple.ma",)
        )


def rows() -> Sequence[Message]:
    """Every message as it stands, the first written first."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(sa.select(Message).order_by(Message.id)).all()


def row() -> Message:
    """The only message."""
    [message] = rows()
    return message


class Server:
    """A mail server: what it took, and how it answers. Each answer may be set before a test sends."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []
        self.connections = 0
        self.recipient = "250 fine"
        self.data = "250 taken"
        # Called when the server has the whole message, in place of an answer.
        self.hang: threading.Event | None = None

    async def handle_EHLO(  # aiosmtpd's names
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, answers: list[str]
    ) -> list[str]:
        """Once a connection."""
        self.connections += 1
        session.host_name = hostname
        return answers

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse whoever's address says so."""
        answer = self.recipient if "refused" in address or self.recipient.startswith("4") else "250 fine"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take it, and answer or not."""
        if not self.data.startswith(("4", "5")):
            self.taken.append(envelope)
        if self.hang is not None:
            self.hang.set()

            await asyncio.sleep(3)
        if self.data == "cut" and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return self.data

    def addresses(self) -> list[str]:
        """To whom it took something, in order."""
        return [envelope.rcpt_tos[0] for envelope in self.taken]


def words(envelope: Envelope) -> bytes:
    """What a server was given."""
    assert isinstance(envelope.content, bytes)
    return envelope.content


@contextmanager
def running(server: Server) -> Iterator[str]:
    """Its URL while it listens."""
    controller = Controller(server, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{controller.port}"
    finally:
        controller.stop()


def free_port() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextmanager
def greeting(words: str) -> Iterator[tuple[str, list[int]]]:
    """A server that says these words to whoever connects, and hangs up: its URL, and a list with an entry for each."""
    seen: list[int] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def work() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                seen.append(1)
                with connection:
                    connection.sendall(words.encode() + b"\r\n")

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield f"smtp://127.0.0.1:{listening.getsockname()[1]}", seen
    finally:
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


@pytest.fixture
def server(setting: Callable[..., None]) -> Iterator[Server]:
    """The server of COHORTMGR_MAIL_URL."""
    made = Server()
    with running(made) as url:
        setting(mail_url=url)
        yield made
