"""What the worker promises: each queue has its consumer, no wake is needed, a stop loses nothing and costs no try."""

from __future__ import annotations

import ast
import errno
import importlib
import logging
import shlex
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base.db import db, writing
from cohortmgr.base.settings import ROOT, Settings
from cohortmgr.base.stores.store import StoreAway
from cohortmgr.base.work import works_of
from cohortmgr.jobs.actions import queue as jobs
from cohortmgr.jobs.actions.broker import QUEUES, celery_for, wake_sender
from cohortmgr.jobs.models import Job
from cohortmgr.outbox import actions as outbox
from cohortmgr.outbox.models import Message
from tests.databases import Database
from tests.worker.conftest import PATIENCE, Worker, environment_of

# Three seconds on a machine of its own; the suite's other processes share this one. A worker that waits for its
# broker, or for its supervisor to lose patience, takes longer.
STOP = 12.0


def command_of(process: str) -> list[str]:
    """The words of a line of the Procfile."""
    lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines() if ": " in line)
    return shlex.split(lines[process])


def until(found: Callable[[], bool], worker: Worker) -> None:
    end = time.monotonic() + PATIENCE
    while not found():
        assert time.monotonic() < end, worker.said()
        db.session.rollback()
        time.sleep(0.05)


def states(model: type[Job] | type[Message]) -> list[str]:
    return list(db.session.scalars(sa.select(model.state).order_by(model.id)))


def ask() -> str:
    with writing():
        return jobs.request(SYSTEM, "operations.ping", {}, None)


def send() -> None:
    with writing():
        outbox.send("sign_in_code", "P" * 26, "a@b.ma", "fr", {"code": "204 816", "minutes": 10})


@pytest.mark.usefixtures("system_context")
def test_jobs_and_messages_are_done_when_woken_and_the_stop_is_quick(worker: Worker) -> None:
    ask()
    send()
    until(lambda: states(Job) == ["done"] and states(Message) == ["sent"], worker)
    began = time.monotonic()
    assert worker.stop(signal.SIGTERM) == 0, worker.said()
    assert time.monotonic() - began < STOP, worker.said()
    assert "Traceback" not in worker.said(), worker.said()


@pytest.fixture
def tasks(database: Database, system_context: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The worker's tasks in this process, on the test's database: called, not sent."""
    for name, value in environment_of(database.settings).items():
        if name.startswith("COHORTMGR_"):
            monkeypatch.setenv(name, value)
    import worker.tasks

    monkeypatch.setattr(worker.tasks, "flask_app", database.system_app)
    worker.tasks._stopping.clear()
    yield worker.tasks
    worker.tasks._stopping.clear()


def done(tasks: Any, *names: str) -> None:
    """Do the works of these names, as the worker does them."""
    for work in works_of(tasks.flask_app):
        if work.name in names:
            tasks.do(work)


def test_a_lost_wake_is_found_by_the_sweep(
    system_app: Flask, tasks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(system_app.extensions, "cohortmgr-wake", lambda queue: None)
    ask()
    send()
    done(tasks, "recover.jobs", "drain.jobs", "drain.outbox")
    db.session.rollback()
    assert (states(Job), states(Message)) == (["done"], ["sent"])


def test_a_job_that_fails_temporarily_waits_and_one_that_fails_says_why(
    tasks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def later(payload: object, progress: object) -> dict[str, Any]:
        raise jobs.TryLater("the bank is closed")

    def bad(payload: object, progress: object) -> dict[str, Any]:
        db.session.add(Job(kind="left behind"))
        raise ValueError("no such file")

    def full(payload: object, progress: object) -> dict[str, Any]:
        raise OSError(errno.ENOSPC, "no room")

    def away(payload: object, progress: object) -> dict[str, Any]:
        raise StoreAway("the bucket does not answer")

    handlers = {"tests.later": later, "tests.bad": bad, "tests.full": full, "tests.away": away}
    for kind, handler in handlers.items():
        monkeypatch.setitem(jobs.handlers, kind, handler)
    with writing():
        for kind in (*handlers, "tests.unknown"):
            jobs.request(SYSTEM, kind, {}, None)
    done(tasks, "drain.jobs")
    db.session.rollback()
    columns = sa.select(Job.state, Job.error, Job.lost_starts).order_by(Job.id)
    assert [tuple(row) for row in db.session.execute(columns)] == [
        ("waiting", "the bank is closed", 0),
        ("failed", "ValueError: no such file", 0),
        ("waiting", "[Errno 28] no room", 0),
        ("waiting", "the bucket does not answer", 0),
        ("failed", "KeyError: 'tests.unknown'", 0),
    ]


def test_a_stop_gives_the_job_back_and_does_not_count(tasks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()

    def long(payload: object, progress: Any) -> dict[str, Any]:
        begun.set()
        for step in range(10_000):
            with suppress(Exception):  # a handler that swallows faults cannot swallow a stop
                progress(step, 10_000)
            time.sleep(0.005)
        return {}

    monkeypatch.setitem(jobs.handlers, "tests.long", long)
    with writing():
        jobs.request(SYSTEM, "tests.long", {}, None)
    db.session.rollback()
    thread = threading.Thread(target=done, args=(tasks, "drain.jobs"))
    thread.start()
    assert begun.wait(10)
    tasks._stop(sig="SIGTERM")
    thread.join(10)
    assert not thread.is_alive()
    row = db.session.scalars(sa.select(Job)).one()
    assert (row.state, row.lost_starts, row.lease_until) == ("waiting", 0, None)


def test_with_the_broker_down_the_request_succeeds_and_a_warning_is_logged(
    system_app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    celery = celery_for(Settings(data=tmp_path, broker_url="redis://127.0.0.1:1/0"))
    monkeypatch.setitem(system_app.extensions, "cohortmgr-wake", wake_sender(celery))
    began = time.monotonic()
    with system_app.app_context(), caplog.at_level(logging.WARNING):
        ask()
        assert states(Job) == ["waiting"]
    assert time.monotonic() - began < 3
    assert "the worker was not woken for jobs" in caplog.text


def test_every_queue_has_a_consumer_and_every_task_a_queue(tasks: ModuleType) -> None:
    from worker.celery_app import app

    command = command_of("worker")
    named = command[command.index("-Q") + 1].split(",") if "-Q" in command else list(QUEUES)
    assert set(named) == set(QUEUES) == set(app.amqp.queues.consume_from)
    app.loader.import_default_modules()
    assert {f"drain.{queue}" for queue in QUEUES} <= set(app.tasks)
    for name in app.tasks:
        if not name.startswith("celery."):
            assert app.amqp.router.route({}, name)["queue"].name in QUEUES, name
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)


# The functions that are given the kind of a job, and at which place; and what only hands on one that was given.
NAMING_A_KIND = {"request": 1, "queue.request": 1, "ResultWanted": 0, "_result_of": 0}
HANDED_ON = {"kind", "wanted.kind"}


def test_every_kind_of_job_that_is_asked_for_has_a_handler(tasks: ModuleType) -> None:
    from worker.celery_app import app

    app.loader.import_default_modules()
    asked = set()
    for path in (ROOT / "cohortmgr").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or ast.unparse(node.func) not in NAMING_A_KIND:
                continue
            module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
            kind = node.args[NAMING_A_KIND[ast.unparse(node.func)]]
            if ast.unparse(kind) not in HANDED_ON:
                asked.add(
                    kind.value if isinstance(kind, ast.Constant) else attrgetter(ast.unparse(kind))(module)
                )
    assert asked and asked <= set(jobs.handlers), asked - set(jobs.handlers)
