"""A worker notes outside of the database where the trail's chains end: when it starts, and when it stops."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.audit import queries
from cohortmgr.audit.actions import About, record
from cohortmgr.audit.rules import REGISTER, chain_of
from cohortmgr.base.db import db, writing
from tests.databases import Database
from tests.worker.conftest import PATIENCE, Worker


@pytest.mark.usefixtures("system_context")
def test_the_ends_of_chains_are_noted_at_the_start_and_at_a_stop(database: Database, worker: Worker) -> None:
    folder = database.settings.data / "trail"

    def lines() -> list[dict[str, Any]]:
        files = [path.read_text("utf-8").splitlines() for path in sorted(folder.glob("*.jsonl"))]
        return [json.loads(line) for file in files for line in file]

    end = time.monotonic() + PATIENCE
    while not lines():
        assert time.monotonic() < end, worker.said()
        time.sleep(0.05)
    assert list(lines()[-1]["heads"]) == [REGISTER], "nobody acted, but the old rule has ended"
    with writing():
        record(SYSTEM, "tests.note", About("test", "r"))
    assert worker.stop() == 0, worker.said()
    last = lines()[-1]
    assert last["heads"][chain_of("installation", "r")][0] == 1
    assert f"signature {last['signature']}" in worker.said()
    assert "Traceback" not in worker.said(), worker.said()
    db.session.rollback()
    assert queries.faults() == []
