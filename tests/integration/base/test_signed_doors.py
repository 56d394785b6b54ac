"""Rows that open doors, their use, and what is said of who acts: whoever sends SQL as the web signs none of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from psycopg.errors import InsufficientPrivilege
from psycopg.rows import dict_row
from sqlalchemy.exc import ProgrammingError

from cohortmgr import tables
from cohortmgr.accounts.actions import codes, links, people
from cohortmgr.accounts.actions.links import hashed
from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.limits import Caller
from cohortmgr.accounts.models import VOUCHED, Account
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base import clock
from cohortmgr.base.databases import vouching
from cohortmgr.base.db import db, present, prove, see, writing
from cohortmgr.operations.commands.database_roles import make_roles
from tests.databases import Database, PostgresDatabase
from tests.integration.base.attempts import changing, passes

pytestmark = pytest.mark.postgres_only

VICTIM, MINE, LONELY = "victime@exemple.ma", "moi@exemple.ma", "seule@exemple.ma"
UPGRADE = "flask --app wsgi db upgrade"


@pytest.fixture
def people_of(system_app: Flask) -> dict[str, Any]:
    """Two accounts, and a person without one."""
    with system_app.app_context(), writing():
        victim, mine = (people.new_account(SYSTEM, email, "no hash", {}) for email in (VICTIM, MINE))
        lonely = people.new_person({"email": LONELY})
        return {
            VICTIM: victim.id,
            MINE: mine.id,
            LONELY: lonely.id,
            "lonely": lonely.reference,
            "victim": victim.reference,
        }


@pytest.fixture
def web(people_of: dict[str, Any], app: Flask) -> Iterator[dict[str, Any]]:
    """The web's connection, which may write."""
    with app.app_context():
        yield people_of
        db.session.rollback()


def a_session(ids: dict[str, Any]) -> str:
    return people.open_session(ids[MINE])


def a_link(ids: dict[str, Any]) -> str:
    return links.create(links.CLAIM, ids["lonely"], timedelta(days=1))


def a_code(_ids: dict[str, Any]) -> str:
    return codes.ask("enter", Contact("email", VICTIM), "fr", Caller("198.51.100.7"))


DOORS: dict[str, Callable[[dict[str, Any]], str]] = {
    "sessions": a_session,
    "links": a_link,
    "sign_in_codes": a_code,
}


def taken_out(database: Database, name: str) -> dict[str, Any]:
    """The newest row of a table, which is gone from it: nothing but the wall stands against its return."""
    assert isinstance(database, PostgresDatabase)
    with database.admin.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(f"SELECT * FROM {name} ORDER BY id DESC LIMIT 1").fetchone()
        cursor.execute(f"DELETE FROM {name}")
    assert row is not None
    return dict(row)


def another(value: object, column: sa.Column[Any]) -> object:
    """A value of a column that is not this one."""
    if value is None:
        value = clock.now() if column.name.endswith("_at") else 5 if column.name == "institution_id" else "x"
        return value
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str | bytes):
        return value[1:] + value[:1] if len(set(value)) > 1 else value * 2
    return value + timedelta(microseconds=1)  # type: ignore[operator]


@pytest.mark.parametrize("name", DOORS)
def test_a_row_that_opens_a_door_is_the_one_that_the_application_signed(
    name: str, web: dict[str, Any], database: Database
) -> None:
    """Each column is tried: one that is added later and not signed fails here."""
    with writing():
        DOORS[name](web)
    row, table = taken_out(database, name), tables.metadata.tables[name]
    row.pop("id")
    assert {*VOUCHED[name]} < row.keys()
    changing()
    for column in table.columns:
        if column.name != "id":
            forged = {**row, column.name: another(row[column.name], column)}
            assert not passes(sa.insert(table).values(forged)), column.name
    assert not passes(sa.insert(table).values({**row, "signature": None}))
    assert passes(sa.insert(table).inline().values(row)), "what was signed is taken"


SET_PASSWORD = sa.text("UPDATE accounts SET password_hash = 'mine' WHERE email = :email")
NEW_ACCOUNT = sa.text(
    "INSERT INTO accounts (reference, person_id, email, created_at) VALUES ('r', :person, :email, now())"
)


def test_a_code_that_nobody_typed_proves_nothing(web: dict[str, Any]) -> None:
    """Whoever asks for a code to an address of somebody else holds its row, and may end it."""
    with writing():
        token = codes.ask("enter", Contact("email", VICTIM), "fr", Caller("198.51.100.7"))
        other = codes.ask("enter", Contact("email", LONELY), "fr", Caller("198.51.100.7"))
    present(hashed(token), hashed(other), VICTIM, LONELY)
    changing()
    used = sa.text("UPDATE sign_in_codes SET used_at = now(), signature = repeat('f', 64)")
    assert passes(used)
    assert not passes(SET_PASSWORD.bindparams(email=VICTIM))
    assert not passes(NEW_ACCOUNT.bindparams(person=web[LONELY], email=LONELY))
    assert not passes(sa.text("UPDATE sign_in_codes SET tries = tries + 1")), "nor is it used anew"


def test_a_link_that_the_application_did_not_open_proves_nothing(web: dict[str, Any]) -> None:
    with writing():
        token = a_link(web)
    present(hashed(token), web["lonely"], LONELY)
    changing()
    assert passes(sa.text("UPDATE links SET used_at = now(), signature = repeat('f', 64)"))
    assert not passes(NEW_ACCOUNT.bindparams(person=web[LONELY], email=None))
    assert not passes(NEW_ACCOUNT.bindparams(person=web[LONELY], email=LONELY))


def test_a_proof_of_one_address_is_none_of_another(web: dict[str, Any]) -> None:
    with writing():
        token = codes.keep_proof("doubt", Contact("email", MINE), "fr")
    present(hashed(token), VICTIM, LONELY, web["lonely"])
    changing()
    assert not passes(SET_PASSWORD.bindparams(email=VICTIM))
    for email in (None, LONELY, MINE, "neuve@exemple.ma"):
        assert not passes(NEW_ACCOUNT.bindparams(person=web[LONELY], email=email)), email
    present(MINE)
    assert passes(SET_PASSWORD.bindparams(email=MINE)), "and is one of that address"


def test_an_account_is_made_for_whoever_proves_what_its_person_bears(web: dict[str, Any]) -> None:
    with writing():
        token = codes.keep_proof("doubt", Contact("email", LONELY), "fr")
    present(hashed(token), LONELY)
    changing()
    assert not passes(NEW_ACCOUNT.bindparams(person=web[LONELY], email="neuve@exemple.ma"))
    assert passes(NEW_ACCOUNT.bindparams(person=web[LONELY], email=LONELY))


def test_a_harmless_change_before_it_opens_nothing(web: dict[str, Any]) -> None:
    present(VICTIM)
    changing()
    assert passes(sa.text("UPDATE accounts SET phone_proved_at = now()"))
    assert not passes(SET_PASSWORD.bindparams(email=VICTIM))


def test_a_session_adds_no_address_that_nobody_proved(web: dict[str, Any]) -> None:
    with writing():
        token = people.open_session(web[MINE])
    prove(hashed(token))
    changing()
    assert not passes(
        sa.text("UPDATE accounts SET email = 'neuve@exemple.ma' WHERE email = :email").bindparams(email=MINE)
    )
    with writing():
        db.session.get_one(Account, web[MINE]).password_hash = "new"


@pytest.mark.parametrize("again", [False, True])
def test_the_key_is_neither_read_nor_changed_nor_used(
    again: bool, web: dict[str, Any], database: Database
) -> None:
    if again:
        make_roles(database.settings)
    changing()
    assert not passes(sa.text("SELECT * FROM door_keys"))
    assert not passes(sa.text("DELETE FROM door_keys"))
    assert not passes(sa.text("UPDATE door_keys SET inner_block = 'x'"))
    assert not passes(sa.text("INSERT INTO door_keys VALUES (2, 'x', 'x')"))
    assert not passes(sa.text("INSERT INTO door_keys VALUES (1, 'x', 'x') ON CONFLICT (id) DO NOTHING"))
    for asked in (
        "SELECT app_vouched('sessions')",
        "SELECT app_bears('f', 'sessions', 'x')",
        "SELECT app_vouched(app_joined('sessions', 'x'))",
    ):
        with pytest.raises(ProgrammingError) as refused, db.session.begin_nested():
            db.session.execute(sa.text(asked))
        assert isinstance(refused.value.orig, InsufficientPrivilege), asked
        assert "permission denied for function app_vouched" in str(refused.value)


SAID = {
    "app.institutions": "SELECT cardinality(app_institutions())",
    "app.person": "SELECT count(*) FROM persons",
    "app.session": "SELECT app_session()",
    "app.presented": "SELECT count(*) FROM accounts",
}


@pytest.mark.parametrize("name", SAID)
@pytest.mark.parametrize("said_before", [False, True])
def test_for_whom_is_read_is_said_by_the_application_alone(
    name: str, said_before: bool, web: dict[str, Any]
) -> None:
    if said_before:
        see([1], 7)
        present("a@b.ma")
    changing()
    db.session.scalar(sa.text(SAID[name]))  # is answered
    db.session.execute(sa.select(sa.func.set_config(name, "2", True)))
    with pytest.raises(ProgrammingError, match="did not say who acts"):
        db.session.execute(sa.text(SAID[name]))


def test_what_was_said_is_believed_for_a_day(web: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    see([1], 7)
    moment = time.time()
    monkeypatch.setattr(vouching.time, "time", lambda: moment - 86000)
    changing()
    assert db.session.scalar(sa.text("SELECT app_person()")) == 7
    monkeypatch.setattr(vouching.time, "time", lambda: moment - 87000)
    changing()
    with pytest.raises(ProgrammingError, match="compare the clocks"):
        db.session.execute(sa.text("SELECT app_person()"))


@pytest.mark.parametrize("key", ["of a backup", "none"])
@pytest.mark.parametrize("mended_by", ["db upgrade", "operations roles"])
def test_a_database_with_another_key_says_what_to_run(
    key: str, mended_by: str, web: dict[str, Any], database: Database, system_app: Flask
) -> None:
    assert isinstance(database, PostgresDatabase)
    change = (
        "UPDATE door_keys SET inner_block = sha256('x')" if key == "of a backup" else "DELETE FROM door_keys"
    )
    database.admin.execute(change)
    try:
        with pytest.raises(ProgrammingError, match=UPGRADE), writing():
            people.open_session(web[MINE])
        with pytest.raises(ProgrammingError, match=UPGRADE):
            see([1], None)
            db.session.execute(sa.text("SELECT app_institutions()"))
        db.session.rollback()
    finally:
        if mended_by == "db upgrade":
            with system_app.app_context():
                system_app.extensions["alembic"].upgrade()
        else:
            assert any("lay the key" in line for line in make_roles(database.settings))
    with writing():
        people.open_session(web[MINE])


def test_an_address_written_beside_an_account_opens_it_to_nobody(
    web: dict[str, Any], database: Database
) -> None:
    """What stands in a file is typed by anybody: it opens no account that has a way in of its own."""
    assert isinstance(database, PostgresDatabase)
    database.admin.execute(
        "UPDATE persons SET email = 'elle@exemple.ma' FROM accounts"
        f" WHERE accounts.person_id = persons.id AND accounts.id = {web[VICTIM]}"
    )
    with writing():
        token = codes.keep_proof("doubt", Contact("email", "elle@exemple.ma"), "fr")
    present(hashed(token), "elle@exemple.ma", VICTIM)
    changing()
    assert not passes(SET_PASSWORD.bindparams(email=VICTIM))


def test_a_watch_that_bears_a_person_s_reference_destroys_no_key(web: dict[str, Any]) -> None:
    present("b" * 64, web["lonely"])
    changing()
    planted = sa.text(
        "INSERT INTO intake_watches (reference, blind, scope, sealed, channel, language, created_at, expires_at)"
        " VALUES (:reference, :blind, 'x', '', 'email', 'fr', now(), now())"
    )
    db.session.execute(planted.bindparams(reference=web["lonely"], blind="b" * 64))
    with pytest.raises(ProgrammingError, match="does not destroy this key"):
        db.session.execute(sa.text("SELECT app_destroy_key(:whose, now())").bindparams(whose=web["lonely"]))


def test_nothing_that_a_request_leaves_on_its_connection_reaches_the_next(web: dict[str, Any]) -> None:
    changing()
    for asked in (
        "CREATE TEMP TABLE grants (LIKE public.grants)",
        "SELECT * FROM pg_prepared_statements",
        "SELECT pg_prepared_statement()",
    ):
        with pytest.raises(ProgrammingError), db.session.begin_nested():
            db.session.execute(sa.text(asked))
    driver: Any = db.session.connection().connection.driver_connection
    for _ in range(driver.prepare_threshold + 1):
        db.session.execute(sa.text("SELECT 1"))
    assert all(int(name.removeprefix(b"_pg3_")) > 2**32 for name in driver._prepared._names.values())
    assert driver._prepared._names


def test_what_is_the_owner_s_is_nobody_else_s(web: dict[str, Any]) -> None:
    changing()
    for asked in ("SELECT app_places(1)", "SELECT app_place(ARRAY[1])"):
        with pytest.raises(ProgrammingError, match="permission denied"), db.session.begin_nested():
            db.session.execute(sa.text(asked))
    assert db.session.scalar(sa.text("SELECT count(*) FROM alembic_version")) == 0
    assert not passes(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    assert not passes(sa.text("DELETE FROM alembic_version"))
