"""The two databases of the tests: a migrated SQLite file and a migrated PostgreSQL database for each process.

The migrations build the schema once. Each test starts from what they left: the SQLite file is copied again,
the PostgreSQL tables are emptied in one round trip. On PostgreSQL the application connects with its own role,
which owns nothing and bypasses nothing.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
import sqlalchemy as sa
from flask import Flask, current_app
from sqlalchemy.engine import make_url

from cohortmgr.app import Process, create_app
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.settings import Settings
from cohortmgr.operations.commands.database_roles import make_roles
from tests.said_names import UnknownName
from tests.services import POSTGRES
from tests.thrift import thrifty
from tests.watch import commits

OWNER, APPLICATION, SYSTEM = "cohortmgr_owner", "cohortmgr_application", "cohortmgr_system"


def settings_for(folder: Path, **more: Any) -> Settings:
    """Return settings of a test installation that writes only into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    return Settings(data=folder, **more)


def migrate(settings: Settings) -> None:
    """Build the schema as `flask db upgrade` does, then close the connections."""
    app = application(settings, "system")
    with app.app_context():
        app.extensions["alembic"].upgrade()
    dispose(app)


def dispose(app: Flask) -> None:
    """Close the application's pooled connections. One that is in use would close later, and take the journal of the
    database that was laid in the meantime with it."""
    with app.app_context():
        for engine in db.engines.values():
            if isinstance(engine.pool, sa.QueuePool) and engine.pool.checkedout():
                raise RuntimeError(
                    f"{engine.pool.checkedout()} connections of the last test are still in use"
                )
            engine.dispose()


def _forget_notes(settings: Settings) -> None:
    """Remove what was noted of the trail outside of the database: the last test's trail is gone with its rows."""
    shutil.rmtree(settings.data / "trail", ignore_errors=True)


def _settle(file: Path) -> None:
    """Write the journal into the file, so that the file alone is the whole database."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def application(settings: Settings, process: Process) -> Flask:
    """Return the application, which holds pages to the names that they are given, and closes no asynchronous sessions.

    We open none, and Playwright's event loop, which stays in the thread after a browser test, would refuse to
    close them.
    """
    with patch("flask_sqlalchemy_lite._extension._close_async_sessions", lambda _error: None):
        made = thrifty(create_app(settings, process))
    made.jinja_env.undefined = UnknownName
    return made


class States:
    """States that many tests begin with: the first test builds one, the others restore a copy."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._kept: dict[str, str] = {}
        self._from = 0
        for app in (database.app, database.system_app):
            app.extensions["tests-states"] = self

    def begin(self) -> None:
        """Note where the test begins: from here on, commits are the test's own."""
        self._from = commits[0]

    def build(self, name: str, build: Callable[[], object], may_age: bool = False) -> None:
        """Bring the database to the state of this name at this moment, by building it or restoring a copy.

        It is built again, and not kept, if the test wrote something before (which would belong to it), or if
        the clock runs and the state may not be some minutes old."""
        moment = clock.now()
        runs = moment != clock.now()
        if commits[0] != self._from or (runs and not may_age):
            build()
            return
        key = f"{name} {'' if runs else moment}"
        if key in self._kept:
            db.session.rollback()
            self.database.lay(self._kept[key])
            return
        build()
        place = f"state_{len(self._kept)}"
        self.database.keep(place)
        self._kept[key] = place


def build_once(name: str, build: Callable[[], object], may_age: bool = False) -> None:
    """Call `States.build` for the present application's database."""
    states: States = current_app.extensions["tests-states"]
    states.build(name, build, may_age)


class SqliteDatabase:
    """A migrated SQLite file, and a copy of it for each test."""

    dialect = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.file = folder / "cohortmgr.sqlite3"
        self.template = folder / "template.sqlite3"
        self.settings = settings_for(folder, database_url=f"sqlite:///{self.file}", demonstration=True)
        self.app = application(self.settings, "web")
        self.system_app = application(self.settings, "system")
        migrate(self.settings)
        _settle(self.file)
        shutil.copyfile(self.file, self.template)
        self.states = States(self)

    def reset(self) -> None:
        """Restore the migrated file; the last test's journal is removed with its file."""
        self._lay(self.template)
        _forget_notes(self.settings)
        self.states.begin()

    def keep(self, name: str) -> None:
        """Keep a copy of the present database under a name."""
        dispose(self.app)
        dispose(self.system_app)
        _settle(self.file)
        shutil.copyfile(self.file, self.file.with_name(name))

    def lay(self, name: str) -> None:
        """Restore the copy of that name."""
        self._lay(self.file.with_name(name))

    def _lay(self, file: Path) -> None:
        dispose(self.app)
        dispose(self.system_app)
        for suffix in ("-wal", "-shm"):
            self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(file, self.file)

    def close(self) -> None:
        """Close the connections; pytest removes the folder."""
        dispose(self.app)
        dispose(self.system_app)


# `replica` switches triggers and foreign keys off for the superuser's session, so that rows can be written in
# any order, and deleted from tables that forbid DELETE. What the migrations wrote is kept in a schema of its
# own and copied back.
KEEP = """
CREATE SCHEMA kept;
CREATE TABLE kept._tables AS
  SELECT table_name AS name, string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) AS columns
  FROM information_schema.columns JOIN pg_tables ON tablename = table_name AND schemaname = table_schema
  WHERE table_schema = 'public' AND is_generated = 'NEVER' AND table_name <> 'alembic_version' GROUP BY table_name;
ALTER TABLE kept._tables ADD filled boolean NOT NULL DEFAULT false;
DO $$ DECLARE t record; has_rows boolean; BEGIN
  FOR t IN SELECT * FROM kept._tables LOOP
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM public.%I)', t.name) INTO has_rows;
    IF has_rows THEN
      EXECUTE format('CREATE TABLE kept.%I AS SELECT %s FROM public.%I', t.name, t.columns, t.name);
      UPDATE kept._tables SET filled = true WHERE name = t.name;
    END IF;
  END LOOP;
END $$;
CREATE FUNCTION kept.lay_anew() RETURNS void LANGUAGE plpgsql AS $$ DECLARE t record; BEGIN
  FOR t IN SELECT * FROM kept._tables LOOP
    EXECUTE format('DELETE FROM public.%I', t.name);
    IF t.filled THEN
      EXECUTE format('INSERT INTO public.%I (%s) SELECT %s FROM kept.%I', t.name, t.columns, t.columns, t.name);
    END IF;
  END LOOP;
END $$;
"""


class PostgresDatabase:
    """A migrated database in the test run's own PostgreSQL, emptied before each test; the broker is Redis."""

    dialect = "postgres"

    def __init__(self, folder: Path, name: str, broker: str) -> None:
        address = os.environ.get(POSTGRES)
        if not address:
            raise RuntimeError(
                "PostgreSQL was not started: run the tests through pytest in this project's folder"
            )
        self.server = make_url(address)
        self.name = name
        self.settings = settings_for(
            folder,
            database_url=self.url(APPLICATION),
            owner_database_url=self.url(OWNER),
            system_database_url=self.url(SYSTEM),
            superuser_database_url=address,
            broker_url=broker,
            demonstration=True,
        )
        self._make()
        self.app = application(self.settings, "web")
        self.system_app = application(self.settings, "system")
        migrate(self.settings)
        self.admin = self._connect(name)
        self.admin.execute(KEEP)
        self.admin.execute("SET session_replication_role = replica; SET lock_timeout = '5s'")
        self.states = States(self)

    def url(self, role: str) -> str:
        """Return the URL of this database for a role."""
        return self.server.set(username=role, database=self.name).render_as_string(hide_password=False)

    def _connect(self, database: str) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=str(self.server.query["host"]), user="postgres", dbname=database, autocommit=True
        )

    def _make(self) -> None:
        """Create the database of this process, and the roles as `flask operations roles` does."""
        with self._connect("postgres") as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {self.name}")
            # Roles belong to the server, which all processes of one run share, so they are made one after the
            # other.
            connection.execute("SELECT pg_advisory_lock(1)")
            make_roles(self.settings)

    def reset(self) -> None:
        """Empty every table and restore what the migrations wrote. If a test left a transaction open, this fails."""
        self.lay("kept")
        _forget_notes(self.settings)
        self.states.begin()

    def keep(self, name: str) -> None:
        """Keep a copy of the present rows under a name."""
        self.admin.execute(KEEP.replace("kept", name))

    def lay(self, name: str) -> None:
        """Restore the copy of that name."""
        self.admin.execute(f"SELECT {name}.lay_anew()")

    def close(self) -> None:
        """Close the connections; the database ends with the server."""
        dispose(self.app)
        dispose(self.system_app)
        self.admin.close()


Database = SqliteDatabase | PostgresDatabase


@contextmanager
def opened(database: Database) -> Iterator[Database]:
    """Keep a database open for as long as the process's tests last."""
    try:
        yield database
    finally:
        database.close()
