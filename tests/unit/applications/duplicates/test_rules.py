"""How much two files look like one person's."""

from __future__ import annotations

import time
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.applications.duplicates.rules import CROWD, THRESHOLD, PersonTraits, Sign, likeness, pairs

SALMA = PersonTraits(
    1, "Salma Bennis", "سلمى بنيس", date(2004, 2, 26), "phone-1", "salma@exemple.ma", {"cin": "a"}
)
NAMES = st.text(st.sampled_from("abcdeé -'"), max_size=20)
PEOPLE = st.builds(
    PersonTraits,
    st.integers(1, 50),
    NAMES,
    st.just(""),
    st.one_of(st.none(), st.dates(date(2000, 1, 1), date(2000, 1, 5))),
    st.one_of(st.none(), st.sampled_from("xy")),
    st.one_of(st.none(), st.sampled_from(["a@b.ma", "A@B.MA", "c@d.ma"])),
)


def test_the_same_name_and_birth_are_one_person_however_they_are_written() -> None:
    other = PersonTraits(2, "BENNIS  salmâ", "", date(2004, 2, 26))
    alike = likeness(SALMA, other)
    assert alike.signs == (Sign.SAME_NAME, Sign.SAME_BIRTH) and alike.score >= THRESHOLD
    arabic = PersonTraits(3, "", "سَلْمَى بنّيس", date(2004, 2, 26))
    assert likeness(SALMA, arabic).score >= THRESHOLD


def test_a_letter_may_differ_and_a_middle_name_be_left_out() -> None:
    assert Sign.NEAR_NAME in likeness(SALMA, PersonTraits(2, "Salma Benniss")).signs
    assert Sign.NEAR_NAME in likeness(SALMA, PersonTraits(2, "Salma Amina Bennis")).signs
    assert Sign.NEAR_NAME not in likeness(SALMA, PersonTraits(2, "Selma Benani")).signs


def test_brothers_and_sisters_who_share_a_phone_and_an_address_are_two() -> None:
    sister = PersonTraits(2, "Hiba Bennis", "", date(2006, 5, 1), "phone-1", "salma@exemple.ma", {"cin": "b"})
    assert likeness(SALMA, sister).score < THRESHOLD


def test_other_identity_numbers_speak_against_it() -> None:
    same = PersonTraits(2, "Salma Bennis", "", date(2004, 2, 26), None, None, {"cin": "other"})
    assert likeness(SALMA, same).score < THRESHOLD
    assert Sign.OTHER_NUMBER in likeness(SALMA, same).signs


@given(PEOPLE, PEOPLE)
def test_it_is_the_same_in_both_directions_and_within_bounds(one: PersonTraits, other: PersonTraits) -> None:
    there, back = likeness(one, other), likeness(other, one)
    assert (there.score, set(there.signs)) == (back.score, set(back.signs))
    assert 0 <= there.score <= 100


@given(st.lists(PEOPLE, max_size=10, unique_by=lambda each: each.id))
def test_every_pair_is_told_once_and_reaches_the_threshold(people: list[PersonTraits]) -> None:
    found = pairs(people)
    assert len({(each.first, each.second) for each in found}) == len(found)
    assert all(each.score >= THRESHOLD and each.first < each.second for each in found)


def test_what_a_crowd_shares_tells_nobody_apart_and_ten_thousand_take_seconds() -> None:
    people = [
        PersonTraits(
            i,
            f"Nom{i} Prénom{i * 7 % 9973}",
            "",
            date(2000 + i % 9, 1 + i % 12, 1 + i % 28),
            "school",
            "e@cole.ma",
        )
        for i in range(10_000)
    ]
    begun = time.perf_counter()
    assert pairs(people) == []
    assert time.perf_counter() - begun < 20
    assert CROWD < 10_000


def test_a_name_of_a_hundred_kilobytes_costs_nothing() -> None:
    begun = time.perf_counter()
    likeness(PersonTraits(1, "a" * 100_000), PersonTraits(2, "b" * 100_000))
    assert time.perf_counter() - begun < 0.5


@given(st.lists(PEOPLE, max_size=10, unique_by=lambda each: each.id), st.sets(st.integers(1, 50)))
def test_between_two_lists_are_the_pairs_of_one_of_each(people: list[PersonTraits], within: set[int]) -> None:
    every = {(each.first, each.second) for each in pairs(people)}
    across = {(one, other) for one, other in every if (one in within) != (other in within)}
    assert {(each.first, each.second) for each in pairs(people, within)} == across
