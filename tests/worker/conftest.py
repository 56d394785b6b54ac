"""Each test of this folder runs with SQLite and the broker of files, and with PostgreSQL and Redis.

`worker` is a real worker in a process of its own, on the test's database and broker.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis

from cohortmgr.base.settings import Settings

if TYPE_CHECKING:
    from tests.databases import Database

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0


@pytest.fixture(autouse=True)
def _on_each_database(database: Database) -> None:
    """Asking for `database` is what makes a test run on both."""


def environment_of(settings: Settings) -> dict[str, str]:
    """The settings as another process of the same installation gets them."""
    return {**os.environ, **settings.environment()}


def empty_broker(settings: Settings) -> None:
    """Forget the wakes that earlier tests sent."""
    if settings.broker_url:
        with redis.Redis.from_url(settings.broker_url) as connection:
            connection.flushdb()
        return
    folder = settings.data / "broker"
    for part in folder.glob("*"):
        shutil.rmtree(part)
        part.mkdir()


@dataclass
class Worker:
    """A running worker: its process, for signals, and what it wrote."""

    process: subprocess.Popen[bytes]
    log: Path

    def said(self) -> str:
        """Its words so far."""
        return self.log.read_text(errors="replace")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Signal it and wait for its end; returns its code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the worker did not stop:\n{self.said()}") from None


@pytest.fixture
def worker(database: Database, tmp_path: Path) -> Iterator[Worker]:
    """A worker that is ready; stopped at the end if the test did not."""
    empty_broker(database.settings)
    log = tmp_path / "worker.log"
    command = [sys.executable, "-m", "celery", "-q", "-A", "worker.celery_app", "worker", "-Q", "jobs,outbox,documents",
               "-P", "threads", "-c", "6", "--loglevel", "info", "--without-gossip", "--without-mingle"]  # fmt: skip
    with log.open("wb") as written:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment_of(database.settings), stdout=written, stderr=written
        )
    running = Worker(process, log)
    deadline = time.monotonic() + PATIENCE
    while " ready." not in running.said():
        assert process.poll() is None and time.monotonic() < deadline, f"no worker:\n{running.said()}"
        time.sleep(0.05)
    yield running
    running.stop()
