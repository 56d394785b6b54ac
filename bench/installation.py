"""Make an installation for one run: a folder, a database, the 2025 file imported, the intake of 2027 open."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.engine import make_url

from bench.servers import ROOT
from cohortmgr.accounts.actions import people
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.app import create_app
from cohortmgr.base.db import db, writing
from cohortmgr.base.settings import Settings
from cohortmgr.operations.commands.database_roles import make_roles
from cohortmgr.programmes.queries import intake_of

FILE = ROOT / "tests" / "data" / "mdia-2025-applications.csv"
ROLES = ("owner_database_url", "database_url", "system_database_url")


@dataclass(frozen=True)
class Installation:
    """The web's and the system's application in this process, and the environment for other processes."""

    web: Flask
    system: Flask
    environment: dict[str, str]
    settings: Settings
    listed: str
    open_intake: str
    administrator: dict[str, str]


@contextmanager
def installed(postgres: str | None = None) -> Iterator[Installation]:
    """Make the installation, give it, and remove it. `postgres` is a superuser's URL; without one, SQLite."""
    for name in [name for name in os.environ if name.startswith("COHORTMGR_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory(prefix="cohortmgr-bench-") as folder:
        settings = _settings(Path(folder), postgres)
        if postgres:
            make_roles(settings)
        try:
            yield _filled(settings)
        finally:
            if postgres:
                _drop(postgres, make_url(settings.database_url).database or "")


def _settings(folder: Path, postgres: str | None) -> Settings:
    if postgres is None:
        return Settings(data=folder, database_url=f"sqlite:///{folder / 'cohortmgr.sqlite3'}")
    server, name = make_url(postgres), f"bench_{os.getpid()}"
    urls = {
        key: server.set(
            username=f"bench_{key.removesuffix('database_url') or 'app'}".strip("_"), database=name
        )
        for key in ROLES
    }
    texts = {key: url.render_as_string(hide_password=False) for key, url in urls.items()}
    return Settings(data=folder, superuser_database_url=postgres, **texts)


def _drop(postgres: str, name: str) -> None:
    engine = sa.create_engine(make_url(postgres), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


def _filled(settings: Settings) -> Installation:
    system = create_app(settings, "system")
    with system.app_context():
        system.extensions["alembic"].upgrade()
    for command in (
        ["programmes", "load", "mdia", "--publish"],
        ["applications", "import", "mdia", str(FILE)],
    ):
        done = system.test_cli_runner().invoke(args=command)
        if done.exit_code:
            raise RuntimeError(f"{' '.join(command)}: {done.output}")
    web = create_app(settings, "web")
    with system.app_context():
        listed, opened = intake_of("mdia", "2025").reference, intake_of("mdia", "2027").reference
        token = _administrator()
    return Installation(
        web=web,
        system=system,
        environment=settings.environment(),
        settings=settings,
        listed=listed,
        open_intake=opened,
        administrator={"Cookie": f"session={cookie_of(web, token)}"},
    )


def _administrator() -> str:
    intake = intake_of("mdia", "2025")
    with writing():
        names = {"given_name": "Une", "family_name": "Administratrice"}
        account = people.new_account(SYSTEM, "bench@exemple.ma", "no password", names)
        db.session.flush()
        scope = ("programme", intake.reference, intake.path)
        people.grant(SYSTEM, account, Role.PROGRAMME_ADMINISTRATOR, *scope, [intake.institution_id])
        return people.open_session(account.id)


def cookie_of(web: Flask, token: str) -> str:
    """The session cookie of a browser that is signed in with this token."""
    client = web.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = token, True
    kept = client.get_cookie("session")
    if kept is None:
        raise RuntimeError("no session cookie was made")
    return kept.value
