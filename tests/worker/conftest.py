"""Each test of this folder runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.databases import Database


@pytest.fixture(autouse=True)
def _on_each_database(database: Database) -> None:
    """Asking for `database` is what makes a test run on both."""
