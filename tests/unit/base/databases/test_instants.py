"""What SQLite keeps of an instant reads as the aware instant that was written."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy.dialects import sqlite

from cohortmgr.base.databases.instants import Utc

WRITTEN = datetime(2026, 5, 12, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        ("2026-05-12 13:00:00.000000", WRITTEN),
        ("2026-05-12 13:00:00", WRITTEN),
        ("2026-05-12 13:00:00.000250", WRITTEN.replace(microsecond=250)),
        ("2026-05-12 13:00:00+00:00", WRITTEN),
        ("2026-05-12 14:00:00.000000+01:00", WRITTEN),
        (None, None),
    ],
)
def test_a_text_of_sqlite_reads_as_an_aware_instant(kept: str | None, expected: datetime | None) -> None:
    read = Utc().result_processor(sqlite.dialect(), None)(kept)
    assert read == expected
    assert read is None or read.tzinfo is not None


def test_what_is_written_is_read_again() -> None:
    dialect = sqlite.dialect()
    kind = Utc().dialect_impl(dialect)
    read = kind.result_processor(dialect, None)(kind.bind_processor(dialect)(WRITTEN))
    assert read == WRITTEN
    assert read.tzinfo is UTC


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Utc().process_bind_param(datetime(2026, 5, 12), sqlite.dialect())  # noqa: DTZ001  # that is the mistake
