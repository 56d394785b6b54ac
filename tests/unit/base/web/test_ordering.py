"""A short list stands in the order that its address asks for, and what is missing stands last."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.base.web.ordering import in_order

ORDERS = {"size": lambda row: row[0], "name": lambda row: row[1]}
ROWS = st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 3)), st.sampled_from(["", "a", "b"])))


@given(ROWS)
def test_rows_are_in_order_both_ways_and_the_missing_last(rows: list[tuple[int | None, str]]) -> None:
    for asked in ("size", "-size", "name", "-name"):
        key = ORDERS[asked.removeprefix("-")]
        found = in_order(rows, ORDERS, asked)
        known = [key(row) for row in found if key(row) not in (None, "")]
        assert known == sorted(known, reverse=asked.startswith("-"))
        assert all(key(row) in (None, "") for row in found[len(known) :])
        assert sorted(map(str, found)) == sorted(map(str, rows))


def test_alike_rows_stay_as_they_were_and_an_unknown_order_changes_nothing() -> None:
    rows = [(1, "b"), (1, "a"), (0, "c")]
    assert in_order(rows, ORDERS, "size") == [(0, "c"), (1, "b"), (1, "a")]
    assert in_order(rows, ORDERS, "-size") == [(1, "b"), (1, "a"), (0, "c")]
    assert in_order(rows, ORDERS, "colour") == rows and in_order(rows, ORDERS, "") == rows


def test_nought_is_no_missing_value() -> None:
    assert in_order([(2, "a"), (0, "b"), (None, "c")], ORDERS, "-size") == [(2, "a"), (0, "b"), (None, "c")]
