"""Several workers on the same rows: each message is one's."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter

import pytest
from flask import Flask

from cohortmgr.base.db import writing
from cohortmgr.base.settings import ROOT
from cohortmgr.outbox.delivery.actions import claiming
from cohortmgr.outbox.delivery.tasks import draining, handing_over
from tests.databases import Database
from tests.integration.outbox.conftest import Server, rows, running, send
from tests.worker.conftest import environment_of

pytestmark = pytest.mark.usefixtures("system_context", "messages")
DRAIN = """
from cohortmgr.app import create_app
from cohortmgr.outbox.delivery.tasks.handing_over import Post, deliver
app = create_app(process="system")
with app.app_context(), Post() as post:
    while deliver(3, post):
        continue
"""


def at_once(app: Flask, count: int, work: object) -> list[BaseException]:
    faults: list[BaseException] = []

    def run() -> None:
        try:
            with app.app_context():
                work()  # type: ignore[operator]
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return faults


def test_claims_at_once_take_each_message_once(system_app: Flask) -> None:
    send(*(f"a{n}@b.ma" for n in range(30)))
    taken: list[int] = []

    def work() -> None:
        while True:
            with writing():
                ids = [message.id for message in claiming.claim(4) or ()]
            if not ids:
                return
            taken.extend(ids)

    assert at_once(system_app, 3, work) == []
    assert len(taken) == len(set(taken)) == 30


def test_threads_at_once_send_each_message_once(system_app: Flask, server: Server) -> None:
    addresses = [f"a{n}@b.ma" for n in range(40)]
    send(*addresses)

    def work() -> None:
        with handing_over.Post() as post:
            while handing_over.deliver(3, post):
                continue

    assert at_once(system_app, 3, work) == []
    assert Counter(server.addresses()) == Counter(addresses)
    assert {message.state for message in rows()} == {"sent"}


def test_processes_at_once_send_each_message_once(database: Database) -> None:
    addresses = [f"a{n}@b.ma" for n in range(60)]
    send("new@b.ma")  # makes the person's key before both ask for it
    sink = Server()
    with running(sink) as url:
        from cohortmgr.outbox import actions

        with writing():
            actions.send_all(
                actions.Letter("sign_in_code", "Q" * 26, address, "fr", {"code": "204 816", "minutes": 10})
                for address in addresses
            )
        environment = {**environment_of(database.settings), "COHORTMGR_MAIL_URL": url}
        command = [sys.executable, "-c", DRAIN]
        both = [subprocess.Popen(command, cwd=ROOT, env=environment) for _ in range(2)]
        assert [process.wait(60) for process in both] == [0, 0]
    found = Counter(sink.addresses())
    assert {address: found[address] for address in addresses} == dict.fromkeys(addresses, 1)


def test_one_thread_of_a_process_empties_the_outbox_and_looks_again_when_asked(
    system_app: Flask, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wake that finds a thread at work leaves it to that one: nothing is left, and jobs keep their thread."""
    at_work: list[int] = []
    most: list[int] = []
    emptied = draining._emptied

    def counted(stopping: object) -> int:
        at_work.append(1)
        most.append(len(at_work))
        try:
            return emptied(stopping)  # type: ignore[arg-type]
        finally:
            at_work.pop()

    monkeypatch.setattr(draining, "_emptied", counted)
    send(*(f"a{n}@b.ma" for n in range(20)))
    assert at_once(system_app, 4, draining.drain) == []
    assert max(most) == 1 and len(server.taken) == 20
