"""The database: one session for a request or task, one transaction for an act, row security by institution.

Tables declare their tenancy in `info` (see `TENANCIES`). The migrations write the matching row-level
policies, and a test compares the two. On PostgreSQL each transaction says by `set_config` for whom it reads.
"""

from __future__ import annotations

import logging
import math
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from inspect import iscoroutinefunction
from typing import Any, cast
from weakref import WeakKeyDictionary

import psycopg
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy_lite import SQLAlchemy
from psycopg.pq import TransactionStatus
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.orm.session import SessionTransaction
from sqlalchemy.pool import ConnectionPoolEntry

from cohortmgr.base import storage
from cohortmgr.base.databases import replica, vouching
from cohortmgr.base.databases.connecting import begin_saying, hide_names, pooled_options, require_keepable
from cohortmgr.base.databases.instants import Utc as Utc  # for models, which know this file alone
from cohortmgr.base.databases.vouching import at_insert as at_insert  # for models, which know this file alone
from cohortmgr.base.errors import Stale
from cohortmgr.base.hooks import Hook
from cohortmgr.base.text import new_reference

Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")
Cents = sa.BigInteger().with_variant(sa.Integer, "sqlite")
# The institutions that see a row: triggers keep them and policies read them. SQLite has neither (decision 17).
SeenIn = postgresql.ARRAY(sa.BigInteger()).with_variant(sa.Text(), "sqlite")
Json = sa.JSON().with_variant(JSONB, "postgresql")

# The kinds of tenancy that a table may declare; each has policies, and none is open. "journal": anyone appends, only
# the listed institutions read; rows without an institution are read by whoever lists NO_INSTITUTION.
# "journal_of_persons": the person concerned reads a row too. "closed": the table's own policies and functions say what
# the application's role reads and changes (decision 17).
TENANCIES = ("published", "institution", "institution_or_person", "journal", "journal_of_persons", "closed")
NO_INSTITUTION = 0
# The connection option that says that the transaction may write.
WRITING = "writing"
# And that it first waits for those in the same queue; in the session's `info`, what returns the queue's number.
QUEUE = "queue"
# An idle PostgreSQL connection is checked before it is used again if it was idle for longer than this, in seconds.
RESTS = 1.0
# How many seconds a writer waits for another: in pages, where a person waits too, and in the worker and commands.
PATIENCE, LONG_PATIENCE = 3.0, 15.0
# How many when somebody waited in vain within the last REMEMBERED seconds.
SHORT_PATIENCE, REMEMBERED = 0.2, 10.0

db = SQLAlchemy(session_options={"expire_on_commit": False, "class_": replica.RoutedSession})
before_commit: Hook[[Session], None] = Hook()
_log = logging.getLogger(__name__)


class Model(DeclarativeBase):
    """The base class of every table."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Utc, dict[str, Any]: Json, list[Any]: Json}


class Row:
    """The columns that most tables share: an id for the database and a random reference for URLs and sealing."""

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    reference: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_reference)


class Versioned:
    """A row that several people may edit: its version number prevents one from overwriting another unnoticed."""

    version: Mapped[int] = mapped_column(sa.Integer, default=1)

    @sa.orm.declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}


def init_db(app: Flask, url: str, patience: float = LONG_PATIENCE, replica_url: str = "") -> None:
    """Connect the application to the database at this URL, which names the role, and to its replica if there is one.
    Who writes waits for another who writes as many seconds as `patience` says."""
    waits = patience if patience < LONG_PATIENCE else None
    app.config["SQLALCHEMY_ENGINES"] = {"default": pooled_options(url, waits)}
    if replica_url:
        app.config["SQLALCHEMY_ENGINES"][replica.ENGINE] = replica.replica_options(replica_url, waits)
    db.init_app(app)
    # None of our sessions is asynchronous, and closing asynchronous ones starts a thread at each request (1
    # ms of CPU).
    app.teardown_appcontext_funcs[:] = [
        each for each in app.teardown_appcontext_funcs if not iscoroutinefunction(each)
    ]
    with app.app_context():
        for name, engine in db.engines.items():
            configure_engine(engine, patience)
            if name == replica.ENGINE:
                replica.trust_pool(engine)


def configure_engine(engine: sa.Engine, patience: float = LONG_PATIENCE) -> None:
    """Set up an engine: SQLite gets pragmas and explicit transactions, PostgreSQL writes only where that is
    asked for."""
    (_configure_sqlite if engine.dialect.name == "sqlite" else _configure_postgresql)(engine, patience)

    @event.listens_for(engine, "before_cursor_execute")
    def _keepable(_on: Any, _cursor: Any, _sql: str, parameters: Any, _context: Any, _many: bool) -> None:
        require_keepable(parameters)


def _configure_sqlite(engine: sa.Engine, patience: float) -> None:
    given_up = -math.inf  # when somebody last waited in vain

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        # The driver's own BEGIN comes too late for snapshots and savepoints.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "foreign_keys=ON",
            f"busy_timeout={patience * 1000:.0f}",
            "synchronous=FULL",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        nonlocal given_up
        driver = cast(sqlite3.Connection, connection.connection.driver_connection)
        if not _writes(connection):
            driver.execute(
                "BEGIN"
            )  # which opens and locks nothing, so that it cannot fail as a statement does
            return
        # While the database is known to be locked, nobody else holds a thread for long: the rest are to be answered.
        waits = SHORT_PATIENCE if time.monotonic() - given_up < REMEMBERED else patience
        driver.execute(f"PRAGMA busy_timeout={waits * 1000:.0f}")
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except sa.exc.OperationalError:
            given_up = time.monotonic()
            raise
        given_up = -math.inf


def _configure_postgresql(engine: sa.Engine, patience: float) -> None:
    undo = engine.dialect.do_rollback

    event.listen(engine, "connect", hide_names)
    event.listen(engine, "before_cursor_execute", _speak)

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        waits = patience if patience < LONG_PATIENCE else None
        begin_saying(connection, _writes(connection), waits, connection.get_execution_options().get(QUEUE))

    def end(connection: Any) -> None:
        """End a read-only transaction by COMMIT instead of ROLLBACK, and none where none is open: the pool asks again.

        At a ROLLBACK the driver forgets all the statements that it had prepared, and the server would have to
        plan each of them again at every request. If the server went meanwhile nothing is lost by it, and whoever asked
        is owed the answer that is ready: of an act that was done they would be told that it failed."""
        driver = cast(psycopg.Connection[Any], connection.driver_connection)
        state = driver.info.transaction_status
        if driver.read_only and state == TransactionStatus.INTRANS:
            with suppress(psycopg.OperationalError):
                driver.commit()
        elif state != TransactionStatus.IDLE:
            undo(connection)

    engine.dialect.do_rollback = end  # type: ignore[method-assign,assignment]

    @event.listens_for(engine, "checkin")
    def _rests(driver: Any, record: ConnectionPoolEntry) -> None:
        gone = driver is None or driver.closed
        record.info["rests_since"] = -math.inf if gone else time.monotonic()

    @event.listens_for(engine, "checkout")
    def _wakes(driver: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        """Check that the server still answers, if the connection was idle for longer than RESTS.

        One that was used a moment ago is known to work."""
        if time.monotonic() - record.info.get("rests_since", math.inf) > RESTS:
            try:
                engine.dialect.do_ping(driver)
            except psycopg.Error as error:
                raise sa.exc.InvalidatePoolError from error


def _writes(connection: sa.Connection) -> bool:
    return bool(connection.get_execution_options().get(WRITING, False))


def table_of(model: type[Model]) -> sa.Table:
    """Return the table of a model, for statements that bypass the identity map."""
    return cast(sa.Table, model.__table__)


def append(session: Session, model: type[Model], rows: list[dict[str, Any]]) -> None:
    """Insert rows without reading anything back, because those who write journals may not read them."""
    if rows:
        session.execute(sa.insert(table_of(model)).inline(), rows)


def insert_or_leave(session: Session, model: type[Model], rows: list[dict[str, Any]]) -> None:
    """Insert the rows that do not exist yet. One that another transaction is inserting is waited for, and kept."""
    dialect = session.connection().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    if rows:
        session.execute(insert(table_of(model)).on_conflict_do_nothing().inline(), rows)


def is_postgresql() -> bool:
    """Whether the database is PostgreSQL, for what only a function of the database may do there."""
    return db.engine.dialect.name == "postgresql"


def see(institutions: Iterable[int], person_id: int | None) -> None:
    """Say for whom the session reads, from now until the end of the request or task."""
    _say("tenancy", (tuple(sorted(institutions)), person_id))


@contextmanager
def acting_in(institution_id: int) -> Iterator[None]:
    """Let one act of a person (sending a file, answering an offer) reach the rows of one institution. The
    person's own list is restored at the end; in between, the action decides what is read."""
    institutions, person = before = db.session.info.get("tenancy") or ((), None)
    see({*institutions, institution_id}, person)
    try:
        yield
        db.session.flush()  # written while the institution is still listed
    finally:
        _say("tenancy", before)


@contextmanager
def reading_as(person_id: int, institutions: Iterable[int] = ()) -> Iterator[None]:
    """Let one act read what is a person's own, and what lies in some institutions, before that person is the
    viewer. What the session read for is restored at the end."""
    before = db.session.info.get("tenancy") or ((), None)
    see(institutions, person_id)
    try:
        yield
    finally:
        _say("tenancy", before)


def prove(digest: str) -> None:
    """Say whose session acts, by the hash of its token: the database lets nobody else change what opens doors."""
    _say("proof", digest)


def present(*digests: str) -> None:
    """Say what somebody showed that only they can know: the hash of the token of a link or a code, the blind index of
    a number, a random reference, an address that was typed. The database shows the rows that bear it."""
    known: tuple[str, ...] = db.session.info.get("presented", ())
    _say("presented", tuple(dict.fromkeys((*known, *filter(None, digests)))))


@contextmanager
def presenting(*digests: str) -> Iterator[None]:
    """Present what is asked about once, and not in every later statement: the numbers of a whole import."""
    before = db.session.info.get("presented", ())
    present(*digests)
    try:
        yield
    finally:
        _say("presented", before)


def _say(name: str, value: object) -> None:
    """Note what the database is told before the next statement: at once, however much is said in between."""
    info = db.session.info
    before, info[name] = info.get(name), value
    info["unsaid"] = info.get("unsaid", False) or value != before


# For whom the statements of a connection are sent.
_speakers: WeakKeyDictionary[sa.Connection, Session] = WeakKeyDictionary()


@event.listens_for(Session, "after_begin")
def _after_begin(session: Session, _transaction: SessionTransaction, connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        _speakers[connection] = session
        session.info["unsaid"] = True


def _speak(connection: sa.Connection, *_rest: object) -> None:
    session = _speakers.get(connection)
    if session is not None and session.info.pop("unsaid", False):
        vouching.announce(connection, session.info)


def transaction_cache(session: Session, name: str) -> dict[str, Any]:
    """Return a dictionary that is emptied when the transaction ends, for facts that hold only within it."""
    return cast(dict[str, Any], session.info.setdefault("caches", {}).setdefault(name, {}))


@event.listens_for(Session, "after_commit")
@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, *ended: SessionTransaction) -> None:
    session.info.pop("caches", None)
    session.info["unsaid"] = bool(ended)  # what was said within a savepoint went with it


@contextmanager
def writing() -> Iterator[Session]:
    """Begin the one transaction in which changes are made, and commit it: the only place that commits.

    Ends the read transaction, begins another (IMMEDIATE on SQLite, so that two writers queue instead of
    failing), flushes, lets the audit extend its chains, commits once, then calls what `after_commit`
    collected. A row that somebody else changed meanwhile raises Stale; an IntegrityError reaches the caller.
    """
    session = db.session
    if session.info.get("writing"):
        raise RuntimeError("writing() does not nest: actions never commit")
    if session.new or session.deleted or any(session.is_modified(row) for row in session.dirty):
        raise RuntimeError("rows were changed before writing() began: these changes would be lost")
    replica.read_from(session, None)
    session.info["writing"] = True
    session.info["wakes"] = {}
    try:
        # SQLite has one writer at a time anyway.
        queue = session.info.get(QUEUE)
        session.connection(execution_options={WRITING: True, QUEUE: queue and queue()})
        yield session
        session.flush()
        for finish in before_commit:
            finish(session)
        storage.note_named()
        session.commit()
        session.info[replica.WROTE] = True
    except BaseException as error:
        session.rollback()
        session.info.pop("wakes", None)
        if isinstance(error, StaleDataError):
            raise Stale(str(error)) from error
        raise
    finally:
        session.info["writing"] = False
        session.info.pop("audit", None)
    for key, wake in session.info.pop("wakes", {}).items():
        try:
            wake()
        except Exception:
            # The act is committed. The worker's sweep will do what failed here, and the person need not know.
            _log.exception("%s failed after the commit", key)


def within_writing(what: str) -> Session:
    """Return the session. Raises RuntimeError outside of `writing()`, where `what` would be lost silently."""
    session = db.session
    if not session.info.get("writing"):
        raise RuntimeError(f"{what} belongs within writing()")
    return session


def after_commit(key: str, wake: Callable[[], None]) -> None:
    """Call `wake` after the commit; calls with the same key are made once. If it fails, the failure is logged."""
    within_writing(key).info["wakes"][key] = wake
