"""Centimes are whole and come back as they went."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.base.money import cents, dirhams


@given(st.integers(-(10**15), 10**15))
def test_there_and_back_loses_no_centime(amount: int) -> None:
    assert cents(dirhams(amount)) == amount


@pytest.mark.parametrize(
    ("amount", "whole"), [("0.005", 0), ("0.015", 2), ("0.0151", 2), ("-0.025", -2), ("7000", 700_000)]
)
def test_half_a_centime_goes_to_the_even_one(amount: str, whole: int) -> None:
    assert cents(Decimal(amount)) == whole


def test_dirhams_show_two_decimals() -> None:
    assert str(dirhams(700_000)) == "7000.00"
