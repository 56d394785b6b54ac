"""Connections to PostgreSQL: what reads cannot write, plans are kept, and one that died is replaced."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import InternalError, OperationalError

from cohortmgr.audit.models import SubjectKey
from cohortmgr.base import db as base
from cohortmgr.base.databases import connecting
from cohortmgr.base.db import db, writing
from tests.databases import Database, PostgresDatabase

pytestmark = pytest.mark.postgres_only


@pytest.fixture(autouse=True)
def _several(app: Flask, system_app: Flask) -> None:
    """Several connections wait, as after a crowd."""
    for each in (app, system_app):
        with each.app_context(), ExitStack() as crowd:
            for _ in range(4):
                crowd.enter_context(db.engine.connect()).execute(sa.text("SELECT 1"))


@pytest.mark.usefixtures("system_context")
def test_what_reads_cannot_write() -> None:
    with pytest.raises(InternalError, match="read-only"):
        db.session.execute(sa.update(SubjectKey).values(wrapped=b"l"))
    db.session.rollback()
    with writing() as session:
        session.add(SubjectKey(subject="x" * 26, wrapped=b"k"))
        session.flush()
        session.rollback()
        with pytest.raises(
            InternalError, match="read-only"
        ):  # what was written before is gone: no half of an act
            session.execute(sa.update(SubjectKey).values(wrapped=b"l"))
        session.rollback()
    assert db.session.scalars(sa.select(SubjectKey)).all() == []


@pytest.mark.usefixtures("system_context")
def test_a_statement_that_is_asked_often_is_planned_once() -> None:
    for _ in range(8):
        db.session.scalars(sa.select(SubjectKey)).all()
        db.session.rollback()
    with writing():
        db.session.scalars(sa.select(SubjectKey)).all()
    # The connection may keep other statements on this table from an earlier test. The server tells the web nothing.
    driver: Any = db.session.connection().connection.driver_connection
    kept = [query for query, _types in driver._prepared._names if query.startswith(b"SELECT subject_keys.")]
    assert len([query for query in kept if query.strip().endswith(b"FROM subject_keys")]) == 1


def test_a_connection_that_died_while_it_rested_is_replaced(
    app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(database, PostgresDatabase)

    def cut() -> None:
        with app.app_context():
            number = db.session.scalar(sa.text("SELECT pg_backend_pid()"))
        database.admin.execute("SELECT pg_terminate_backend(%s)", [number])
        with app.app_context():
            assert db.session.scalar(sa.text("SELECT pg_backend_pid()")) != number

    monkeypatch.setattr(base, "RESTS", 3600.0)
    with pytest.raises(OperationalError):  # used less long ago than that, it is not asked
        cut()
    monkeypatch.setattr(base, "RESTS", 0.0)
    cut()


def test_an_answer_that_is_ready_outlives_its_connection(
    app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(database, PostgresDatabase)
    monkeypatch.setattr(base, "RESTS", 3600.0)
    with app.app_context():  # its end is that of a request, in which nothing more is asked
        number = db.session.scalar(sa.text("SELECT pg_backend_pid()"))
        database.admin.execute("SELECT pg_terminate_backend(%s)", [number])
    with app.app_context():
        assert db.session.scalar(sa.text("SELECT pg_backend_pid()")) != number


@pytest.mark.postgres_only
def test_no_statement_of_a_page_goes_on_for_ever(app: Flask, system_app: Flask) -> None:
    for each, expected in ((app, f"{connecting.LONGEST}s"), (system_app, "0")):
        with each.app_context():
            assert db.session.scalar(sa.text("SHOW statement_timeout")) == expected


@pytest.mark.postgres_only
def test_pages_alone_are_planned_without_merges(app: Flask, system_app: Flask) -> None:
    for each, expected in ((app, "off"), (system_app, "on")):
        with each.app_context():
            shown = [db.session.scalar(sa.text(f"SHOW {name}")) for name in ("enable_mergejoin", "jit")]
            assert shown == [expected, expected]
