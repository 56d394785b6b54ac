"""A small installation of real processes, each of which can be killed and started again; and the people in it."""

from __future__ import annotations

import ctypes
import itertools
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Literal, Self, TypeVar

import sqlalchemy as sa

from bench.servers import ROOT, Answer, free_port
from bench.visitors import Visitor
from cohortmgr.accounts.actions.people import new_account
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.app import create_app
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.settings import Settings
from cohortmgr.base.text import new_reference
from cohortmgr.jobs.actions import queue
from cohortmgr.jobs.actions.broker import celery_for
from cohortmgr.jobs.models import Job
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.outbox.models import Message

Victim = Literal["web", "worker", "beat", "redis"]
T = TypeVar("T")
FORGOTTEN = "/password"
_numbers = itertools.count()


class Town:
    """Web, worker and beat as the Procfile starts them and, if wanted, a Redis without a disk."""

    def __init__(self, settings: Settings, folder: Path, mail_url: str, *, redis: bool) -> None:
        self.folder, self.port = folder, free_port()
        self.redis_port = free_port() if redis else None
        broker = f"redis://127.0.0.1:{self.redis_port}/0" if redis else ""
        self.settings = settings.model_copy(update={"mail_url": mail_url, "broker_url": broker})
        self.app = create_app(self.settings, "system")
        self.celery = celery_for(self.settings)
        self.answered: set[str] = set()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()
        lines = dict(
            line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines() if ": " in line
        )
        self._commands = {
            name: f"exec {sys.executable} -m {line.removeprefix('exec ')}" for name, line in lines.items()
        }

    def __enter__(self) -> Self:
        for name in ("redis", "web", "worker", "beat"):
            if name != "redis" or self.redis_port:
                self.start(name)
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self.processes):
            self.kill(name)
        with self.app.app_context():
            for engine in db.engines.values():
                engine.dispose()

    def start(self, name: str) -> None:
        """Start a process in a process group of its own; wait until web or Redis listens."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                self._words(name), cwd=ROOT, env=self._environment(), start_new_session=True, stdout=log, stderr=log,
                preexec_fn=_die_with_parent,
            )  # fmt: skip
        port = {"web": self.port, "redis": self.redis_port}.get(name)
        end = time.monotonic() + 30
        while port and not _listens(port):
            if time.monotonic() > end:
                raise RuntimeError(
                    f"{name} did not start: {(self.folder / f'{name}.log').read_text()[-2000:]}"
                )
            time.sleep(0.05)

    def kill(self, name: str) -> None:
        """Kill (SIGKILL) the process and all that it started."""
        process = self.processes.pop(name, None)
        if process is not None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def restart(self, name: str) -> None:
        """Start again what was killed; the leases of a killed worker end."""
        if name == "worker":
            self._ripe()
        self.start(name)

    def _words(self, name: str) -> list[str]:
        if name == "redis":
            from tests.services import need_redis

            words = f"--bind 127.0.0.1 --port {self.redis_port} --save '' --appendonly no --dir {self.folder}"
            return [str(need_redis()), *shlex.split(words)]
        return ["/bin/sh", "-c", self._commands[name]]

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            **self.settings.environment(),
            "PORT": str(self.port),
            "COHORTMGR_PROXIES": "1",
            "PYTHONWARNINGS": "ignore",
        }

    def people(self, count: int) -> list[str]:
        """Make `count` accounts; returns their addresses."""
        addresses = [f"ville{os.getpid()}.{next(_numbers)}@exemple.ma" for _ in range(count)]
        with self.app.app_context(), writing():
            for address in addresses:
                new_account(SYSTEM, address, "no password", {"given_name": "Une", "family_name": "Personne"})
        return addresses

    def ask(self, address: str) -> None:
        """Ask for a code through the web, again and again until it answers: then the message is owed, by that
        answer or by one that was lost on the way. Each person comes from a network of their own, since a
        network may ask for only so many codes an hour."""
        far = f"10.{os.getpid() % 250}.{next(_numbers) // 250 % 250}.{next(_numbers) % 250}"
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                visitor = Visitor(partial(self._send, far))
                visitor.post(visitor.get(FORGOTTEN), FORGOTTEN, {"email": address})
            except (RuntimeError, OSError, ValueError):
                time.sleep(0.2)
            else:
                with self._lock:
                    self.answered.add(address)
                return

    def _send(self, far: str, method: str, path: str, body: bytes, headers: object) -> Answer:
        import http.client

        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body or None, {**headers, "X-Forwarded-For": far})  # type: ignore[call-overload]
            found = connection.getresponse()
            return Answer(found.status, dict(found.headers.items()), found.read())
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()

    def write(self, count: int) -> None:
        """Write a campaign's messages and ask for a job, in one transaction that wakes the worker."""
        with self.app.app_context(), writing():
            subject = new_reference()
            send_all(
                Letter(
                    "sign_in_code",
                    subject,
                    f"campagne{next(_numbers)}@exemple.ma",
                    "fr",
                    {"code": "204 816", "minutes": 10},
                )
                for _ in range(count)
            )
            queue.request(SYSTEM, "operations.ping", {}, None)

    def messages(self) -> set[str]:
        """The Message-IDs of all messages that were ever written."""
        with self.app.app_context():
            found = db.session.scalars(sa.select(Message.reference))
            return {f"{reference}@{self.settings.mail_domain}" for reference in found}

    def settle(self, patience: float) -> list[str]:
        """Wait until every message has left and every job is done; what is left after `patience` seconds."""
        end, asked = time.monotonic() + patience, 0.0
        while left := self._unfinished():
            if time.monotonic() > end:
                return left
            if time.monotonic() - asked > 1:
                self._sweep()
                asked = time.monotonic()
            time.sleep(0.1)
        return []

    def _unfinished(self) -> list[str]:
        def look() -> list[str]:
            messages = sa.select(Message.reference, Message.state, Message.error).where(
                Message.state != "sent"
            )
            waiting = sa.select(Job.reference, Job.state, Job.error).where(Job.state != "done")
            return [
                " ".join(map(str, row))
                for chosen in (messages, waiting)
                for row in db.session.execute(chosen)
            ]

        return self._within(look)

    def _sweep(self) -> None:
        """Do what a minute does: make due what waits after a failure, and ask for the sweep."""

        def hurry() -> None:
            moment = clock.now()
            for model in (Message, Job):
                late = sa.update(model).where(model.state == "waiting", model.due > moment).values(due=moment)
                with writing():
                    db.session.connection().execute(late)

        self._within(hurry)
        with suppress(Exception):  # the broker may be what was killed: the next second asks again
            for name, queue in (("recover.jobs", "jobs"), ("drain.jobs", "jobs"), ("drain.outbox", "outbox")):
                self.celery.send_task(name, queue=queue, retry=False, expires=30)

    def _ripe(self) -> None:
        """End the leases of a worker that was killed."""

        def end() -> None:
            past = clock.now() - timedelta(seconds=1)
            with writing():
                for model, state in ((Message, "sending"), (Job, "running")):
                    ended = sa.update(model).where(model.state == state).values(lease_until=past)
                    db.session.connection().execute(ended)

        self._within(end)

    def _within(self, work: Callable[[], T]) -> T:
        with self.app.app_context():
            return work()


def _die_with_parent() -> None:
    """On Linux, let a process of the town end with this one, whatever ends it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, int(signal.SIGKILL))


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
