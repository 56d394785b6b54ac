"""Rows built by hand say what a template of the same rows says, escaped as Jinja and MarkupSafe escape."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, g

from bench.shortcuts import plain_rows
from cohortmgr.applications.lists import columns as lists_columns
from cohortmgr.applications.lists import display as cells
from cohortmgr.base.db import Utc, db
from cohortmgr.programmes.definition.toml import read_known

WRONG = "<b>\"'&"
VALUES = {
    "number": "MDIA-000001", "average": 14_500, "region": "MA-04", "conditions": True, "state": "submitted",
    "source": "online", "sent": datetime(2026, 5, 12, 13, tzinfo=UTC), "email": "x&y@exemple.ma", "language": "ar",
    "documents": 2, "notes": 0, "correction": "asked", "outcome": "offer", "changed": None, "diploma": WRONG,
    "offering": None, "phone": "18",
}  # fmt: skip


class Elements(HTMLParser):
    """Elements with their attributes, and the texts between."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[object] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.found.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        self.found.extend([data.strip()] if data.strip() else [])


def row_of(values: dict[str, Any]) -> Any:
    """A row as the database gives it."""
    names = ("reference", "name", *VALUES)
    kept = {name: sa.literal(values[name], Utc if name == "sent" else None).label(name) for name in names}
    return db.session.execute(sa.select(*kept.values())).one()


@pytest.mark.sqlite_only
@pytest.mark.parametrize("language", ["fr", "ar", "en"])
@pytest.mark.parametrize("boxes", [True, False])
def test_rows_by_hand_are_those_of_a_template(app: Flask, language: str, boxes: bool) -> None:
    assert VALUES.keys() == lists_columns.COLUMN_NAMES.keys()
    columns, ours = list(VALUES), cells.table_body
    with app.test_request_context():
        g.language = language
        given = ({**VALUES, "name": WRONG}, dict.fromkeys(VALUES), {**VALUES, "name": None})
        rows = [row_of({"reference": "R", "name": "", **each}) for each in given]
        words = cells.words_of(read_known("mdia"))
        place = (rows, columns, words, "/staff/", "?a=1&b=%22")
        with plain_rows(app)():
            plain = cells.table_body(*place, boxes=boxes)
        assert cells.table_body is ours
        by_hand = ours(*place, boxes=boxes)
    assert Elements(by_hand).found == Elements(plain).found
    assert WRONG not in by_hand
