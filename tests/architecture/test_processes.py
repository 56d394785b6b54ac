"""The processes that are started: a consumer for each queue, the same commands here and in the composition."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from urllib.parse import urlencode

import pytest
import yaml
from gunicorn.config import Config

from cohortmgr.base.databases.connecting import pooled_options
from cohortmgr.base.web.precedence import WAITING
from cohortmgr.jobs.actions.broker import QUEUES
from cohortmgr.programmes.definition.bounds.checking import MOST_BOUNDS
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.scenarios.rules import ScenarioChanges
from cohortmgr.selection.scenarios.sent import fields_of

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


def image() -> list[str]:
    """The words of the image's command."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    return next(json.loads(line.removeprefix("CMD ")) for line in lines if line.startswith("CMD "))


WEB = pytest.mark.parametrize("words", [procfile()["web"][2:], image()[1:]], ids=["Procfile", "Dockerfile"])


@WEB
def test_the_board_of_a_choice_with_as_many_bounds_as_there_may_be_fits_into_an_address(
    words: list[str],
) -> None:
    # What is tried stands in the address: above gunicorn's own limit of 4,094 bytes it was answered with 414.
    where = {"region": "MA-08", "sex": "f", "licence": "informatique"}
    bounds = tuple(Bound(where, 12, 190, hard=bool(place % 2)) for place in range(MOST_BOUNDS))
    tried = ScenarioChanges(1_000, bounds, {f"criterion_{place}": 100 for place in range(10)})
    said = fields_of(tried) | {
        "offering": "X" * 26,
        "tried": "1",
        "group_new": "",
        "and_new": "",
        "hard_new": "hard",
    }
    line = f"GET /staff/intakes/{'X' * 26}/board?{urlencode(said)} HTTP/1.1"
    assert len(line) < int(Config().parser().parse_args(words).limit_request_line)


@WEB
def test_no_sender_says_under_which_address_the_house_stands(words: list[str]) -> None:
    # From this machine gunicorn believes a header SCRIPT_NAME, and answers 500 where the path does not begin so.
    wanted = Config()
    wanted.set("forwarder_headers", wanted.parser().parse_args(words).forwarder_headers)
    assert wanted.forwarder_headers == []


def test_the_web_has_as_many_threads_everywhere_and_a_connection_for_each() -> None:
    built, here = image(), procfile()["web"]
    for name in ("--workers", "--threads", "--worker-class"):
        assert here[here.index(name) + 1] == built[built.index(name) + 1]
    threads = int(here[here.index("--threads") + 1])
    assert pooled_options("postgresql+psycopg://somebody@/somewhere")["pool_size"] == threads
    assert threads >= 2 * WAITING, "lists that wait would hold most of the threads"
