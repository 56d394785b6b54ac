"""The trail as the databases keep it: chained under its lock, sealed by persons' keys, never rewritten."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.audit import actions, queries
from cohortmgr.audit.actions import destroy_key
from cohortmgr.audit.models import Event, SubjectKey
from cohortmgr.audit.rules import REGISTER, SHARDS, chain_of, chains_of
from cohortmgr.base.db import NO_INSTITUTION, db, see, writing
from tests.integration.audit.acts import OURS, PERSON, THEIRS, events, note, said, written
from tests.watch import rows_of


@pytest.mark.usefixtures("system_context")
def test_events_are_chained_sealed_and_read_again() -> None:
    for number in (1, 2):
        with writing():
            note(number)
            note(number, institution=7)
    assert queries.chains() == sorted([*chains_of("7"), *chains_of("installation"), REGISTER])
    assert said() == []
    first = events()[0]
    assert queries.values_of(first) == {"before": {"n": 0}, "after": {"n": 1, "nom": "Saïd"}}
    assert "Saïd".encode() not in first.sealed
    assert [(event.chain, event.sequence) for event in events("7")] == [
        (chain_of("7", "r1"), 1),
        (chain_of("7", "r2"), 1),
    ]


@pytest.mark.usefixtures("system_context")
def test_what_one_transaction_does_for_one_institution_is_one_chain_in_its_order() -> None:
    with writing():
        for number in range(1, 40):
            note(number, institution=7)
    assert [(event.chain, event.sequence) for event in events("7")] == [(THEIRS, n) for n in range(1, 40)]


@pytest.mark.usefixtures("system_context")
def test_an_act_takes_three_statements_once_its_chain_exists(statements: Any) -> None:
    for number in (1, 1):
        with writing(), statements() as seen:
            note(number, institution=7)
            db.session.flush()
            actions.extend_chains(db.session)
    trail = [text for text in seen if "audit_" in text or "_head(" in text]
    # PostgreSQL moves a head by a function.
    assert [text.split()[0] for text in trail] in (
        ["SELECT", "INSERT", "UPDATE"],
        ["SELECT", "INSERT", "SELECT"],
    )


@pytest.mark.usefixtures("system_context")
def test_an_erased_person_s_values_are_gone_and_the_chain_verifies() -> None:
    with writing():
        note()
        note(2, subject="Q" * 26)
    with writing():
        destroy_key(SYSTEM, PERSON)
    assert [queries.values_of(event) is None for event in events()] == [True, False, False]
    assert said() == []
    with writing():
        note(3)
    assert queries.values_of(events()[-1]) is None, "no second key is made for an erased person"
    assert said() == []


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
        assert queries.faults() == []
        begun = sa.select(sa.func.count()).where(Event.chain == REGISTER)
        assert db.session.scalar(begun) == 3, "each owner's chains are begun once"
        assert len(events("7")) == 20
        assert all(queries.values_of(event) for event in events("7"))
        subjects = sa.select(SubjectKey.subject).where(SubjectKey.subject != REGISTER)
        assert db.session.scalars(subjects).all() == [PERSON]


@pytest.mark.usefixtures("system_context")
@pytest.mark.parametrize(
    "change", [sa.update(Event).values(actor="x"), sa.delete(Event)], ids=["update", "delete"]
)
def test_the_database_refuses_to_rewrite_the_trail(change: Any) -> None:
    with writing():
        note()
    with pytest.raises(DBAPIError, match="only appended to"), writing() as session:
        session.execute(change)
    assert said() == []


@pytest.mark.usefixtures("system_context")
def test_a_chain_that_goes_on_while_it_is_verified_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    written(1)
    links, waiting = queries._links, [1]

    def late(chain: str) -> Iterator[Event]:
        if chain == OURS and waiting:
            written(waiting.pop())
        return links(chain)

    monkeypatch.setattr(queries, "_links", late)
    assert queries.broken_links(OURS) == [] and not waiting


def test_the_application_verifies_the_chains_that_it_may_read(app: Flask) -> None:
    """On PostgreSQL the installation's chain stands behind the wall, but not for the system's administrator."""
    with app.app_context():
        see([7, NO_INSTITUTION], None)
        with writing():
            note(1)
            note(1, institution=7)
        assert len(queries.chains_for([7], True)) == 2 * SHARDS + 1
        assert queries.chains_for([7], False) == list(chains_of("7"))
        assert [queries.broken_links(chain) for chain in (THEIRS, OURS, REGISTER)] == [[], [], []]
        seen = db.session.scalars(queries.visible([7], True)).all()
        assert sorted(event.action for event in seen if event.chain != REGISTER) == ["tests.note"] * 2
        assert len(db.session.scalars(queries.visible([7], False)).all()) == 1
