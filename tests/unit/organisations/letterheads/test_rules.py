"""What may be written in a letterhead, and whose stands where."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from cohortmgr.demo.letterheads import LETTERHEADS
from cohortmgr.organisations.letterheads.rules import (
    LANGUAGES,
    LONGEST,
    REQUIRED,
    TEXT_NAMES,
    UNNAMED,
    Letterhead,
    LetterheadDraft,
    Letterheads,
    field_of,
    problems_of,
)
from cohortmgr.organisations.telephones import dialled

NAME = {"fr": "Un institut", "ar": "معهد", "en": "An institute"}
LEAST = LetterheadDraft({"name": NAME, "short": NAME})


def wheres(draft: LetterheadDraft) -> list[str | None]:
    return [problem.where for problem in problems_of(draft.cleaned())]


@pytest.mark.parametrize("key", sorted(LETTERHEADS))
def test_those_of_the_demonstration_may_be_written(key: str) -> None:
    assert problems_of(LETTERHEADS[key].cleaned()) == []
    assert "DEMO" in LETTERHEADS[key].cndp, "no number of the CNDP's own"


def test_the_two_names_suffice_and_are_needed_in_each_language() -> None:
    assert wheres(LEAST) == []
    assert wheres(LetterheadDraft({})) == [field_of(name, each) for name in REQUIRED for each in LANGUAGES]
    for name in REQUIRED:
        for language in LANGUAGES:
            for unseen in ("  ", "\u200b", "\u200e \u2069"):
                texts = {**LEAST.texts, name: {**NAME, language: unseen}}
                assert wheres(LetterheadDraft(texts)) == [field_of(name, language)]


@pytest.mark.parametrize("name", sorted(set(LONGEST) - set(REQUIRED)))
def test_any_other_text_is_written_in_all_languages_or_in_none(name: str) -> None:
    assert wheres(LetterheadDraft({**LEAST.texts, name: dict.fromkeys(LANGUAGES, " ")})) == []
    assert wheres(LetterheadDraft({**LEAST.texts, name: {"ar": "هنا"}})) == [
        field_of(name, "fr"),
        field_of(name, "en"),
    ]


@pytest.mark.parametrize("name", sorted(LONGEST))
def test_no_text_is_longer_than_its_place(name: str) -> None:
    fits, exceeds = (dict.fromkeys(LANGUAGES, "x" * (LONGEST[name] + more)) for more in (0, 1))
    assert wheres(LetterheadDraft({**LEAST.texts, name: fits})) == []
    assert wheres(LetterheadDraft({**LEAST.texts, name: exceeds})) == [
        field_of(name, each) for each in LANGUAGES
    ]


@pytest.mark.parametrize("telephone", ["05 37 00 00 27", "+212 537-000027", "0537000027", "٠٥ ٣٧ ٠٠ ٠٠ ٢٧"])
def test_a_telephone_is_written_as_people_write_it(telephone: str) -> None:
    written = replace(LEAST, telephone=telephone)
    assert wheres(written) == []
    assert dialled(written.cleaned().telephone) == "+212537000027"


def test_a_telephone_of_ten_digits_is_shown_in_pairs() -> None:
    assert replace(LEAST, telephone="0537000027").cleaned().telephone == "05 37 00 00 27"
    assert (
        replace(LEAST, telephone="141").cleaned().telephone == "141"
        and wheres(replace(LEAST, telephone="141")) == []
    )


def test_what_is_missing_is_said_with_its_language() -> None:
    said = LetterheadDraft({"name": {"fr": "INPT"}, "short": {"fr": "INPT", "ar": "ا", "en": "I"}})
    assert {str(each.values["language"].what) for each in problems_of(said)} == {"en arabe", "en anglais"}


@pytest.mark.parametrize(
    "telephone",
    ["appelez-nous", "05 37 00 00 27 poste 2", "05<b>37</b>", "+", "5", "1" * 31, "0537999", "+212 5 37 99"],
)
def test_what_cannot_be_dialled_is_no_telephone(telephone: str) -> None:
    assert wheres(replace(LEAST, telephone=telephone)) == ["telephone"]


@pytest.mark.parametrize("email", ["a@b", "a b@c.ma", "javascript:alert(1)", "a@b.ma, c@d.ma"])
def test_an_address_is_one_address(email: str) -> None:
    assert wheres(replace(LEAST, email=email)) == ["email"]
    assert wheres(replace(LEAST, email="contact@exemple.ma")) == []


@pytest.mark.parametrize("cndp", ["<b>", "D", "D-GC 1\n2", "x" * 41])
def test_a_number_of_the_cndp_is_one_word_or_two(cndp: str) -> None:
    assert wheres(replace(LEAST, cndp=cndp)) == ["cndp"]
    assert wheres(replace(LEAST, cndp="D-GC-123/2026")) == []


def test_a_text_that_has_no_place_is_not_kept() -> None:
    assert set(LetterheadDraft({**LEAST.texts, "other": NAME}).cleaned().texts) == {"name", "short"}
    assert LEAST.cleaned().texts["name"] == NAME
    assert TEXT_NAMES.keys() == LONGEST.keys()


def test_who_hosts_stands_before_who_runs_the_site() -> None:
    ours, host = Letterhead({"name": NAME}), Letterhead({}, host="inpt", institution_id=7)
    known = Letterheads(ours, (host,), "1")
    assert known.of_host("inpt") is known.of_institution(7) is host
    for other in (
        known.of_host("other"),
        known.of_host(None),
        known.of_institution(8),
        known.of_institution(None),
    ):
        assert other is ours
    assert Letterheads().of_host("inpt") is UNNAMED
    assert not any(re.search("cohortmgr", text) for text in UNNAMED.text("name").values())
