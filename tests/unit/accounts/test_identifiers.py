"""Numbers of identity in the one form in which they are compared."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.accounts.identifiers import (
    normalise_cin,
    normalise_massar,
    normalise_passport,
    normalise_residence_permit,
)
from cohortmgr.base.errors import Refused

ALL = [normalise_cin, normalise_massar, normalise_passport, normalise_residence_permit]


@pytest.mark.parametrize(
    ("normalise", "text", "number"),
    [
        (normalise_cin, " ab-123456 ", "AB123456"),
        (normalise_cin, "Z\u00a01234", "Z1234"),
        (normalise_cin, "K١٢٣٤٥٦", "K123456"),
        (normalise_massar, "r 131234567", "R131234567"),
        (normalise_passport, "ab1234567", "AB1234567"),
        (normalise_residence_permit, "g000123x", "G000123X"),
    ],
)
def test_spellings_of_one_number_are_one(normalise: Callable[[str], str], text: str, number: str) -> None:
    assert normalise(text) == number
    assert normalise(number) == number


@pytest.mark.parametrize(
    ("normalise", "text"),
    [
        (normalise_cin, "ABC123456"),
        (normalise_cin, "AB123"),
        (normalise_cin, "AB12345678"),
        (normalise_cin, "É123456"),
        (normalise_massar, "R13123456"),
        (normalise_massar, "1312345678"),
        (normalise_passport, "ABCDEFG"),
        (normalise_passport, "A1"),
        (normalise_residence_permit, "GX"),
        *[(each, "") for each in ALL],
    ],
)
def test_others_are_refused(normalise: Callable[[str], str], text: str) -> None:
    with pytest.raises(Refused):
        normalise(text)


@given(st.sampled_from(ALL), st.text(max_size=60))
def test_any_text_gives_a_stable_number_or_a_refusal(normalise: Callable[[str], str], text: str) -> None:
    try:
        number = normalise(text)
    except Refused:
        return
    assert normalise(number) == number
    assert number.isascii()
