"""Text as it is compared and searched."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cohortmgr.base import text
from cohortmgr.base.text import (
    clean,
    fold,
    following,
    new_link_token,
    new_reference,
    reference_once,
    says_number,
    script_language,
)


@pytest.mark.parametrize(
    ("typed", "spoken"),
    [
        ("متى أجيب؟", "ar"),
        ("متى تبدأ formation؟ أريد أن أعرف", "ar"),
        ("Bonjour, mon nom est سلمى.", "fr"),
        ("12/09", "fr"),
        ("", "fr"),
    ],
)
def test_what_a_person_typed_is_read_in_the_voice_of_its_letters(typed: str, spoken: str) -> None:
    assert script_language(typed) == spoken


def test_a_form_s_row_has_one_reference_for_what_it_says_and_another_for_what_was_changed() -> None:
    first = reference_once("T" * 26, "a", "b")
    assert first == reference_once("T" * 26, "a", "b") and len(first) == len(new_reference())
    others = {
        reference_once("T" * 26, "ab"),
        reference_once("T" * 26, "a", "c"),
        reference_once("U" * 26, "a", "b"),
    }
    assert len({first, *others}) == 4
    assert reference_once("", "a") != reference_once("", "a")


def test_references_follow_from_a_seed_while_the_demonstration_is_made_and_tokens_never() -> None:
    drawn = []
    for _ in range(2):
        with following("a load"):
            drawn.append(([new_reference() for _ in range(3)], new_link_token()))
        with following("another"):
            assert new_reference() != drawn[0][0][0]
    assert drawn[0][0] == drawn[1][0] and len(set(drawn[0][0])) == 3
    assert drawn[0][1] != drawn[1][1]
    assert new_reference() not in drawn[0][0]


def test_no_reference_follows_from_a_seed_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "_leadable", True)
    text.forbid_following()
    with pytest.raises(RuntimeError, match="production"), following("a load"):
        pass


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("Élève Àïn Ñ", "eleve ain n"),
        ("L’Œuvre", "l'oeuvre"),
        ("BENALI\u00a0 Saïd ", "benali said"),
        ("أَحْمَد", "احمد"),
        ("إبراهيم", "ابراهيم"),
        ("فاطمة", "فاطمه"),
        ("مُصْطَفَى", "مصطفي"),
        ("مـحـمـد", "محمد"),
        ("أڭادير", "اكادير"),
        ("٢٠٢٦", "2026"),
        ("Aït–Mellоul".replace("о", "o"), "ait-melloul"),
        ("مح\u200cمد", "محمد"),
        ("Straße", "strasse"),
    ],
)
def test_what_people_write_in_two_ways_is_one(written: str, same: str) -> None:
    assert fold(written) == same


@settings(max_examples=400)
@given(st.text())
@example("İstanbul \uff40 \u00b4 ʼn")
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_case_and_outer_spaces_do_not_matter(text: str) -> None:
    assert fold(f"  {text}\t") == fold(text)
    assert fold(text.casefold()) == fold(text)


def test_cleaning_takes_away_what_cannot_be_seen() -> None:
    assert clean("  Sai\u0308d\u202e\x00 ") == "Saïd"
    assert clean("a\nb\tc") == "a\nb\tc"
    assert clean("می\u200cخواهم") == "می\u200cخواهم"


def test_references_are_random_and_read_without_doubt() -> None:
    some = {new_reference() for _ in range(500)}
    assert len(some) == 500
    assert {len(reference) for reference in some} == {26}
    assert not set("".join(some)) & set("ILOU")


@pytest.mark.parametrize("typed", ["30", " 30 ", "٣٠", "۳۰"])
def test_a_number_typed_to_confirm_is_read_in_any_figures(typed: str) -> None:
    assert says_number(typed, 30) and not says_number(typed, 3)


@pytest.mark.parametrize("typed", ["", "trente", "30,0", "9" * 5000])
def test_what_is_no_number_confirms_nothing(typed: str) -> None:
    assert not says_number(typed, 30)


def test_a_link_never_ends_with_a_sign_that_mail_programs_leave_out() -> None:
    tokens = [new_link_token() for _ in range(2000)]
    assert len(set(tokens)) == 2000 and all(each[-1].isalnum() and len(each) == 32 for each in tokens)
