"""A campaign like another keeps its distances and its hours; a programme like another is sound at once."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from cohortmgr.base.clock import CASABLANCA
from cohortmgr.programmes.definition.checks.whole import check
from cohortmgr.programmes.definition.cloning import ClonedIntake, clone_intake, copy_programme
from cohortmgr.programmes.definition.toml import as_json, from_json, read_known

TITLE = {"fr": "Rentrée 2028", "ar": "دخول 2028", "en": "2028 intake"}
NAME = {"fr": "Autre master", "ar": "ماستر آخر", "en": "Another master’s"}
MDIA = as_json(read_known("mdia"))


def cloned(source: str, first: date, key: str = "2028") -> dict[str, Any]:
    document = copy.deepcopy(MDIA)
    clone_intake(document, source, ClonedIntake(key, TITLE, first))
    return document


def test_dates_keep_their_distances_and_hours() -> None:
    source = read_known("mdia").intake("2025")
    first = date(2028, 9, 25)
    made = from_json(cloned("2025", first)).intake("2028")
    assert made.starts_on == first and made.title == TITLE
    assert made.starts_on - made.decision_by == source.starts_on - source.decision_by
    for name in ("opens_at", "closes_at"):
        was, now = getattr(source, name), getattr(made, name)
        # Casablanca stood an hour before UTC in 2025 and stands at UTC in 2028.
        assert was.astimezone(CASABLANCA).time() == now.astimezone(CASABLANCA).time()
        assert was.time() != now.time()
        assert (
            now.astimezone(CASABLANCA).date() - was.astimezone(CASABLANCA).date()
        ) == first - source.starts_on
    assert made.offerings == source.offerings
    assert not check(from_json(cloned("2025", first)))


def test_a_clone_asks_what_the_other_asks_and_changes_no_other() -> None:
    for source, asked in (("2025", True), ("2027", False)):
        made = from_json(cloned(source, date(2028, 9, 25)))
        named = {q.key: q.application_intakes for q in made.form.questions if q.application_intakes}
        assert named, "mdia asks its RIB in one campaign alone"
        assert all(("2028" in keys) is asked for keys in named.values())
        assert made.intakes[:-1] == read_known("mdia").intakes
    with pytest.raises(KeyError):
        cloned("1999", date(2028, 9, 25))


@pytest.mark.parametrize("known", ["mdia", "jobintech", "ai-master-junior"])
def test_a_programme_like_another_is_sound_and_moved_as_a_whole(known: str) -> None:
    source, first = read_known(known), date(2029, 2, 5)
    made = copy_programme(source, "autre", NAME, ClonedIntake("2029", TITLE, first))
    assert not check(made)
    assert from_json(as_json(made)) == made
    assert (made.key, made.title, [each.key for each in made.intakes]) == ("autre", NAME, ["2029"])
    assert made.calendar == made.calendar_of("2029")
    assert made.calendar.starts_on == first
    assert len(made.calendar.periods) == len(source.calendar.periods)
    if source.stipend:
        assert made.stipend_of("2029") == made.stipend
        gone = (
            (made.stipend.starts_month.year - first.year) * 12 + made.stipend.starts_month.month - first.month
        )  # type: ignore[union-attr]
        since, begun = source.stipend.starts_month, source.calendar.starts_on
        assert gone == (since.year - begun.year) * 12 + since.month - begun.month
    assert not any(question.application_intakes for question in made.form.questions)


def test_the_last_day_of_offers_moves_too() -> None:
    source = read_known("mdia")
    source = replace(source, offers=replace(source.offers, last_day=source.calendar.starts_on))
    made = copy_programme(source, "autre", NAME, ClonedIntake("2029", TITLE, date(2029, 2, 5)))
    assert made.last_offer_day("2029") == date(2029, 2, 5)


def test_an_hour_that_clocks_show_twice_is_moved_to_one_that_is_there() -> None:
    document = copy.deepcopy(MDIA)
    document["intakes"][0]["opens_at"] = (
        datetime(2025, 6, 1, 2, 30, tzinfo=CASABLANCA).astimezone(UTC).isoformat()
    )
    clone_intake(document, "2025", ClonedIntake("2028", TITLE, date(2028, 9, 25)))
    assert from_json(document).intake("2028").opens_at.astimezone(CASABLANCA).hour == 2
