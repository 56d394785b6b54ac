"""What only read ends by COMMIT in the place where SQLAlchemy rolls back: psycopg forgets its plans at a ROLLBACK."""

from __future__ import annotations

import inspect
from typing import Any
from unittest.mock import patch

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.engine.default import DefaultDialect

from cohortmgr.base.db import db

pytestmark = [pytest.mark.postgres_only, pytest.mark.usefixtures("database")]
ASKED = sa.text("SELECT 1 AS a_word_of_this_test")


def kept_after(times: int) -> int:
    """How many statements the driver keeps prepared, once one was asked so many times."""
    with db.engine.connect() as connection:
        for _ in range(times):
            connection.execute(ASKED)
            connection.rollback()
        driver: Any = connection.connection.driver_connection
        return sum(b"a_word_of_this_test" in query for query, _types in driver._prepared._names)


def test_the_library_rolls_back_by_this_function_of_the_dialect(app: Flask) -> None:
    assert list(inspect.signature(DefaultDialect.do_rollback).parameters) == ["self", "dbapi_connection"]
    with app.app_context():
        dialect = db.engine.dialect
        connection = db.engine.connect()
        with patch.object(dialect, "do_rollback", wraps=dialect.do_rollback) as ended:
            connection.execute(ASKED)
            connection.rollback()
            assert ended.call_count == 1
            connection.execute(ASKED)
            connection.close()  # as at the end of a request: the pool ends what nobody ended
            assert ended.call_count == 2


def test_the_driver_forgets_at_a_rollback_and_not_at_our_end(app: Flask) -> None:
    """When the first half fails, the driver keeps its plans by itself and the short cut may go."""
    with app.app_context():
        dialect = db.engine.dialect
        ours = dialect.do_rollback
        with patch.object(dialect, "do_rollback", lambda driver: type(dialect).do_rollback(dialect, driver)):
            assert kept_after(8) == 0
        assert dialect.do_rollback is ours
        assert kept_after(8) == 1
