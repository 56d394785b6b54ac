"""The day by which a question is answered, and the ways of its states."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.messages.helpdesk.names import PARTS, TAGS, TOPICS
from cohortmgr.messages.helpdesk.rules import (
    QUESTION_STATES,
    RIGHTS,
    EntryKind,
    HelpRequestState,
    Topic,
    answer_by,
    days_for,
    is_overdue,
)
from cohortmgr.messages.undelivered.names import DELIVERY_TROUBLE_NAMES
from cohortmgr.messages.undelivered.rules import DeliveryTroubleKind


@pytest.mark.parametrize(
    ("asked", "by"),
    [
        (date(2026, 3, 2), date(2026, 3, 4)),  # Monday
        (date(2026, 3, 5), date(2026, 3, 9)),  # Thursday
        (date(2026, 3, 6), date(2026, 3, 10)),  # Friday
        (date(2026, 3, 7), date(2026, 3, 10)),  # Saturday
        (date(2026, 3, 8), date(2026, 3, 10)),  # Sunday
    ],
)
def test_two_working_days(asked: date, by: date) -> None:
    assert answer_by(asked) == by


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 30))
def test_so_many_working_days_lie_between_and_the_last_is_one(asked: date, days: int) -> None:
    by = answer_by(asked, days)
    passed = [asked + timedelta(days=number) for number in range(1, (by - asked).days + 1)]
    assert sum(day.weekday() < 5 for day in passed) == days and by.weekday() < 5
    assert answer_by(asked + timedelta(days=1), days) >= by


def test_only_the_desk_is_late() -> None:
    day = date(2026, 3, 4)
    late = {state for state in HelpRequestState if is_overdue(state, day, day + timedelta(days=1))}
    assert late == {HelpRequestState.OPEN} and not is_overdue(HelpRequestState.OPEN, day, day)


def test_every_state_can_be_opened_again_and_closed() -> None:
    for state, ways in QUESTION_STATES.moves.items():
        assert state is HelpRequestState.OPEN or HelpRequestState.OPEN in ways
        assert state is HelpRequestState.CLOSED or HelpRequestState.CLOSED in ways


def test_all_have_names() -> None:
    assert set(TOPICS) == set(Topic) and set(QUESTION_STATES.names) == set(TAGS) == set(HelpRequestState)
    assert set(PARTS) == set(EntryKind) and set(DELIVERY_TROUBLE_NAMES) == set(DeliveryTroubleKind)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.sampled_from(sorted(RIGHTS)))
def test_what_the_law_gives_people_is_answered_within_its_ten_clear_days(asked: date, right: Topic) -> None:
    by = answer_by(asked, days_for(right))
    assert by <= asked + timedelta(days=11), "the day of asking and the last day do not count"
    assert by > answer_by(asked, days_for(Topic.DATES))


def test_the_rights_of_the_law_have_topics_and_nothing_else_has_their_time() -> None:
    assert {topic for topic in Topic if topic.value.endswith("_data")} == RIGHTS
    assert len(RIGHTS) == 4 and {days_for(topic) for topic in set(Topic) - RIGHTS} == {2}
    assert days_for("") == 2, "a mail's question has no topic"
