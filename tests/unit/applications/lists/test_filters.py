"""What an address may ask of a list is what the queries can give."""

from __future__ import annotations

from cohortmgr.applications.lists import columns, filters
from cohortmgr.applications.lists.queries import pages as queries


def test_each_column_and_order_of_an_address_has_its_expression() -> None:
    assert set(columns.COLUMNS) == set(queries.COLUMN_EXPRESSIONS)
    assert set(filters.SORTS) == set(queries.SORTS)
    assert set(columns.PLAIN_COLUMNS.split(",")) <= set(columns.COLUMNS)
