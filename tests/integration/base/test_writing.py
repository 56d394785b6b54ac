"""The one place of commit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from cohortmgr.accounts.actions.people import new_person
from cohortmgr.accounts.models import Person, SignInAttempt
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.audit.actions import About, record
from cohortmgr.audit.models import Event, SubjectKey
from cohortmgr.base import clock
from cohortmgr.base.db import after_commit, db, writing
from cohortmgr.base.errors import Stale
from cohortmgr.jobs.actions import queue
from tests.watch import rows_of

pytestmark = pytest.mark.usefixtures("system_context")


def attempt(blind: str = "x") -> SignInAttempt:
    return SignInAttempt(blind=blind, at=clock.now())


def test_it_commits_once_and_others_see_it(system_app: Flask) -> None:
    commits: list[int] = []
    sa.event.listen(db.session, "after_commit", lambda _session: commits.append(1))
    with writing() as session:
        session.add(attempt())
        record(SYSTEM, "tests.note", About("test", "r"))
    assert commits == [1]
    with system_app.app_context():
        noted = sa.select(sa.func.count()).where(Event.action == "tests.note")
        assert (rows_of(SignInAttempt), db.session.scalar(noted)) == (1, 1)


def test_it_does_not_nest() -> None:
    with pytest.raises(RuntimeError, match="nest"), writing(), writing():
        pass
    with writing() as session:
        session.add(attempt())
    assert rows_of(SignInAttempt) == 1


def test_an_error_undoes_everything_and_nothing_lingers() -> None:
    with pytest.raises(ZeroDivisionError), writing() as session:
        session.add(attempt())
        record(SYSTEM, "tests.note", About("test", "r"))
        session.flush()
        raise ZeroDivisionError
    assert (rows_of(SignInAttempt), rows_of(Event), rows_of(SubjectKey)) == (0, 0, 0)
    with writing():
        pass
    assert rows_of(Event) == 0, "the note of the failed act is not the next one's"


def test_changes_made_before_it_are_refused_rather_than_lost() -> None:
    with writing():
        person = new_person({"given_name": "Salma"})
    person.given_name = "Zineb"
    with pytest.raises(RuntimeError, match="lost"), writing():
        pass
    db.session.rollback()
    db.session.add(attempt())
    with pytest.raises(RuntimeError, match="lost"), writing():
        pass
    db.session.rollback()


def test_what_belongs_within_it_is_refused_outside() -> None:
    with pytest.raises(RuntimeError, match="within writing"):
        record(SYSTEM, "tests.note", About("test", "r"))
    with pytest.raises(RuntimeError, match="within writing"):
        after_commit("wake", lambda: None)


def test_wakes_are_one_a_key_and_leave_after_the_commit(system_app: Flask) -> None:
    seen: list[int] = []

    def wake() -> None:
        with system_app.app_context():
            seen.append(rows_of(SignInAttempt))

    with writing() as session:
        for number in range(3):
            after_commit("a", wake)
            session.add(attempt(str(number)))
        assert seen == []
    assert seen == [3]
    with writing():
        pass
    assert seen == [3]


def test_wakes_do_not_leave_when_nothing_was_committed() -> None:
    seen: list[int] = []
    with pytest.raises(ZeroDivisionError), writing():
        after_commit("a", lambda: seen.append(1))
        raise ZeroDivisionError
    with pytest.raises(IntegrityError), writing() as session:
        after_commit("a", lambda: seen.append(1))
        session.add_all([SubjectKey(subject="s"), SubjectKey(subject="s")])
    with writing():
        pass
    assert seen == []


def test_a_wake_that_fails_is_logged_and_the_others_leave(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[int] = []
    with writing() as session:
        session.add(attempt())
        after_commit("bad", lambda: 1 // 0)  # type: ignore[arg-type,return-value]
        after_commit("good", lambda: seen.append(1))
    assert seen == [1] and rows_of(SignInAttempt) == 1
    assert "bad failed after the commit" in caplog.text


def test_a_constraint_s_error_reaches_the_caller_and_the_session_goes_on() -> None:
    with pytest.raises(IntegrityError), writing() as session:
        session.add_all([SubjectKey(subject="s"), SubjectKey(subject="s")])
    with writing() as session:
        session.add(SubjectKey(subject="s"))
    assert rows_of(SubjectKey) == 1


def test_two_who_edit_one_row_do_not_overwrite_each_other(system_app: Flask) -> None:
    with writing():
        person = new_person({"given_name": "Salma"})
    with pytest.raises(Stale), writing() as session:
        mine = session.get_one(Person, person.id)
        theirs = sa.update(Person).values(version=Person.version + 1)
        session.execute(theirs.execution_options(synchronize_session=False))
        mine.given_name = "Zineb"
    assert db.session.scalar(sa.select(Person.given_name)) == "Salma"


def test_writers_queue_and_none_fails(system_app: Flask) -> None:
    """On SQLite the second BEGIN IMMEDIATE waits; a plain BEGIN would fail when it came to write."""
    faults: list[BaseException] = []
    start = threading.Barrier(4)

    def write(name: str) -> None:
        try:
            start.wait(10)
            for number in range(5):
                with system_app.app_context(), writing() as session:
                    before = rows_of(SignInAttempt)
                    time.sleep(0.002)
                    session.add(attempt(f"{name}{number}-{before}"))
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=write, args=(str(n),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert faults == []
    assert rows_of(SignInAttempt) == 20


def test_an_act_with_trail_and_job_takes_few_statements(
    statements: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    def act() -> None:
        with writing():
            record(SYSTEM, "tests.note", About("test", "r"))
            queue.request(SYSTEM, "operations.ping", {}, None)

    act()
    with statements() as seen:
        act()
    # The job; the key; the head under its lock; the event; the head's new end.
    assert len(seen) == 5, seen
