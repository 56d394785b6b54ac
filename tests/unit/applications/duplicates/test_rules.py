"""How much two files look like one person's."""

from __future__ import annotations

import time
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.applications.duplicates.rules import (
    THRESHOLD,
    PersonTraits,
    Sign,
    TraitKind,
    keys_of,
    likeness,
)

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


def test_a_mistyped_identity_number_is_told_and_a_namesake_s_or_a_twin_s_is_not() -> None:
    same = PersonTraits(2, "Salma Bennis", "", date(2004, 2, 26), None, None, {"cin": "other"})
    assert likeness(SALMA, same).is_told
    assert Sign.OTHER_NUMBER in likeness(SALMA, same).signs
    near = PersonTraits(3, "Selma Bennis", "", date(2004, 2, 26), None, None, {"cin": "other"})
    namesake = PersonTraits(4, "Salma Bennis", "", None, "phone-1", None, {"cin": "other"})
    twin = PersonTraits(5, "Hiba Bennis", "", date(2004, 2, 26), None, "salma@exemple.ma", {"cin": "other"})
    assert not any(likeness(SALMA, each).is_told for each in (near, namesake, twin))


@given(PEOPLE, PEOPLE)
def test_it_is_the_same_in_both_directions_and_within_bounds(one: PersonTraits, other: PersonTraits) -> None:
    there, back = likeness(one, other), likeness(other, one)
    assert (there.score, set(there.signs)) == (back.score, set(back.signs))
    assert 0 <= there.score <= 100


FIRST, LAST = (
    ("Salma", "Hiba", "Mohammed", "Fatima-Zahra"),
    ("Bennis", "El Alaoui", "Ouazzani", "Aït Benhaddou"),
)


@st.composite
def spelt(draw: st.DrawFn, wrongly: bool) -> PersonTraits:
    """Somebody of few names, dates, telephones and addresses, names in any order, perhaps with a letter mistyped."""
    words = [draw(st.sampled_from(FIRST)), draw(st.sampled_from(LAST))]
    name = " ".join(draw(st.permutations(words)))
    place = draw(st.integers(0, len(name) * 3))
    if wrongly and place < len(name):
        name = name[:place] + draw(st.sampled_from("abz")) + name[place + draw(st.integers(0, 1)) :]
    return PersonTraits(
        0, name, draw(st.sampled_from(["", "سلمى بنيس", "هبة بنيس"])), draw(st.none() | st.just(date(2004, 2, 26))),
        draw(st.none() | st.sampled_from("xy")), draw(st.none() | st.sampled_from(["a@b.ma", "A@B.MA"])),
    )  # fmt: skip


@given(spelt(wrongly=False), spelt(wrongly=True))
def test_whoever_is_told_shares_what_they_are_compared_by(one: PersonTraits, other: PersonTraits) -> None:
    assert not likeness(one, other).is_told or keys_of(one).keys() & keys_of(other).keys()


@given(PEOPLE)
def test_a_date_of_birth_alone_has_nobody_compared_and_neither_has_a_name(one: PersonTraits) -> None:
    alone = PersonTraits(1, birth=one.birth), PersonTraits(1, name=one.name, name_ar="سلمى بنيس")
    assert not any(keys_of(each) for each in alone)


def test_the_traits_are_numbers_that_stay_the_same() -> None:
    """They are stored: another way of making them would need every file compared anew."""
    keys = keys_of(SALMA)
    assert sorted(keys.values()) == [TraitKind.BIRTH] * 6 + [TraitKind.EMAIL, TraitKind.PHONE]
    assert keys[-6228568012698205655] == TraitKind.PHONE
    assert all(-(2**63) <= key < 2**63 for key in keys)


def test_a_name_of_a_hundred_kilobytes_costs_nothing() -> None:
    begun = time.perf_counter()
    likeness(PersonTraits(1, "a" * 100_000), PersonTraits(2, "b" * 100_000))
    assert time.perf_counter() - begun < 0.5
