"""Centimes are whole and none is lost on the way to dirhams."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.base.i18n import dirhams


@given(st.integers(-(10**15), 10**15))
def test_no_centime_is_lost(amount: int) -> None:
    assert dirhams(amount) * 100 == amount


def test_dirhams_show_two_decimals() -> None:
    assert (str(dirhams(700_000)), str(dirhams(-5))) == ("7000.00", "-0.05")
