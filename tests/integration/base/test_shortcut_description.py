"""A result's columns are described only to who reads that: SQLAlchemy knows them from the first time on."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.base.databases.cursors import Columns, LazyCursor
from cohortmgr.base.db import db

pytestmark = [pytest.mark.postgres_only, pytest.mark.usefixtures("database")]
ASKED = "SELECT 1 AS number, 'x'::text AS \"é\", ARRAY[1, 2] AS many"


def test_what_is_read_is_what_the_driver_describes(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        ours = driver.execute(ASKED)
        theirs = psycopg.Cursor(driver).execute(ASKED)
        assert isinstance(ours, LazyCursor) and isinstance(ours.description, Columns)
        assert [each[:2] for each in ours.description] == [each[:2] for each in theirs.description]
        assert {len(each) for each in ours.description} == {7}
        assert [each[0] for each in ours.description[1:]] == ["é", "many"]
        with pytest.raises(IndexError):
            ours.description[3]
        assert driver.cursor().description is None
        assert driver.execute("SET LOCAL lock_timeout = 1").description is None
        assert list(driver.execute("SELECT").description) == []


def test_the_library_reads_it_the_first_time_and_never_again(app: Flask) -> None:
    """When it reads it each time, the short cut gains nothing and may go."""
    asked = sa.select(sa.literal(1).label("number"), sa.literal("x").label("text"))
    read: list[int] = []
    described = Columns.__getitem__

    def count(self: Columns, index: Any) -> Any:
        read.append(index)
        return described(self, index)

    with app.app_context(), db.engine.connect() as connection, patch.object(Columns, "__getitem__", count):
        assert connection.execute(asked).all() == [(1, "x")]
        assert read
        read.clear()
        assert connection.execute(asked).all() == [(1, "x")]
        assert not read
        assert connection.execute(sa.text(ASKED)).mappings().one()["é"] == "x"
