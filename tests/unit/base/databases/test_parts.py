"""Parts hold each value once, in order, and no more than a statement takes."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.base.databases.parts import SIZE, in_parts


@given(st.lists(st.integers()), st.integers(1, 7))
def test_parts_are_the_values_cut(values: list[int], size: int) -> None:
    parts = list(in_parts(values, size))
    assert list(itertools.chain(*parts)) == sorted(set(values))
    assert all(0 < len(part) <= size for part in parts)
    assert [len(part) for part in parts[:-1]] == [size] * (len(parts) - 1)


def test_a_statement_gets_no_more_than_both_databases_take() -> None:
    assert [len(part) for part in in_parts(range(SIZE + 1))] == [SIZE, 1]
    assert list(in_parts(())) == []
