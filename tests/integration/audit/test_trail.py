"""The trail as the databases keep it: chained under its lock, sealed by persons' keys, never rewritten."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.audit import actions, queries
from cohortmgr.audit.actions import About, destroy_key, record
from cohortmgr.audit.models import Event, Head, SubjectKey
from cohortmgr.base.db import NO_INSTITUTION, db, see, writing
from tests.databases import Database, PostgresDatabase
from tests.watch import rows_of

PERSON = "P" * 26


def note(number: int = 1, institution: int | None = None, subject: str | None = PERSON) -> None:
    record(
        SYSTEM,
        "tests.note",
        About("test", f"r{number}", institution, subject),
        before={"n": 0},
        after={"n": number, "nom": "Saïd"},
    )


def events(chain: str = "installation") -> list[Event]:
    return list(db.session.scalars(sa.select(Event).where(Event.chain == chain).order_by(Event.sequence)))


@pytest.mark.usefixtures("system_context")
def test_events_are_chained_sealed_and_read_again() -> None:
    for number in (1, 2):
        with writing():
            note(number)
            note(number, institution=7)
    assert queries.chains() == ["7", "installation"]
    assert [queries.broken_links(chain) for chain in queries.chains()] == [[], []]
    first = events()[0]
    assert queries.values_of(first) == {"before": {"n": 0}, "after": {"n": 1, "nom": "Saïd"}}
    assert "Saïd".encode() not in first.sealed
    assert [event.sequence for event in events("7")] == [1, 2]


@pytest.mark.usefixtures("system_context")
def test_an_erased_person_s_values_are_gone_and_the_chain_verifies() -> None:
    with writing():
        note()
        note(2, subject="Q" * 26)
    with writing():
        destroy_key(SYSTEM, PERSON)
    assert [queries.values_of(event) is None for event in events()] == [True, False, False]
    assert queries.broken_links("installation") == []
    with writing():
        note(3)
    assert queries.values_of(events()[-1]) is None, "no second key is made for an erased person"
    assert queries.broken_links("installation") == []


@pytest.mark.usefixtures("system_context")
def test_a_person_erased_before_their_first_event_stays_erased() -> None:
    with writing():
        destroy_key(SYSTEM, PERSON)
    with writing():
        note()
    assert queries.values_of(events()[-1]) is None
    assert queries.known_key(PERSON) is None


@pytest.mark.usefixtures("system_context")
def test_a_key_of_a_transaction_that_was_undone_is_not_used_afterwards() -> None:
    with pytest.raises(ZeroDivisionError), writing():
        lost = actions.subject_key(PERSON)
        raise ZeroDivisionError
    assert rows_of(SubjectKey) == 0
    with writing():
        note()
        assert actions.subject_key(PERSON) != lost
    db.session.rollback()
    db.session.info.pop("caches", None)
    assert queries.values_of(events()[0]) is not None


@pytest.mark.usefixtures("system_context")
def test_a_key_that_was_rolled_back_to_a_savepoint_is_not_used_either() -> None:
    with writing() as session:
        savepoint = session.begin_nested()
        lost = actions.subject_key(PERSON)
        savepoint.rollback()
        assert actions.subject_key(PERSON) != lost
        note()
    assert queries.values_of(events()[0]) is not None


@pytest.mark.usefixtures("system_context")
def test_reading_makes_no_key() -> None:
    assert queries.known_key(PERSON) is None
    assert rows_of(SubjectKey) == 0


def test_writers_at_once_extend_one_chain_and_share_one_new_key(system_app: Flask) -> None:
    """A chain that nobody began and a person whom nobody met, by four at once."""
    faults: list[BaseException] = []
    start = threading.Barrier(4)

    def write(thread: int) -> None:
        try:
            start.wait(10)
            for number in range(5):
                with system_app.app_context(), writing():
                    note(thread * 100 + number, institution=7)
                    note(thread * 100 + number, institution=8 if number % 2 else None)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert faults == []
    with system_app.app_context():
        assert [queries.broken_links(chain) for chain in queries.chains()] == [[], [], []]
        assert len(events("7")) == 20
        assert all(queries.values_of(event) for event in events("7"))
        assert rows_of(SubjectKey) == 1


@pytest.mark.usefixtures("system_context")
@pytest.mark.parametrize(
    "change", [sa.update(Event).values(actor="x"), sa.delete(Event)], ids=["update", "delete"]
)
def test_the_database_refuses_to_rewrite_the_trail(change: Any) -> None:
    with writing():
        note()
    with pytest.raises(DBAPIError, match="only appended to"), writing() as session:
        session.execute(change)
    assert queries.broken_links("installation") == []


@pytest.mark.usefixtures("system_context")
def test_what_was_tampered_with_behind_the_application_is_found(database: Database) -> None:
    with writing():
        for number in (1, 2, 3):
            note(number)
    db.session.rollback()
    changed = "UPDATE audit_events SET object_reference = 'r9' WHERE sequence = 2"
    if isinstance(database, PostgresDatabase):
        database.admin.execute(changed)  # as a replica does, without triggers
    else:
        db.session.execute(sa.text("DROP TRIGGER audit_events_unchanged"))
        db.session.execute(sa.text(changed))
        db.session.commit()
    db.session.expire_all()
    assert [problem.values for problem in queries.broken_links("installation")] == [{"number": 2}]


@pytest.mark.usefixtures("system_context")
def test_a_chain_cut_to_nothing_is_named(database: Database) -> None:
    with writing() as session:
        session.execute(sa.insert(Head).values(chain="9", sequence=3, digest="f" * 64))
    assert [problem.where for problem in queries.broken_links("9")] == ["9"]


def test_the_application_verifies_the_chains_that_it_may_read(app: Flask) -> None:
    """On PostgreSQL the installation's chain stands behind the wall, but not for the system's administrator."""
    with app.app_context():
        see([7, NO_INSTITUTION], None)
        with writing():
            note(1)
            note(1, institution=7)
        assert [queries.broken_links(chain) for chain in ("7", "installation")] == [[], []]
        assert len(db.session.scalars(queries.visible([7], True)).all()) == 2
        assert len(db.session.scalars(queries.visible([7], False)).all()) == 1
