"""Which answers are reopened, and which are not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cohortmgr.applications.corrections.rules import (
    LONGEST,
    REASON,
    SHORTEST,
    corrected_by_staff,
    reopened,
    request_problems,
    strangers,
    unanswered,
)
from cohortmgr.applications.lists.filters import SIZES, ApplicationFilters
from cohortmgr.programmes.definition.toml import read_known

FORM = read_known("mdia").form
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
SOON = NOW + timedelta(days=3)


def wrong(items: dict[str, str], message: str = "", until: datetime = SOON) -> set[str | None]:
    return {problem.where for problem in request_problems(FORM, items, message, until, NOW)}


def test_a_request_names_questions_of_the_form_and_a_kind_each() -> None:
    assert wrong({"s1": "incorrect", "transcripts": "incomplete"}) == set()
    assert wrong({}) == wrong({"unknown": "incorrect"}) == wrong({"s1": "ugly"}) == {"questions"}


def test_what_is_asked_once_a_seat_is_accepted_is_not_reopened() -> None:
    later = [question.key for question in FORM.questions if not question.asked_at_application]
    assert all(wrong({key: "incorrect"}) == {"questions"} for key in later)
    assert reopened(FORM, later) == ()


@pytest.mark.parametrize(
    "until", [NOW, NOW + SHORTEST - timedelta(minutes=1), NOW + LONGEST + timedelta(minutes=1)]
)
def test_a_person_has_a_night_and_not_for_ever(until: datetime) -> None:
    assert wrong({"s1": "incorrect"}, until=until) == {"until"}


def test_a_message_has_its_length() -> None:
    assert wrong({"s1": "incorrect"}, "x" * 1001) == {"message"}


def test_an_answer_to_any_other_question_is_a_stranger() -> None:
    assert strangers(FORM, {"s1"}, ["s1", "csrf_token"]) == []
    assert [problem.where for problem in strangers(FORM, {"s1"}, ["s2", "s1", "s3-0-grade"])] == ["s2", "s3"]


def test_a_required_answer_is_given_again() -> None:
    questions = reopened(FORM, {"s1", "transcripts"})
    assert {problem.where for problem in unanswered(FORM, questions, {}, [])} == {"s1", "transcripts"}
    assert unanswered(FORM, questions, {"s1": "12"}, ["transcripts"]) == []


def test_filters_keep_what_makes_sense_and_nothing_else() -> None:
    given = {
        "average_from": "١٢,5", "average_to": "vingt", "sent_from": "1/9/2026", "sent_to": "2026-13-40",
        "columns": "email,rubbish,number", "correction": "late", "outcome": "offer", "note": "maybe",
    }  # fmt: skip
    filters = ApplicationFilters.of(given)
    assert (filters.average_from, filters.average_to) == ("12.5", "")
    assert (filters.sent_from, filters.sent_to) == ("2026-09-01", "")
    assert filters.shown == ("email", "number")
    assert (filters.correction, filters.outcome, filters.note) == ("", "offer", "")
    assert ApplicationFilters.of(filters.arguments()) == filters
    assert ApplicationFilters.of({"columns": "rubbish"}) == ApplicationFilters()
    assert [ApplicationFilters.of({"size": size}).size for size in ("50", "100", "250", "600", "251", "-1")] == [
        *SIZES, 50, 50,
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["x" * 100_000, "\x00", "‮", "9" * 5000, "1e999999", "NaN", "Infinity", "-1"])
def test_rubbish_in_an_address_is_left_aside(text: str) -> None:
    names = ApplicationFilters().__dict__
    filters = ApplicationFilters.of(dict.fromkeys(names, text))
    assert ApplicationFilters.of(filters.arguments()) == filters
    assert len(str(filters.arguments())) < 500


def test_staff_correct_no_paper_consent_account_contact_number_or_guardian_themselves() -> None:
    junior = read_known("ai-master-junior").form
    for form in (FORM, junior):
        every = [question.key for question in form.questions]
        allowed = corrected_by_staff(form, every)
        assert {"given_name", "family_name"} <= {each.key for each in allowed}
        assert not {each.kind.value for each in allowed} & {"file", "consent"}
        asked_again = ("guardian.", "bank.", "identifier.", "person.email", "person.phone")
        assert not [each.key for each in allowed if (each.target or "").startswith(asked_again)]
        assert corrected_by_staff(form, []) == ()
        assert REASON not in every
