"""Whom a proved address or number opens, and what counts as an answer."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cohortmgr.accounts.bearers import (
    Bearer,
    ContactHolder,
    Door,
    DoubtAnswer,
    concerned,
    door_of,
    read_answer,
)

DAY = date(2004, 3, 14)
FILE = Bearer(1, DAY, ("MDIA-ABC234",))
SIBLING = Bearer(2, date(2006, 5, 2), ("MDIA-XYZ789",))
LET_IN = Bearer(3, DAY, ("MDIA-LLL333",), has_account=True)
ELSEWHERE = Bearer(4, DAY, ("MDIA-EEE444",), has_account=True, apart=True)
EMPTY = ContactHolder(9, is_empty=True)
STAFF = ContactHolder(9)
OWNER = ContactHolder(9, DAY, ("MDIA-OWN999",))


@pytest.mark.parametrize(
    ("holder", "bearers", "by_mail", "by_sms"),
    [
        (None, [], Door.NEW, Door.NEW),
        (OWNER, [], Door.OPEN, Door.OPEN),
        (None, [FILE], FILE, Door.ASK),
        (EMPTY, [FILE], FILE, Door.ASK),
        (None, [FILE, SIBLING], Door.ASK, Door.ASK),
        (EMPTY, [FILE, SIBLING], Door.ASK, Door.ASK),
        (OWNER, [SIBLING], Door.ASK, Door.ASK),
        (STAFF, [FILE], Door.OPEN, Door.OPEN),
        (None, [LET_IN], Door.ASK, Door.ASK),
        (None, [Bearer(5)], Bearer(5), Door.NEW),
        (None, [Bearer(5), Bearer(6)], Door.NEW, Door.NEW),
        (None, [ELSEWHERE], Door.NEW, Door.NEW),
        (EMPTY, [ELSEWHERE], Door.OPEN, Door.OPEN),
        (OWNER, [ELSEWHERE], Door.OPEN, Door.OPEN),
        (STAFF, [ELSEWHERE], Door.OPEN, Door.OPEN),
        (None, [Bearer(7, is_known=False)], Bearer(7, is_known=False), Door.NEW),
        (EMPTY, [Bearer(7, is_known=False)], Door.OPEN, Door.OPEN),
        (None, [FILE, Bearer(7, is_known=False)], FILE, Door.ASK),
    ],
)
def test_a_proof_reaches_one_person_or_asks(
    holder: ContactHolder | None, bearers: list[Bearer], by_mail: object, by_sms: object
) -> None:
    found = concerned(holder, bearers)
    assert door_of(True, holder, found) == by_mail
    assert door_of(False, holder, found) == by_sms


def test_who_looks_for_a_file_beside_their_account_is_asked() -> None:
    assert door_of(True, STAFF, (FILE,), searching=True) is Door.ASK
    assert door_of(True, STAFF, (Bearer(5),), searching=True) is Door.OPEN, "nothing can be asked"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("14/03/2004", DoubtAnswer(day=DAY)),
        ("14.3.2004", DoubtAnswer(day=DAY)),
        ("2004-03-14", DoubtAnswer(day=DAY)),
        (" ١٤/٠٣/٢٠٠٤ ", DoubtAnswer(day=DAY)),
        ("mdia-abc234", DoubtAnswer(number="MDIAABC234")),
        ("ABC 234", DoubtAnswer(number="ABC234")),
        ("31/02/2004", None),
        ("14/03/04", None),
        ("abc", None),
        ("", None),
        ("-" * 41, None),
        ("\x00", None),
    ],
)
def test_an_answer_is_a_day_or_a_number_and_anything_else_no_try(
    typed: str, read: DoubtAnswer | None
) -> None:
    assert read_answer(typed) == read


def test_an_answer_fits_its_day_its_number_or_its_last_part_alone() -> None:
    numbers = ("AI-MASTER-JUNIOR-4HT62B",)
    for typed in ("4ht62b", "AI MASTER JUNIOR 4HT62B", "14/03/2004"):
        said = read_answer(typed)
        assert said is not None and said.fits(DAY, numbers)
    for typed in ("JUNIOR", "HT62B", "15/03/2004", "MASTER-JUNIOR-4HT62B"):
        said = read_answer(typed)
        assert said is not None and not said.fits(DAY, numbers)
    day = read_answer("14/03/2004")
    assert day is not None and not day.fits(None, numbers)


@given(st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=6, max_size=6), st.booleans())
@example("7HJ6V5", True)
def test_each_number_that_a_file_may_get_is_read_as_one(code: str, whole: bool) -> None:
    number = f"MDIA-{code}"
    said = read_answer((number if whole else code).lower())
    assert said is not None and said.fits(None, (number,))


@given(st.text(max_size=60))
def test_whatever_is_typed_is_read_without_a_fault(typed: str) -> None:
    read_answer(typed)
