"""Which recall has its turn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.programmes.definition.rules import Reminders

END = datetime(2026, 6, 30, 23, tzinfo=UTC)
HOURS = st.lists(st.integers(1, 400), max_size=5).map(tuple)


def test_the_last_hour_that_came_has_its_turn() -> None:
    terms = Reminders((168, 48, 3))
    assert terms.due(END, END - timedelta(hours=169)) is None
    first = terms.due(END, END - timedelta(hours=168))
    assert first is not None and (first.hours, first.until) == (168, END - timedelta(hours=48))
    last = terms.due(END, END - timedelta(minutes=1))
    assert last is not None and (last.hours, last.until) == (3, END)
    assert terms.due(END, END) is None


@given(HOURS, st.integers(0, 500 * 60))
def test_whatever_the_order_a_recall_holds_from_its_hour_to_the_next(
    hours: tuple[int, ...], before: int
) -> None:
    moment = END - timedelta(minutes=before)
    found = Reminders(hours).due(END, moment)
    assert (found is None) == (not any(before <= each * 60 for each in hours) or before == 0)
    if found is not None:
        assert found.since <= moment < found.until <= END
