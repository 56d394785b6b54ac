"""The worker lets SQLite know its tables, so that a page of staff reads by the indexes that lead to few rows."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from bench.country import Loader
from cohortmgr.base.db import db
from cohortmgr.messages.letters.queries import log
from cohortmgr.operations.tasks import analyse
from tests.databases import Database, dispose
from tests.factories.many import place_in, writer
from tests.factories.year import Year, lived

FILES = 300


def plan(year: Year) -> str:
    """How SQLite reads the log of messages, by a connection that is opened now."""
    asked = log.listed(year.viewer("programme_administrator"), "", "").limit(50)
    compiled = asked.compile(db.engine, compile_kwargs={"render_postcompile": True})
    parameters = tuple(compiled.params[name] for name in compiled.positiontup or ())
    lines = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", parameters).all()
    db.session.rollback()
    return "\n".join(line[3] for line in lines)


@pytest.mark.sqlite_only
def test_a_message_is_not_looked_up_by_all_files_of_its_institution(
    system_context: None, database: Database
) -> None:
    year = lived()
    with writer(database).begin() as connection:
        ring = database.system_app.extensions["cohortmgr-keyring"]
        Loader(connection, ring).load(place_in(connection, year), FILES)
    db.session.rollback()
    assert "ix_applications_institution_id" in plan(year)
    analyse(lambda: False)
    db.session.rollback()
    dispose(database.system_app)
    assert "ix_applications_institution_id" not in plan(year)


@pytest.mark.postgres_only
def test_postgresql_is_left_to_itself(system_context: None, database: Database) -> None:
    asked = sa.text("SELECT count(*) FROM pg_stat_user_tables WHERE last_analyze IS NOT NULL")
    before = db.session.scalar(asked)
    analyse(lambda: False)
    db.session.rollback()
    assert db.session.scalar(asked) == before
