"""What a reader says of themselves bars files: names by their whole words in any order and script, places by theirs."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.applications.file.words import words_of
from cohortmgr.reviews.assignment import acquaintance
from cohortmgr.reviews.assignment.acquaintance import BearerFile, ReaderSaying


def _blind(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()[:20]


def _is_known(typed: str, *names: str) -> bool:
    said, _short = acquaintance.typed_names(typed)
    file = BearerFile([_blind(word) for word in words_of(names, "MDIA-000001").split()])
    reader = ReaderSaying(names=[acquaintance.blinded(name, _blind) for name in said])
    return acquaintance.barred({"F": file}, {"R": reader}) == {("R", "F")}


@pytest.mark.parametrize(
    ("typed", "names", "known"),
    [
        ("Salma Bennis", ("Salma", "Bennis"), True),
        ("BENNIS  salma", ("Salma", "Bennis"), True),
        ("Héloïse Le-Goff", ("heloise", "le goff"), True),
        ("Youssef Elamrani", ("Youssef", "El Amrani"), True),
        ("el-amrani youssef", ("Youssef", "Elamrani"), True),
        ("سَلمى بنيس", ("Salma", "Bennis", "سلمى", "بنيس"), True),
        ("عبدالله العلوي", ("Abdellah", "Alaoui", "عبد الله", "العلوي"), True),
        ("Salma Bennis", ("Salma Zineb", "Bennis"), True),
        ("Salma Benn", ("Salma", "Bennis"), False),
        ("Salma Alaoui", ("Salma", "Bennis"), False),
        ("Salma", ("Salma", "Bennis"), False),
        ("", ("", ""), False),
    ],
)
def test_names_are_compared_by_their_words(typed: str, names: tuple[str, ...], known: bool) -> None:
    assert _is_known(typed, *names) is known


def test_a_line_of_one_word_is_no_name_and_is_told() -> None:
    assert acquaintance.typed_names("Salma Bennis\n\n Salma \nEl Amrani\nSalma Bennis") == (
        ["Salma Bennis"],
        ["Salma", "El Amrani"],
    )


def test_a_name_that_is_kept_shows_none_of_its_words() -> None:
    kept = acquaintance.blinded("Salma Bennis", _blind)
    assert "salma" not in kept.lower() and "bennis" not in kept.lower() and len(kept.split()) == 2


def _is_named(place: str, school: str) -> bool:
    return bool(acquaintance.barred({"F": BearerFile((), [school])}, {"R": ReaderSaying(places=[place])}))


@pytest.mark.parametrize(
    ("place", "school", "named"),
    [
        ("Lycée Moulay Youssef", "LYCEE MOULAY-YOUSSEF, Rabat", True),
        ("INPT", "Institut National des Postes et Télécommunications", True),
        ("Institut national des postes et télécommunications", "INPT Rabat", True),
        ("Université Hassan II", "Université Hassan II de Casablanca", True),
        ("ثانوية الحسن الثاني", "الثانوية التأهيلية الحسن الثاني بالرباط", True),
        ("Université Hassan II", "Université Hassan Ier", False),
        ("Lycée Moulay Youssef", "Lycée Moulay Idriss", False),
        ("INPT", "ENSIAS", False),
        ("INPT", "", False),
    ],
)
def test_places_are_compared_by_their_words_and_their_acronym(place: str, school: str, named: bool) -> None:
    assert _is_named(place, school) is named


def test_a_kind_of_place_names_none_and_is_told() -> None:
    assert acquaintance.typed_places("Université\nUniversité Hassan II\nla faculté\nالجامعة\n") == (
        ["Université Hassan II"],
        ["Université", "la faculté", "الجامعة"],
    )


_NAMES = st.lists(
    st.sampled_from(["salma", "bennis", "zineb", "alaoui", "youssef", "omar"]), min_size=2, max_size=3
)
_SCHOOLS = st.sampled_from(("inpt", "lycee moulay youssef", "universite hassan", "ensias rabat", ""))


@given(
    st.dictionaries(st.sampled_from("ABCDEF"), st.tuples(_NAMES, _SCHOOLS), min_size=1),
    st.dictionaries(st.sampled_from("xyz"), st.tuples(_NAMES, _SCHOOLS), min_size=1),
)
def test_an_index_finds_what_comparing_each_with_each_finds(
    files: dict[str, tuple[list[str], str]], readers: dict[str, tuple[list[str], str]]
) -> None:
    bearers = {
        number: BearerFile([_blind(word) for word in name], [school] if school else [])
        for number, (name, school) in files.items()
    }
    said = {
        reader: ReaderSaying([acquaintance.blinded(" ".join(name), _blind)], [place] if place else [])
        for reader, (name, place) in readers.items()
    }
    expected = {
        (reader, number)
        for reader, (typed, place) in readers.items()
        for number, (name, school) in files.items()
        if set(typed) <= set(name) or (place and set(place.split()) <= set(school.split()))
    }
    assert acquaintance.barred(bearers, said) == expected
