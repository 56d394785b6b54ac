"""What is noted outside of the database goes with the test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.databases import Database


@pytest.fixture(autouse=True)
def _nothing_noted(database: Database) -> Iterator[None]:
    """The folder of what is noted outside belongs to the database's process, not to the test."""
    yield
    shutil.rmtree(database.settings.data / "trail", ignore_errors=True)
