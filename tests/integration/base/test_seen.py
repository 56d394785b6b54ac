"""With a tenant, the web's role of PostgreSQL sees who has a file, a question, a guardianship or a role there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr import tables
from cohortmgr.accounts.models import Person
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import NO_INSTITUTION, db, insert_or_leave, present, see, table_of, writing
from cohortmgr.messages.preferences.models import Preference
from tests.databases import Database, PostgresDatabase
from tests.factories.year import lived
from tests.integration.base.rows import START, insert

pytestmark = pytest.mark.postgres_only

OURS, THEIRS = 101, 102
TABLES = list(tables.metadata.sorted_tables)
PLACED = ("persons", "accounts", "identifiers", "grants", "message_preferences")
SEEN = [table for table in TABLES if "seen_in" in table.columns]


@pytest.fixture
def web(database: Database, app: Flask) -> Iterator[None]:
    """A row that we see, one that they see, and one that nobody sees but administrators of the system."""
    assert isinstance(database, PostgresDatabase)
    for table in SEEN:
        for number, place in ((1001, OURS), (1002, THEIRS), (1003, NO_INSTITUTION)):
            whose = {"account_id": number, "person_id": number}
            insert(database, table, number, seen_in=[place], email=f"{number}@exemple.ma", **whose)
    with app.app_context():
        yield


def numbers(table: sa.Table) -> list[int]:
    (key,) = table.primary_key
    return list(db.session.scalars(sa.select(key).order_by(key)))


def test_what_bears_the_places_is_people_and_what_is_theirs() -> None:
    assert {table.name for table in SEEN} == set(PLACED)


@pytest.mark.usefixtures("web")
@pytest.mark.parametrize("table", SEEN, ids=lambda table: table.name)
def test_an_institution_sees_its_own(table: sa.Table) -> None:
    assert numbers(table) == []
    see([OURS], None)
    assert numbers(table) == [1001]
    see([OURS, THEIRS], None)
    assert numbers(table) == [1001, 1002]
    see([NO_INSTITUTION], None)
    assert numbers(table) == [1003]


@pytest.mark.usefixtures("web")
@pytest.mark.parametrize("table", SEEN, ids=lambda table: table.name)
def test_who_shows_an_address_sees_whose_it_is_and_nobody_else(table: sa.Table) -> None:
    present("1002@exemple.ma")
    assert numbers(table) == [1002]


@pytest.mark.usefixtures("web")
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_no_policy_runs_a_plan_for_each_row(table: sa.Table) -> None:
    """What a policy asks is an InitPlan, which is run once a statement and only if a row comes so far."""
    see([OURS], 1001)
    lines = db.session.scalars(sa.text(f"EXPLAIN SELECT * FROM {table.name}")).all()
    assert not [line for line in lines if "SubPlan" in line]


def test_triggers_note_where_each_person_has_something(system_context: None, database: Database) -> None:
    """A whole year of a programme; a table of institutions that refers to persons later is covered."""
    lived()
    assert isinstance(database, PostgresDatabase) and unseen() == []
    said = "SELECT count(*) FROM {} WHERE seen_in IS DISTINCT FROM app_places({})"
    of_person = ("accounts", "identifiers", "message_preferences")
    for table, whose in (("persons", "id"), *((each, "person_id") for each in of_person)):
        assert database.admin.execute(said.format(table, whose)).fetchone() == (0,), table


def test_what_somebody_chose_is_seen_where_they_are_seen(system_context: None) -> None:
    """Also once it was chosen, and their file moves on."""
    lived()
    chosen = sa.select(Application.person_id, Application.institution_id).where(
        Application.person_id.is_not(None)
    )
    theirs, place = db.session.execute(chosen.order_by(Application.id).limit(1)).one()
    filed = sa.select(Application.person_id).where(Application.person_id.is_not(None))
    other = db.session.scalar(sa.select(sa.func.min(Person.id)).where(Person.id.not_in(filed)))
    seen = sa.select(Preference.person_id, Preference.seen_in).where(
        Preference.person_id.in_([theirs, other])
    )
    values = {"channel": "email", "campaigns": True, "digest": False, "updated_at": START}
    with writing():
        db.session.execute(sa.delete(Preference).where(Preference.person_id.in_([theirs, other])))
        insert_or_leave(db.session, Preference, [{"person_id": each, **values} for each in (theirs, other)])
    before = {row.person_id: row.seen_in for row in db.session.execute(seen)}
    assert place in before[theirs]
    with writing():
        moved = sa.update(Application).where(Application.person_id == theirs)
        db.session.execute(moved.values(person_id=other).execution_options(synchronize_session=False))
    after = {row.person_id: row.seen_in for row in db.session.execute(seen)}
    assert place in after[other] and after[theirs] != before[theirs]


def unseen() -> list[str]:
    """The columns, in tables of institutions, with somebody whom the institution of the row does not see."""
    persons = table_of(Person)
    found = []
    for table in TABLES:
        for column in table.columns if "institution_id" in table.columns else ():
            if column.references(persons.c.id):
                not_there = ~persons.c.seen_in.contains(
                    sa.func.array_append(sa.text("'{}'::bigint[]"), table.c.institution_id)
                )
                rows = sa.select(sa.func.count()).select_from(table.join(persons, persons.c.id == column))
                if db.session.scalar(rows.where(not_there)):
                    found.append(f"{table.name}.{column.name}")
    return found
