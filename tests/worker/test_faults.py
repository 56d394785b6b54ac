"""The short form of `python -m bench.faults`: a life of real processes each, some killed, and every message counted.

On the broker of files and on a Redis without a disk. What needs no process of its own is elsewhere: a server that
takes a message and hangs (test_servers.py), a clock that moves (test_delivery.py), two workers on one row
(test_workers.py), all in tests/integration/outbox.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.faults import WITH_REDIS, Kind, Outcome, table, tried
from tests.databases import Database
from tests.worker.conftest import empty_broker

# While nobody can say whether the server has it, and after; `make soak` kills at every stage, and beat too.
KINDS = (
    Kind("worker", "end"),
    Kind("worker", "answered"),
    Kind("web"),
    Kind(None, None, "cut"),
)


def test_nothing_is_lost_whoever_is_killed_and_one_message_repeats_at_most(
    database: Database, tmp_path: Path
) -> None:
    empty_broker(database.settings)
    redis = database.dialect == "postgres"
    kinds = (*KINDS, *WITH_REDIS[:2]) if redis else KINDS
    found = tried(database.settings, tmp_path, kinds, len(kinds), seed=7, redis=redis)
    assert [outcome for outcome in found if not outcome.good] == [], "\n".join(table(found))
    ended = next(outcome for outcome in found if outcome.kind == Kind("worker", "end"))
    assert ended.repeated == 1, "the server had it, and its sender died before it could know"


@pytest.mark.parametrize(
    ("outcome", "good"),
    [
        (Outcome(KINDS[0], sent=3, struck=True), True),
        (Outcome(KINDS[0], sent=3), False),
        (Outcome(KINDS[0], struck=True, repeated=1), True),
        (Outcome(KINDS[0], struck=True, repeated=2), False),
        (Outcome(KINDS[0], struck=True, lost=["a@b.ma"]), False),
        (Outcome(KINDS[0], struck=True, wrong=["7K3Q@cohortmgr.example"]), False),
    ],
)
def test_a_trial_says_what_is_amiss(outcome: Outcome, good: bool) -> None:
    assert outcome.good is good
