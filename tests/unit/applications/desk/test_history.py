"""What happened to a file: the newest first, which answers an act was about, and what is alike told once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cohortmgr.applications.desk.history import HistoryEntry, questions_in, told_newest_first

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CHECKED = "Chiffre vérifié sur le document"
S1, S2, S3 = ({"fr": f"Semestre {number}"} for number in (1, 2, 3))


def at(minutes: int, what: str = CHECKED, by: str = "Amina", *about: dict[str, str]) -> HistoryEntry:
    return HistoryEntry(NOON + timedelta(minutes=minutes), what, by, about=about)


def test_the_newest_stands_first() -> None:
    told = told_newest_first([at(5, "b"), at(1, "a"), at(9, "c")])
    assert [entry.what for entry in told] == ["c", "b", "a"]


def test_one_act_on_several_answers_is_told_once_and_says_which() -> None:
    told = told_newest_first(
        [at(2, CHECKED, "Amina", S3), at(0, CHECKED, "Amina", S1), at(1, CHECKED, "Amina", S2)]
    )
    assert [(entry.at, entry.about) for entry in told] == [(NOON, (S1, S2, S3))]


@pytest.mark.parametrize(
    "other",
    [
        at(1, CHECKED, "Brahim", S2),
        at(1, "Document refusé", "Amina", S2),
        at(40, CHECKED, "Amina", S2),
        at(1, CHECKED, "Amina"),
    ],
    ids=["another person", "another act", "much later", "an act that names nothing"],
)
def test_what_differs_is_told_apart(other: HistoryEntry) -> None:
    assert len(told_newest_first([at(0, CHECKED, "Amina", S1), other])) == 2


def test_two_acts_that_name_nothing_stay_two() -> None:
    assert len(told_newest_first([at(0, "Note ajoutée"), at(1, "Note ajoutée")])) == 2


def test_an_answer_that_is_named_twice_is_told_once() -> None:
    (told,) = told_newest_first([at(0, CHECKED, "Amina", S1), at(1, CHECKED, "Amina", S1)])
    assert told.about == (S1,)


@pytest.mark.parametrize(
    ("after", "named"),
    [
        ({"question": "s1", "document": "D1", "read": "14"}, ("s1",)),
        ({"questions": ["cin", "rib"]}, ("cin", "rib")),
        ({"questions": {"s1": "incorrect"}, "until": "2027-01-10"}, ("s1",)),
        ({"answers": {"s1": "14", "s2": "15"}}, ("s1", "s2")),
        ({"document": "D1"}, ("transcripts",)),
        ({"document": "gone"}, ()),
        ({"questions": 3}, ()),
        ({}, ()),
        (None, ()),
    ],
)
def test_an_act_says_which_answers_it_was_about(after: object, named: tuple[str, ...]) -> None:
    assert questions_in({"before": {}, "after": after}, {"D1": "transcripts"}) == named


def test_of_an_act_whose_values_were_erased_nothing_is_told() -> None:
    assert questions_in(None, {}) == ()
