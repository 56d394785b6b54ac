"""Codes, the addresses that they go to, and how long a browser stays in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.accounts.contacts import Contact, contact_of
from cohortmgr.accounts.limits import CODE_AGAIN, seconds_to_wait
from cohortmgr.accounts.rules import (
    CODE_LIFETIME,
    CODE_TRIES,
    SESSION_LIFETIME,
    SHARED_IDLE,
    SHARED_LIFETIME,
    is_code_open,
    lasts_until,
)
from cohortmgr.accounts.typed_codes import read_code
from cohortmgr.base.errors import Refused

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "typed", ["204816", " 204 816 ", "204-816", "٢٠٤٨١٦", "۲۰۴۸۱۶", "2 0 4 8 1 6", "\u200e204\u00a0816\u200f"]
)
def test_a_code_is_read_however_it_is_copied(typed: str) -> None:
    assert read_code(typed) == "204816"


@pytest.mark.parametrize(
    "typed",
    [
        "204 816, votre code",
        "Votre code : 204816",
        "G-204816",
        "Le code 204816 vaut 10 minutes. Ne le donnez à personne.",
        "رمزكم ٢٠٤ ٨١٦ صالح لعشر دقائق",
        "204 816 votre code cohortmgr\n@cohortmgr.example #204816",
    ],
)
def test_a_code_is_read_in_its_message(typed: str) -> None:
    assert read_code(typed) == "204816"


@pytest.mark.parametrize(
    "typed",
    ["codes 204816 et 204817", "+212 612 345 678", "06 12 34 56 78", "2026-204816", "a204816b", "204 816 12"],
)
def test_other_numbers_in_words_are_no_code(typed: str) -> None:
    assert read_code(typed) is None


@pytest.mark.parametrize("typed", ["", "20481", "2048166", "20481a", "code", "2" * 100_000, "\x00", "½½½½½½"])
def test_what_is_not_six_digits_is_no_code(typed: str) -> None:
    assert read_code(typed) is None


@given(st.text(max_size=60))
def test_a_code_is_six_western_digits_or_nothing(typed: str) -> None:
    digits = read_code(typed)
    assert digits is None or (len(digits) == 6 and digits.isascii() and digits.isdigit())


def test_a_code_is_open_until_it_is_used_old_or_tried_too_often() -> None:
    until = NOW + CODE_LIFETIME
    assert is_code_open(False, until, CODE_TRIES - 1, until - timedelta(microseconds=1))
    assert not is_code_open(True, until, 0, NOW)
    assert not is_code_open(False, until, CODE_TRIES, NOW)
    assert not is_code_open(False, until, 0, until)


def test_another_code_waits_half_a_minute() -> None:
    assert seconds_to_wait(None, NOW) == 0
    assert seconds_to_wait(NOW, NOW) == CODE_AGAIN.total_seconds() == 30
    assert seconds_to_wait(NOW - timedelta(seconds=29, milliseconds=500), NOW) == 1
    assert seconds_to_wait(NOW - CODE_AGAIN, NOW) == 0


def test_a_shared_device_stays_in_half_an_hour_after_each_page_and_never_beyond_a_day_of_work() -> None:
    assert lasts_until(NOW, NOW, shared=False) == NOW + SESSION_LIFETIME
    assert lasts_until(NOW, NOW, shared=True) == NOW + SHARED_IDLE
    late = NOW + SHARED_LIFETIME - timedelta(minutes=1)
    assert lasts_until(NOW, late, shared=True) == NOW + SHARED_LIFETIME


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        (" Salma@Exemple.MA ", Contact("email", "salma@exemple.ma")),
        ("06 12 34 56 78", Contact("sms", "+212612345678")),
        ("+212 6 12 34 56 78", Contact("sms", "+212612345678")),
        ("٠٦١٢٣٤٥٦٧٨", Contact("sms", "+212612345678")),
        ("00212612345678", Contact("sms", "+212612345678")),
        ("+33 6 12 34 56 78", Contact("sms", "+33612345678")),
        ("\u202a+212 612 345 678\u202c", Contact("sms", "+212612345678")),
    ],
)
def test_an_address_or_a_number_is_known_in_one_form(typed: str, found: Contact) -> None:
    assert contact_of(typed) == found


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("salma@", "Écrivez l’adresse en entier"),
        ("salma exemple.ma", "Écrivez l’adresse en entier"),
        ("a@b", "Écrivez l’adresse en entier"),
        ("x@" + "y" * 300 + ".ma", "Écrivez l’adresse en entier"),
        ("0612", "pas valable"),
        ("", "pas valable"),
        ("0" * 5000, "pas valable"),
        ("05 37 77 30 79", "poste fixe"),
        ("\x00", "pas valable"),
    ],
)
def test_what_is_neither_says_how_to_write_it(typed: str, said: str) -> None:
    with pytest.raises(Refused) as refusal:
        contact_of(typed)
    assert said in refusal.value.problems[0].what


@given(st.text(max_size=300))
def test_any_text_is_an_address_a_number_or_refused(typed: str) -> None:
    try:
        found = contact_of(typed)
    except Refused:
        return
    assert contact_of(found.address) == found
