"""When a replica may be read is said by places in the journal alone, and by no clock of another machine."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from cohortmgr.base.databases import replica
from cohortmgr.base.databases.replica import Replica, place_of


@pytest.mark.parametrize(
    ("written", "place"), [("0/0", 0), ("0/10", 16), ("16/B374D848", (0x16 << 32) + 0xB374D848)]
)
def test_a_place_is_a_number(written: str, place: int) -> None:
    assert place_of(written) == place


@pytest.mark.parametrize("written", ["", "0", "x/y", "1/2/3", "0/" + "1" * 20])
def test_what_is_no_place_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        place_of(written)


class Journal:
    """The two servers of a test: where the journal ends, up to where the replica applied it, and the time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.end, self.applied, self.now = 0, 0, 1000.0
        monkeypatch.setattr(replica, "end_of_journal", lambda _connection: self.end)
        monkeypatch.setattr(replica, "_applied", lambda _connection: self.applied)
        monkeypatch.setattr(replica.time, "monotonic", lambda: self.now)


@pytest.fixture
def journal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Journal]:
    with monkeypatch.context() as patch:
        yield Journal(patch)


def asked(known: Replica, wanted: int = 0) -> bool:
    """What a page does: it notes where the journal ends, and asks the replica."""
    connection: Any = None
    known.note_end(connection)
    return known.has(connection, wanted)


def test_one_that_has_all_is_read_and_one_that_lacks_what_was_written_is_not(journal: Journal) -> None:
    known = Replica()
    journal.end = journal.applied = 100
    assert asked(known) and asked(known, 100) and not asked(known, 101)


def test_one_that_is_a_little_behind_is_read_by_whoever_wrote_nothing(journal: Journal) -> None:
    known = Replica()
    journal.end = journal.applied = 100
    assert asked(known)
    for _second in range(4):
        journal.now += 1
        journal.end += 50
        assert asked(known), "what it has was the whole a few seconds ago"
        assert not asked(known, journal.end)


def test_one_that_stays_behind_is_not_read_and_says_so_once(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    known = Replica()
    journal.end = journal.applied = 100
    for _second in range(20):
        journal.now += 1
        journal.end += 50
        found = asked(known)
    assert not found and "behind" in known.ailing and caplog.text.count("behind") == 1
    journal.applied = journal.end
    assert asked(known) and known.ailing == "" and "is read again" in caplog.text


def test_at_an_idle_site_one_that_has_all_is_never_behind(journal: Journal) -> None:
    known = Replica()
    journal.end = journal.applied = 100
    for _hour in range(5):
        journal.now += 3600
        assert asked(known)


def test_one_whose_line_to_the_database_is_cut_does_not_pass_for_a_quiet_one(journal: Journal) -> None:
    """It applied all that it received: by its own clocks it is not behind at all."""
    known = Replica()
    journal.end, journal.applied = 500, 100
    for _second in range(20):
        journal.now += 1
        assert not asked(known)


def test_one_that_follows_nobody_is_none(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    known = Replica()
    monkeypatch.setattr(replica, "_applied", lambda _connection: None)
    assert not asked(known) and "is no replica" in known.ailing


def test_one_that_failed_rests(journal: Journal) -> None:
    known = Replica()
    known.note_away(OSError("gone"))
    assert known.rests() and "does not answer" in known.ailing
    journal.now += replica.RESTS
    assert not known.rests()
