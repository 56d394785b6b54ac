"""The life of a message, in values."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.outbox.failures import Failure
from cohortmgr.outbox.rules import (
    MAX_LOST_STARTS,
    MAX_TRIES,
    MESSAGE_STATES,
    MessageState,
    Past,
    after_failure,
    after_lost_start,
    wait_after,
)
from cohortmgr.outbox.variables import decode, encode


def test_what_was_sent_or_dropped_never_leaves_again() -> None:
    assert MESSAGE_STATES.moves[MessageState.DROPPED] == ()
    assert MESSAGE_STATES.moves[MessageState.SENT] == (MessageState.RETURNED,)


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
    assert decode(encode(content)) == content
    assert "سنة" in encode(content)


def test_a_variable_that_would_come_back_as_something_else_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        encode({"row": object()})


NOW = datetime(2026, 5, 12, 14, tzinfo=UTC)


def test_a_permanent_failure_sends_it_back_at_once() -> None:
    assert after_failure(Failure.PERMANENT, Past(), NOW)["state"] == MessageState.RETURNED


def test_a_temporary_failure_waits_and_the_last_sets_it_aside() -> None:
    values = after_failure(Failure.TEMPORARY, Past(tries=2), NOW)
    assert (values["state"], values["tries"], values["due"]) == (
        MessageState.WAITING, 3, NOW + timedelta(minutes=4),
    )  # fmt: skip
    assert after_failure(Failure.TEMPORARY, Past(tries=MAX_TRIES - 1), NOW)["state"] == MessageState.SET_ASIDE


def test_what_a_server_left_unanswered_is_sent_once_more_and_no_more() -> None:
    first = after_failure(Failure.UNANSWERED, Past(), NOW)
    assert (first["state"], first["tries"], first["unanswered"]) == (MessageState.WAITING, 0, 1)
    assert after_failure(Failure.UNANSWERED, Past(unanswered=1), NOW)["state"] == MessageState.SET_ASIDE


def test_three_silent_senders_set_it_aside_and_one_that_may_have_sent_twice_sooner() -> None:
    states = [after_lost_start(Past(lost_starts=n)) for n in range(MAX_LOST_STARTS)]
    assert states == [MessageState.WAITING, MessageState.WAITING, MessageState.SET_ASIDE]
    assert after_lost_start(Past(lost_starts=1, unanswered=1)) == MessageState.SET_ASIDE
    assert not Past(tries=5).alone and Past(lost_starts=1).alone and Past(unanswered=1).alone


@given(st.lists(st.sampled_from(["refused", "unanswered", "lost before", "lost after"]), max_size=30))
def test_whatever_happens_a_server_has_it_twice_at_most(events: list[str]) -> None:
    """`had`: how often a server may have taken it. A sender that falls silent says before the end that it comes, if
    the message was claimed alone."""
    past, had, state = Past(), 0, MessageState.WAITING
    for event in events:
        if state != MessageState.WAITING:
            break
        if event in ("refused", "unanswered"):
            failure = Failure.TEMPORARY if event == "refused" else Failure.UNANSWERED
            had += failure == Failure.UNANSWERED
            values = after_failure(failure, past, NOW)
            state = values["state"]
            past = Past(values["tries"], past.lost_starts, values["unanswered"])
            continue
        had += event == "lost after"
        told = past.alone and event == "lost after"
        past = Past(past.tries, past.lost_starts, past.unanswered + told)
        state = after_lost_start(past)
        past = Past(past.tries, past.lost_starts + 1, past.unanswered)
    assert had <= 2
