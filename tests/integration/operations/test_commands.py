"""Commands of those who run an installation."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy.engine import URL, make_url

from cohortmgr.accounts.models import Account, RoleGrant
from cohortmgr.accounts.queries import viewers
from cohortmgr.audit.models import Event, Head
from cohortmgr.audit.rules import REGISTER
from cohortmgr.base.db import db, writing
from cohortmgr.operations.commands.database_roles import make_roles
from tests.databases import Database
from tests.watch import rows_of

CREATE = ["accounts", "create", "amina@exemple.ma", "--role", "system_administrator", "--scope", ""]
TWICE = "une phrase assez longue\n" * 2


def test_the_first_administrator_is_made_by_a_command(runner: FlaskCliRunner, system_app: Flask) -> None:
    for _ in range(2):
        done = runner.invoke(args=CREATE, input=TWICE)
        assert done.exit_code == 0, done.output
    with system_app.app_context():
        viewer = viewers.viewer_of_email("Amina@exemple.ma")
        assert viewer is not None and viewer.audience == "staff"
        assert viewer.paths("people.manage") == ("",)
        assert (rows_of(Account), rows_of(RoleGrant)) == (1, 1)
        acts = sa.select(Event.action).where(Event.chain != REGISTER).order_by(Event.id)
        assert list(db.session.scalars(acts)) == ["accounts.create", "accounts.grant"]


@pytest.mark.parametrize(
    ("role", "scope", "said"), [("reviewer", "ma.nowhere.", "ma.nowhere."), ("king", "", "king")]
)
def test_a_scope_or_role_that_does_not_exist_is_named(
    runner: FlaskCliRunner, system_app: Flask, role: str, scope: str, said: str
) -> None:
    done = runner.invoke(args=["accounts", "create", "a@b.ma", "--role", role, "--scope", scope], input=TWICE)
    assert done.exit_code != 0 and said in done.output
    with system_app.app_context():
        assert rows_of(Account) == 0


def test_a_weak_password_is_refused(runner: FlaskCliRunner, system_app: Flask) -> None:
    done = runner.invoke(args=CREATE, input="court\ncourt\n")
    assert done.exit_code == 1 and "Traceback" not in done.output
    with system_app.app_context():
        assert rows_of(Account) == 0


@pytest.mark.postgres_only
def test_making_the_roles_again_changes_nothing(database: Database) -> None:
    first, second = make_roles(database.settings), make_roles(database.settings)
    assert first == second and all(line.startswith(("alter role", "lay the key")) for line in second)


@pytest.mark.postgres_only
def test_what_a_role_did_to_itself_is_undone_or_named(database: Database) -> None:
    """PostgreSQL lets each change its own password and settings: a hole in one page would shut the house for good."""
    url = make_url(database.settings.database_url)
    ours = url.set(password="de-la-maison").render_as_string(hide_password=False)
    settings = database.settings.model_copy(update={"database_url": ours})
    own = f'ALTER ROLE CURRENT_USER IN DATABASE "{url.database}"'
    _sent(url, "ALTER ROLE CURRENT_USER PASSWORD 'd-un-autre'", f"{own} SET application_name = 'pose'")
    hashed = f"SELECT rolpassword FROM pg_authid WHERE rolname = '{url.username}'"
    superuser = make_url(database.settings.superuser_database_url)
    planted = _sent(superuser, hashed)
    try:
        done = make_roles(settings)
        assert f"role {url.username} has application_name=pose: reset it if it is not yours" in done
        assert _sent(superuser, hashed) != planted
    finally:
        _sent(url, f"{own} RESET ALL", "ALTER ROLE CURRENT_USER PASSWORD NULL")
    assert not [line for line in make_roles(database.settings) if "reset it" in line]


def _sent(url: URL, *statements: str) -> object:
    """What the last of some statements, sent on a connection of their own, tells, if it tells anything."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        told = [connection.execute(sa.text(statement)) for statement in statements]
        return told[-1].scalar() if told[-1].returns_rows else None


@pytest.mark.postgres_only
def test_the_roles_are_made_by_a_command_and_hold_what_they_promise(
    database: Database, runner: FlaskCliRunner
) -> None:
    done = runner.invoke(args=["operations", "roles"])
    assert done.exit_code == 0, done.output
    names = {
        make_url(url).username: bypasses
        for url, bypasses in (
            (database.settings.database_url, False),
            (database.settings.owner_database_url, True),
            (database.settings.system_database_url, True),
        )
    }
    assert all(f"alter role {name}" in done.output for name in names)
    superuser = make_url(database.settings.superuser_database_url)
    target = superuser.set(database=make_url(database.settings.database_url).database)
    with sa.create_engine(target, poolclass=sa.NullPool).connect() as connection:
        found = connection.execute(
            sa.text("SELECT rolname, rolbypassrls, rolsuper, rolcanlogin, rolcreatedb FROM pg_roles")
        )
        held = {row.rolname: row for row in found if row.rolname in names}
        tables = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
        owners = set(connection.scalars(sa.text(tables)))
    for name, bypasses in names.items():
        row = held[name]
        assert (row.rolbypassrls, row.rolsuper, row.rolcanlogin, row.rolcreatedb) == (
            bypasses,
            False,
            True,
            False,
        )
    assert owners == {make_url(database.settings.owner_database_url).username}


@pytest.mark.sqlite_only
def test_without_the_superuser_the_command_says_what_to_set(runner: FlaskCliRunner) -> None:
    done = runner.invoke(args=["operations", "roles"])
    assert done.exit_code != 0 and "Traceback" not in done.output
    assert "COHORTMGR_SUPERUSER_DATABASE_URL" in done.output + str(done.exception)


def test_the_trail_is_verified_by_a_command(runner: FlaskCliRunner) -> None:
    runner.invoke(args=CREATE, input=TWICE)
    done = runner.invoke(args=["operations", "verify-trail"])
    assert done.exit_code == 0 and "the trail holds" in done.output


def test_the_command_names_what_it_finds(runner: FlaskCliRunner, system_app: Flask) -> None:
    runner.invoke(args=CREATE, input=TWICE)
    with system_app.app_context(), writing() as session:
        # Which of the installation's chains took the act is a matter of chance: one that is empty is meant here.
        empty = sa.select(Head.chain).where(
            Head.chain.like("installation/%"), Head.chain.not_in(sa.select(Event.chain))
        )
        chain = session.scalars(empty.order_by(Head.chain).limit(1)).one()
        session.execute(sa.delete(Head).where(Head.chain == chain))
    done = runner.invoke(args=["operations", "verify-trail"])
    assert done.exit_code == 1 and "the trail is broken" in done.output
    assert f"{chain}: La chaîne a disparu avec sa tête et ses maillons." in done.output
