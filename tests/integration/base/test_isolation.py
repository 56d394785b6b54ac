"""The fixtures themselves: each test begins with what the migrations left, as the role that it should be."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import redis
import sqlalchemy as sa
from flask import Flask, request_started
from flask.testing import FlaskClient

from cohortmgr.audit.models import SubjectKey
from cohortmgr.base.db import WRITING, db, writing
from tests.databases import Database
from tests.watch import watched


@pytest.mark.parametrize("turn", [1, 2])
def test_rows_of_one_test_are_gone_in_the_next(system_context: None, turn: int) -> None:
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SubjectKey)) == 0
    with writing() as session:
        session.add(SubjectKey(subject="x" * 26, wrapped=b"k"))


def test_laying_the_database_anew_is_quick(database: Database) -> None:
    def took() -> float:
        began = time.perf_counter()
        database.reset()
        return time.perf_counter() - began

    assert min(took() for _ in range(5)) < 0.06


@pytest.mark.postgres_only
def test_the_application_s_role_owns_and_bypasses_nothing(app: Flask) -> None:
    with app.app_context():
        row = db.session.execute(
            sa.text("SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user")
        ).one()
        assert tuple(row) == (False, False, False)
        owned = db.session.scalar(sa.text("SELECT count(*) FROM pg_tables WHERE tableowner = current_user"))
        assert owned == 0
        assert db.session.scalar(sa.text("SHOW timezone")) == "UTC"


def test_a_change_that_is_not_committed_is_noticed(app: Flask, database: Database) -> None:
    with pytest.raises(AssertionError, match="not committed"), watched(app), app.app_context():
        db.session.add(SubjectKey(subject="x" * 26, wrapped=b"k"))
    with pytest.raises(AssertionError, match="not committed"), watched(app), app.app_context():
        db.session.connection(execution_options={WRITING: True})
        db.session.add(SubjectKey(subject="x" * 26, wrapped=b"k"))
        db.session.flush()
    with pytest.raises(AssertionError, match="not committed"), watched(app), app.app_context():
        db.session.connection(execution_options={WRITING: True})
        db.session.execute(sa.update(SubjectKey).values(wrapped=b"l"))
    with watched(app), app.app_context(), writing() as session:
        session.add(SubjectKey(subject="x" * 26, wrapped=b"k"))
    with watched(app), app.app_context():
        db.session.add(SubjectKey(subject="y" * 26, wrapped=b"k"))
        db.session.rollback()


def test_statements_are_counted(
    app_context: None, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    with statements() as seen:
        db.session.scalars(sa.select(SubjectKey)).all()
        db.session.rollback()
        db.session.scalars(sa.select(SubjectKey)).all()
    assert len(seen) == 2, seen


def test_a_request_has_a_session_of_its_own(app: Flask, app_context: None, client: FlaskClient) -> None:
    mine, theirs = db.session, []

    def note(_sender: Flask) -> None:
        theirs.append(db.session)

    with request_started.connected_to(note, app):
        client.get("/no-such-page")
    assert theirs and theirs[0] is not mine
    assert db.session is mine


@pytest.mark.services
def test_redis_answers(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as connection:
        assert connection.ping()
        assert connection.dbsize() == 0
