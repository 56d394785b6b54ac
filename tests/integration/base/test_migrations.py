"""The migrations make the tables of the models, and take them away again, on both databases."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Flask
from flask_alembic import Alembic

from cohortmgr.base.databases.connecting import engine_options
from cohortmgr.base.db import Model, db, writing
from cohortmgr.base.settings import ROOT, Settings
from cohortmgr.operations.commands.database_roles import make_roles
from cohortmgr.organisations.models import Organisation
from cohortmgr.selection.models import Release
from tests.databases import Database, PostgresDatabase, application, dispose, settings_for
from tests.factories.year import lived
from tests.watch import test_context

FILES = sorted((ROOT / "migrations").glob("[0-9]*.py"))


@pytest.fixture
def empty(database: Database, tmp_path: Path) -> Any:
    """Settings of an installation without a table, on the same server."""
    if not isinstance(database, PostgresDatabase):
        yield settings_for(tmp_path / "empty")
        return
    name = f"{database.name}_empty"
    urls = {
        field: sa.make_url(getattr(database.settings, field))
        .set(database=name)
        .render_as_string(hide_password=False)
        for field in ("database_url", "owner_database_url", "system_database_url")
    }
    superuser = database.settings.superuser_database_url
    settings = settings_for(tmp_path / "empty", **urls, superuser_database_url=superuser)
    database.admin.execute(f"DROP DATABASE IF EXISTS {name}")
    make_roles(settings)
    yield settings
    database.admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def objects(settings: Settings) -> set[str]:
    """What stands in the database: tables, views, triggers, functions."""
    engine = sa.create_engine(**engine_options(settings.owner_database_url), poolclass=sa.NullPool)
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            found = connection.exec_driver_sql("SELECT name FROM sqlite_master")
        else:
            found = connection.exec_driver_sql(
                "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                " UNION SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            )
        return {name for (name,) in found if not name.startswith(("alembic_version", "sqlite_"))}


def test_up_as_the_models_say_down_to_nothing_and_up_again(empty: Settings) -> None:
    app = application(empty, "system")
    try:
        with app.app_context():
            alembic: Alembic = app.extensions["alembic"]
            alembic.upgrade()
            assert alembic.compare_metadata() == []
            assert {table.name for table in Model.metadata.sorted_tables} <= objects(empty)
            alembic.downgrade("base")
            assert objects(empty) == set()
            alembic.upgrade()
            assert alembic.compare_metadata() == []
    finally:
        dispose(app)


# What the migrations since this one write into the rows of files that are there.
BEFORE_FILTERS = "0042"
FILTERED = sa.text(
    "SELECT id, documented, noted, extended, correction, outcome, listed_at FROM applications ORDER BY id"
)

TOLD = sa.text("SELECT batch_id, institution_id, published_at FROM releases ORDER BY batch_id")


def test_files_that_are_there_say_what_lists_are_filtered_by_and_what_was_told(empty: Settings) -> None:
    app = application(empty, "system")
    try:
        with test_context(app):
            alembic: Alembic = app.extensions["alembic"]
            alembic.upgrade()
            lived()
            kept, told = db.session.execute(FILTERED).all(), db.session.execute(TOLD).all()
            batch, institution, _moment = told[0]
            with writing() as session:  # which says nothing of the batch's decisions
                root = session.scalars(sa.select(Organisation.id).where(Organisation.key == "ma")).one()
                assert root != institution
                session.add(
                    Release(
                        institution_id=root, batch_id=batch, published_at=datetime(2020, 1, 1, tzinfo=UTC)
                    )
                )
            db.session.rollback()
            alembic.downgrade(BEFORE_FILTERS)
            alembic.upgrade()
            assert db.session.execute(FILTERED).all() == kept
            assert db.session.execute(TOLD).all() == told != []
            assert {row.outcome for row in kept} == {"none", "offer"}
            db.session.rollback()
    finally:
        dispose(app)


def test_there_is_one_head_and_the_files_are_numbered_in_order(app: Flask) -> None:
    scripts = ScriptDirectory(str(ROOT / "migrations"), version_locations=[str(ROOT / "migrations")])
    assert len(scripts.get_heads()) == 1
    for number, path in enumerate(FILES, 1):
        assert re.match(rf"{number:04d}_[a-z_]+\.py$", path.name), path.name
        text = path.read_text(encoding="utf-8")
        assert f'\nrevision = "{number:04d}"\n' in text
        before = "None" if number == 1 else f'"{number - 1:04d}"'
        assert f"\ndown_revision = {before}\n" in text, path.name


@pytest.mark.sqlite_only
def test_no_migration_leaves_rows_without_their_parents(tmp_path: Path, database: Database) -> None:
    file = tmp_path / "orphan" / "cohortmgr.sqlite3"
    settings = settings_for(file.parent)
    shutil.copyfile(database.settings.data / "template.sqlite3", file)
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.execute(
            "INSERT INTO sessions (token_hash, account_id, created_at, expires_at, shared)"
            " VALUES ('x', 99, '2026-01-01', '2026-01-01', 0)"
        )
        connection.commit()
    app = application(settings, "system")
    with app.app_context(), pytest.raises(RuntimeError, match="without their parents"):
        app.extensions["alembic"].downgrade(f"{len(FILES) - 1:04d}")
    dispose(app)
