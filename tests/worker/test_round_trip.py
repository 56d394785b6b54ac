"""What is asked for in a process is done in the worker's, on both databases and both brokers."""

from __future__ import annotations

import signal

from flask.testing import FlaskCliRunner

from tests.worker.conftest import Worker


def test_the_worker_answers(worker: Worker, runner: FlaskCliRunner) -> None:
    done = runner.invoke(args=["operations", "ping", "--seconds", "15"])
    assert done.exit_code == 0, done.output + worker.said()
    assert "answered" in done.output


def test_the_worker_stops_when_told(worker: Worker) -> None:
    assert worker.stop(signal.SIGTERM) == 0, worker.said()
