"""What the web's role of PostgreSQL reads and changes without a tenant, of every table; and the worst acts.

tests/data/without_a_tenant.txt lists what is still open. A table that is not there gives nothing. What is closed is
taken off that list, and nothing is put on it without saying why in docs/decisions/0017.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from psycopg.types.json import Jsonb
from sqlalchemy.exc import ProgrammingError

from cohortmgr import tables
from cohortmgr.accounts.actions import people
from cohortmgr.accounts.models import Account, RoleGrant
from cohortmgr.accounts.queries import viewers
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.audit import queries as trail
from cohortmgr.base import clock
from cohortmgr.base.db import db, present, prove, see, writing
from tests.conftest import ROOT
from tests.databases import Database, PostgresDatabase
from tests.integration.base.attempts import changing, passes
from tests.integration.base.rows import START, insert, row_for, value_for

pytestmark = pytest.mark.postgres_only

TABLES = sorted(tables.metadata.sorted_tables, key=lambda table: table.name)
LISTED = (ROOT / "data" / "without_a_tenant.txt").read_text(encoding="utf-8")
OURS, ME = 101, 201
THEIRS, OTHER_PERSON = 102, 202
ROW = {"institution_id": OURS, "person_id": ME, "published_at": None, "password_hash": "h", "used_at": START}


@pytest.fixture
def web(database: Database, app: Flask) -> Iterator[None]:
    """A row in every table, and the web's connection in a transaction that may write."""
    assert isinstance(database, PostgresDatabase)
    for table in TABLES:
        insert(database, table, 1001, **ROW)
    with app.app_context():
        changing()
        yield
        db.session.rollback()


def plain(value: object) -> object:
    return value.obj if isinstance(value, Jsonb) else value


def opened(table: sa.Table) -> str:
    """What a table gives, as a line of the list; empty for nothing."""
    verbs = []
    if passes(sa.select(table)):
        verbs.append("read")
    # Whoever sends SQL cannot sign: what the application would sign by itself is forged here.
    forged = {"signature": "f" * 64}
    row = row_for(table, 1003, institution_id=OURS, person_id=ME, published_at=START, wrapped=b"k", **forged)
    if passes(sa.insert(table).inline().values({name: plain(value) for name, value in row.items()})):
        verbs.append("insert")
    # What the database computes takes no value, whoever gives one.
    written = [column for column in table.columns if column.computed is None]
    changed = [
        column.name
        for place, column in enumerate(written)
        if passes(sa.update(table).values({column.name: plain(value_for(table, column, 1004, place + 1))}))
    ]
    if changed:
        every = len(changed) == len(written)
        verbs.append("update" if every else f"update({','.join(changed)})")
    if passes(sa.delete(table)):
        verbs.append("delete")
    return f"{table.name}: {' '.join(verbs)}" if verbs else ""


@pytest.mark.usefixtures("web")
def test_every_table_gives_what_is_listed_and_no_more() -> None:
    found = [line for line in map(opened, TABLES) if line]
    assert "\n".join(found) + "\n" == LISTED


@pytest.mark.usefixtures("web")
def test_a_tenant_opens_nothing_of_another_s() -> None:
    """What is open without a tenant is all that another institution's, and somebody else, gets of a row."""
    see([THEIRS], OTHER_PERSON)
    changing()
    found = [line for line in map(opened, TABLES) if line]
    assert "\n".join(found) + "\n" == LISTED


@pytest.mark.usefixtures("web")
@pytest.mark.parametrize("name", ["sessions", "sign_in_codes", "links"])
def test_the_list_would_notice_a_door_that_opens(name: str) -> None:
    table = tables.metadata.tables[name]
    assert opened(table) == ""
    prove("1001token_hash")
    present("1001token_hash")
    changing()
    assert opened(table).startswith(f"{name}: read")


# The worst that somebody could do with a hole in a page, each as one statement.
ATTACKS = {
    "becoming an administrator": "INSERT INTO grants (reference, account_id, role, scope_kind, scope_reference, path,"
    " institutions, granted_at)"
    " VALUES ('r', 1001, 'system_administrator', 'installation', 'installation', '', '[]', now())",
    "widening a role": "UPDATE grants SET path = '', institutions = '[1, 2]'",
    "taking a role over": "UPDATE grants SET account_id = 5",
    "ending a role": "UPDATE grants SET revoked_at = now()",
    "deleting roles": "DELETE FROM grants",
    "setting a password": "UPDATE accounts SET password_hash = 'mine'",
    "dropping a password": "UPDATE accounts SET password_hash = NULL",
    "taking an address over": "UPDATE accounts SET email = 'mine@exemple.ma'",
    "taking a number over": "UPDATE accounts SET phone_blind = 'mine'",
    "opening a closed account": "UPDATE accounts SET suspended_at = now()",
    "deleting accounts": "DELETE FROM accounts",
    "destroying a person's key": "UPDATE subject_keys SET wrapped = NULL, destroyed_at = now()",
    "changing a key": "UPDATE subject_keys SET wrapped = 'mine'",
    "laying a destroyed key": "INSERT INTO subject_keys (subject, destroyed_at) VALUES ('p', now())",
    "deleting keys": "DELETE FROM subject_keys",
    "setting a head back": "UPDATE audit_heads SET sequence = 0, digest = repeat('0', 64)",
    "setting a head anew": "UPDATE audit_heads SET digest = repeat('1', 64)",
    "moving a head beyond its events": "UPDATE audit_heads SET sequence = sequence + 1",
    "deleting heads": "DELETE FROM audit_heads",
    "beginning a chain in its middle": "INSERT INTO audit_heads (chain, sequence, digest) VALUES ('x', 7, 'd')",
    "taking a session over": "UPDATE sessions SET token_hash = 'mine'",
    "reviving a session": "UPDATE sessions SET revoked_at = NULL",
    "a session for ever": "INSERT INTO sessions (token_hash, account_id, created_at, expires_at, shared)"
    " VALUES ('t', 1001, now(), now() + interval '1 year', false)",
    "deleting sessions": "DELETE FROM sessions",
    "reviving a link": "UPDATE links SET used_at = NULL",
    "moving a link to a person": "UPDATE links SET subject = 'somebody'",
    "deleting the tree": "DELETE FROM organisations",
    "moving an institution": "UPDATE organisations SET path = 'ma.'",
    "a new institution": "INSERT INTO organisations (reference, kind, key, name, path, version)"
    " VALUES ('r', 'institution', 'k', '{}', 'ma.k.', 1)",
    "deleting links": "DELETE FROM links",
    "trying a code for ever": "UPDATE sign_in_codes SET tries = 0",
    "forgetting the attempts": "DELETE FROM sign_in_attempts",
    "reading who waits for an intake": "SELECT sealed FROM intake_watches",
    "reading a held form": "SELECT sealed FROM held_forms",
}


@pytest.mark.usefixtures("web")
@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("whom", ["nobody", "a tenant"])
def test_the_worst_is_refused(attack: str, whom: str) -> None:
    if whom == "a tenant":
        see([OURS], ME)
        changing()
    assert not passes(sa.text(ATTACKS[attack]))


EMAIL, OTHER = "salma@exemple.ma", "autre@exemple.ma"


def account(email: str, *roles: tuple[Role, str, list[int]]) -> int:
    made = people.new_account(SYSTEM, email, "no hash", {})
    for role, path, numbers in roles:
        people.grant(SYSTEM, made, role, "organisation", path or "installation", path, numbers)
    return made.id


@pytest.fixture
def acting(system_app: Flask, app: Flask) -> Iterator[dict[str, int]]:
    """Two accounts; the web acts in the session of the first, who administers people of an institution."""
    with system_app.app_context(), writing():
        made = {
            EMAIL: account(EMAIL, (Role.PROGRAMME_ADMINISTRATOR, "ma.inpt.", [1])),
            OTHER: account(OTHER, (Role.REVIEWER, "ma.inpt.", [1]), (Role.REVIEWER, "ma.autre.", [2])),
        }
        token = people.open_session(made[EMAIL])
    with app.app_context():
        known = viewers.viewer_of_token(token)
        assert known is not None
        see(known.listed, known.person_id)
        yield made


def grant_by(email: str, role: Role, path: str, numbers: list[int], as_if: Viewer = SYSTEM) -> None:
    """Give a role as an action that forgot to ask who may: the database is the last to look."""
    with writing():
        found = viewers.account_by_email(email)
        assert found is not None
        people.grant(as_if, found, role, "organisation", path or "installation", path, numbers)


def test_who_administers_people_gives_roles_where_they_do(acting: dict[str, int]) -> None:
    grant_by(OTHER, Role.TRAINER, "ma.inpt.", [1])
    grant_by(OTHER, Role.TRAINER, "ma.inpt.mdia.", [1])
    for role, path, numbers in (
        (Role.AUDITOR, "ma.inpt.", [1]),
        (Role.SYSTEM_ADMINISTRATOR, "ma.inpt.", [1]),
        (Role.TRAINER, "ma.autre.", [2]),
        (Role.TRAINER, "", []),
        (Role.TRAINER, "ma.inpt.", [1, 2]),
        (Role.REVIEWER, "ma.autre.", [1]),
    ):
        with pytest.raises(ProgrammingError, match="may not give or end"):
            grant_by(OTHER, role, path, numbers)
    with pytest.raises(ProgrammingError, match="may not give or end"):
        grant_by(EMAIL, Role.TRAINER, "ma.inpt.", [1])


def test_a_session_that_ended_gives_nothing(acting: dict[str, int], system_app: Flask) -> None:
    with system_app.app_context(), writing():
        people.revoke_sessions(SYSTEM, acting[EMAIL])
    with pytest.raises(ProgrammingError, match="may not give or end"):
        grant_by(OTHER, Role.TRAINER, "ma.inpt.", [1])


def test_a_made_up_session_is_nobody_s(acting: dict[str, int]) -> None:
    prove("f" * 64)
    with pytest.raises(ProgrammingError, match="may not give or end"):
        grant_by(OTHER, Role.TRAINER, "ma.inpt.", [1])


def test_a_password_is_changed_by_its_own_session_alone(acting: dict[str, int]) -> None:
    with writing():
        db.session.get_one(Account, acting[EMAIL]).password_hash = "new"
    with pytest.raises(ProgrammingError, match="own session"), writing():
        db.session.get_one(Account, acting[OTHER]).password_hash = "new"


def test_an_account_is_closed_by_who_administers_people_and_not_by_itself(acting: dict[str, int]) -> None:
    with writing():
        db.session.get_one(Account, acting[OTHER]).suspended_at = START
    with pytest.raises(ProgrammingError, match="may not close"), writing():
        db.session.get_one(Account, acting[EMAIL]).suspended_at = START
    with pytest.raises(ProgrammingError, match="closed account"), writing():
        people.open_session(acting[OTHER])


def test_the_web_s_own_acts_still_extend_the_trail(client: FlaskClient, system_app: Flask) -> None:
    for number in range(3):
        answer = client.post(
            "/sign-up", data={"email": f"{number}@exemple.ma", "password": "une phrase assez longue"}
        )
        assert answer.status_code == 302
        client.post("/sign-out")
    with system_app.app_context():
        assert trail.broken_links("installation") == []


def test_each_function_that_passes_the_wall_has_its_search_path_fixed(system_context: None) -> None:
    loose = db.session.scalars(
        sa.text(
            "SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = 'public'"
            " AND prosecdef AND NOT coalesce(array_to_string(proconfig, ' ') LIKE 'search_path=%pg_temp', false)"
        )
    ).all()
    assert loose == []


def test_no_policy_asks_a_question_for_each_row(system_context: None) -> None:
    """A sub-select of a policy calls a function of nothing, so that it is read once a statement."""
    said = db.session.execute(
        sa.text(
            "SELECT tablename, concat(qual, ' ', with_check) FROM pg_policies WHERE schemaname = 'public'"
        )
    ).all()
    assert said
    for name, text in said:
        assert " FROM " not in text, name


@pytest.mark.usefixtures("web")
def test_what_was_shown_within_a_savepoint_that_was_undone_can_be_shown_again() -> None:
    with pytest.raises(ProgrammingError), db.session.begin_nested():
        present("1001token_hash")
        db.session.execute(sa.text("SELECT nothing"))
    present("1001token_hash")
    assert db.session.scalar(sa.text("SELECT count(*) FROM links")) == 1


def test_who_administers_people_ends_the_role_of_a_company_s_contact(
    acting: dict[str, int], system_app: Flask
) -> None:
    with system_app.app_context(), writing():
        contact = account("contact@acme.ma", (Role.COMPANY_CONTACT, "ma.acme.", [1]))
    with writing():
        held = db.session.scalars(sa.select(RoleGrant).where(RoleGrant.account_id == contact)).one()
        held.ends_on = date(2026, 12, 15)
    with writing():
        held.revoked_at = clock.now()
    db.session.rollback()
    assert held.revoked_at is not None


BELONGING = [tables.metadata.tables[name] for name in ("documents", "notes", "corrections", "extensions")]


@pytest.mark.parametrize("table", BELONGING, ids=lambda table: table.name)
def test_what_belongs_to_a_file_is_of_its_institution_and_person(
    database: Database, app: Flask, table: sa.Table
) -> None:
    """A file's row follows it, by triggers that pass the wall: nobody writes so into the row of another's file."""
    assert isinstance(database, PostgresDatabase)
    for number, institution, person in (
        (1001, OURS, ME),
        (1002, THEIRS, OTHER_PERSON),
        (1003, OURS, OTHER_PERSON),
    ):
        own = {"institution_id": institution, "person_id": person}
        insert(database, tables.metadata.tables["applications"], number, **own)
    insert(database, table, 1001, institution_id=OURS, person_id=ME, application_id=1001)
    of_a_person = "person_id" in table.columns

    def adds(**given: int) -> bool:
        row = row_for(table, 1009, **given)
        return passes(sa.insert(table).inline().values({name: plain(value) for name, value in row.items()}))

    def moves(file: int) -> bool:
        return passes(sa.update(table).where(table.c.id == 1001).values(application_id=file))

    with app.app_context():
        see([OURS], None)
        changing()
        assert adds(application_id=1001, institution_id=OURS, person_id=ME)
        assert not adds(application_id=1002, institution_id=OURS, person_id=ME)
        assert adds(application_id=1003, institution_id=OURS, person_id=ME) is not of_a_person
        assert not moves(1002) and not moves(1003)
        see([], ME)
        changing()
        assert not adds(application_id=1002, institution_id=THEIRS, person_id=ME)
        assert not adds(application_id=1003, institution_id=OURS, person_id=ME)
        assert adds(application_id=1001, institution_id=OURS, person_id=ME) is of_a_person
        db.session.rollback()
