"""The life of a message, in values."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from cohortmgr.outbox.rules import MAX_TRIES, MEANINGS, TRANSITIONS, MessageState, wait_after
from cohortmgr.outbox.variables import read, written


def test_every_state_has_a_meaning_and_its_ways_out() -> None:
    assert set(MEANINGS) == set(TRANSITIONS) == set(MessageState)


def test_what_was_sent_or_dropped_never_leaves_again() -> None:
    assert TRANSITIONS[MessageState.DROPPED] == ()
    assert TRANSITIONS[MessageState.SENT] == (MessageState.RETURNED,)


def test_each_failure_waits_twice_as_long_up_to_six_hours() -> None:
    waits = [wait_after(tries) for tries in range(1, MAX_TRIES + 4)]
    assert waits[:4] == [timedelta(minutes=n) for n in (1, 2, 4, 8)]
    assert waits == sorted(waits) and waits[-1] == timedelta(hours=6)


def test_variables_come_back_as_what_they_were() -> None:
    content = {
        "name": "Saïd",
        "deadline": datetime(2026, 5, 12, 14, tzinfo=UTC),
        "day": date(2026, 5, 12),
        "amount": Decimal("7000.00"),
        "reasons": [{"what": "…", "values": {"least": Decimal("12.5")}}],
        "title": {"fr": "Année", "ar": "سنة", "en": "Year"},
    }
    assert read(written(content)) == content
    assert "سنة" in written(content)


def test_a_variable_that_would_come_back_as_something_else_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        written({"row": object()})
