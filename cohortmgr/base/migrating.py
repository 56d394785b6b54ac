"""Set up migrations: Alembic runs on the owner's connection and writes our column types as plain ones."""

from __future__ import annotations

import logging
from typing import Any, Literal

import sqlalchemy as sa
from flask import Flask
from flask_alembic import Alembic
from flask_alembic.extension import Script
from sqlalchemy import event

from cohortmgr.base import db
from cohortmgr.base.crypto import keyring
from cohortmgr.base.databases import vouching
from cohortmgr.base.databases.connecting import engine_options
from cohortmgr.base.settings import ROOT, Settings


class Migrations(Alembic):
    """Migrations that leave the database with the key of this installation, however they are run. Run again, they
    lay another: that of a backup, or of before the index key was changed, is replaced."""

    def upgrade(self, target: int | str | Script = "heads") -> None:
        """Upgrade the database, and lay the key by which it knows what the application signs."""
        super().upgrade(target)
        with self.engines["default"].begin() as connection:
            vouching.lay_key(connection, keyring())


def init_migrations(app: Flask, settings: Settings, metadata: sa.MetaData) -> None:
    """Add the `flask db …` commands to the application, on the owner's database URL."""
    app.config.update(
        ALEMBIC={"script_location": str(ROOT / "migrations"), "file_template": "%%(rev)s_%%(slug)s"},
        ALEMBIC_CONTEXT={
            "render_as_batch": True,
            "transactional_ddl": True,
            "compare_server_default": True,
            "render_item": _render,
            "include_object": _compared,
        },
    )
    owner = sa.create_engine(**engine_options(settings.owner_database_url), poolclass=sa.NullPool)
    _prepare_owner(owner)
    migrations = Migrations(app, run_mkdir=False, metadatas=metadata, engines=owner)
    migrations.rev_id = _next_revision  # type: ignore[method-assign]  # its documented use
    logging.getLogger("alembic").setLevel(logging.WARNING)


def _next_revision() -> str:
    return f"{len(list((ROOT / 'migrations').glob('[0-9]*.py'))) + 1:04d}"


def _prepare_owner(engine: sa.Engine) -> None:
    """Prepare a SQLite connection for migrations: foreign keys are off before BEGIN.

    Migrations rebuild SQLite tables, and with foreign keys on, dropping a parent table would drop its
    children's rows."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "foreign_keys=OFF", "busy_timeout=15000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    @event.listens_for(engine, "commit")
    def _check(connection: sa.Connection) -> None:
        orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if orphans:
            raise RuntimeError(f"the migration would leave rows without their parents: {orphans[:5]}")


def _render(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our column types into migrations as plain ones, because migrations import nothing of the application."""
    if kind != "type":
        return False
    if isinstance(item, db.Utc):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, sa.BigInteger):
        return "ID"
    return "JSON" if isinstance(item, sa.JSON) else False


def _compared(item: Any, _name: str | None, kind: str, reflected: bool, _other: Any) -> bool:
    """Whether Alembic compares this item between models and database.

    Foreign keys to institutions are left out, because they stand only in migrations."""
    return not (
        kind == "foreign_key_constraint" and reflected and list(item.column_keys) == ["institution_id"]
    )
