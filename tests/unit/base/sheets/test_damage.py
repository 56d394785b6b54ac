"""Which texts a program damaged, and which people write so."""

from __future__ import annotations

import pytest

from cohortmgr.base.sheets.damage import is_damaged


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "mac_roman", "cp850", "cp1256"])
@pytest.mark.parametrize("text", ["Salé", "Fès", "Université d’été"])
def test_french_that_was_read_in_a_wrong_encoding_is_told(text: str, encoding: str) -> None:
    assert is_damaged(text.replace("’", "'").encode().decode(encoding))


@pytest.mark.parametrize("text", ["بنعلي", "سلمى العلوي"])
def test_arabic_that_was_read_in_a_wrong_encoding_is_told(text: str) -> None:
    assert is_damaged(text.encode().decode("latin-1")) and is_damaged(text.encode().decode("mac_roman"))


@pytest.mark.parametrize("text", ["Sal\ufffd", "?????? ???", "?????", "F?s", "Sal? Tazi ??? ????", "El?ve"])
def test_text_whose_letters_are_lost_is_told(text: str) -> None:
    assert is_damaged(text)


@pytest.mark.parametrize(
    "text",
    [
        "Salé", "CAFÉ\u00a0: le mien", "OÙ\u00a0?", "OÙ… LÀ", "À\u00a0L’ÉTÉ", "Pourquoi ???", "Pourquoi ce master ?",
        "", "?", "https://exemple.ma/?a=b", "هل هذا ممكن؟", "سلمى «العلوي»", "Ghiță Ñuñez", "Master IA ?Oui", "déjà–vu",
        "«\u00a0Où\u00a0»", "n° 5, 10 €", "Quoi ?! Vraiment ??", "پژوهش گچ",
    ],
)  # fmt: skip
def test_what_people_write_is_left_alone(text: str) -> None:
    assert not is_damaged(text)
