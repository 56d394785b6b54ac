"""The processes that are started: a consumer for each queue, the same commands here and in the composition."""

from __future__ import annotations

import shlex
from pathlib import Path

import yaml

from cohortmgr.jobs.broker import QUEUES

ROOT = Path(__file__).resolve().parents[2]


def procfile() -> dict[str, list[str]]:
    """The words of each process's command."""
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    return {
        name: shlex.split(command) for name, _, command in (line.partition(":") for line in lines if line)
    }


def consumed(words: list[str]) -> set[str]:
    """The queues that a worker's command names."""
    return set(words[words.index("-Q") + 1].split(","))


def test_every_queue_has_a_consumer() -> None:
    composed = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    assert consumed(procfile()["worker"]) == set(QUEUES)
    assert consumed(composed["services"]["worker"]["command"]) == set(QUEUES)


def test_each_process_replaces_its_shell() -> None:
    for name, words in procfile().items():
        assert words[0] == "exec", f"{name}: the supervisor's signal would end the shell and not the process"


def test_the_web_server_opens_no_control_socket() -> None:
    assert "--no-control-socket" in procfile()["web"]
