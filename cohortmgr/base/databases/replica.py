"""A replica of the database, for what only reads: when it may be asked, and what is told of one that may not.

It is asked when it has applied everything that whoever reads has written, and all that the database itself had written
a few seconds ago. Both are places in the server's journal (LSN): no clock of another machine is asked (decision 24)."""

from __future__ import annotations

import logging
import select
import time
from collections import deque
from threading import Lock
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import pq
from sqlalchemy.orm import Session

from cohortmgr.base.databases.connecting import pooled_options

ENGINE = "replica"
# What a session that has committed bears, so that the end of the request notes up to where.
WROTE = "wrote"
# A replica that is further behind than so many seconds is not asked, and neither is, for so long, one that failed.
MOST_BEHIND, RESTS = 5.0, 10.0
# Seconds in which it must say how far it is: a person waits, and the database itself is there.
_SOON = 1.0
# How often, in seconds, it is noted where the database's journal ends.
_STEP = 0.5
# The question begins the transaction in which the page then reads: behind a name with several replicas another one
# might answer the next question.
_BEGIN = b"BEGIN READ ONLY; SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()::text END"
_END = sa.text("SELECT pg_current_wal_insert_lsn()::text")
_log = logging.getLogger(__name__)


class RoutedSession(Session):
    """A session that reads from the replica from `read_from` on, until it writes."""

    def get_bind(self, *given: Any, **more: Any) -> sa.Engine | sa.Connection:
        """Return the engine of the next transaction."""
        engine: sa.Engine | None = self.info.get(ENGINE)
        return super().get_bind(*given, **more) if engine is None else engine


def read_from(session: Session, engine: sa.Engine | None) -> None:
    """End the session's transaction; the next ones read from this engine, or from the database itself."""
    session.rollback()
    session.info.pop(ENGINE, None)
    if engine is not None:
        session.info[ENGINE] = engine


def is_replica_read(session: Session) -> bool:
    """Whether the session reads from the replica now."""
    return ENGINE in session.info


def replica_options(url: str, patience: float | None) -> dict[str, Any]:
    """Return the options of the replica's engine: it must let in within a second or two."""
    options = pooled_options(url, patience)
    return {**options, "connect_args": {**options["connect_args"], "connect_timeout": 2}}


def trust_pool(engine: sa.Engine) -> None:
    """Let no connection of the replica be asked whether it still stands: it is asked how far it is, with a deadline."""
    engine.dialect.do_ping = lambda dbapi_connection: True  # type: ignore[method-assign]


def place_of(lsn: str) -> int:
    """Return a place in the journal as a number, from `16/B374D848`. Raises ValueError."""
    high, slash, low = lsn.partition("/")
    if not slash or len(lsn) > 17:
        raise ValueError("no place in a journal")
    return (int(high, 16) << 32) + int(low, 16)


def end_of_journal(connection: sa.Connection) -> int:
    """Return where the database's journal ends: everything that was committed so far stands before it."""
    return place_of(connection.execute(_END).scalar_one())


class Replica:
    """What one process knows of the replica: where the journal ended of late, and since when the replica rests."""

    def __init__(self) -> None:
        self._ends: deque[tuple[float, int]] = deque()
        self._lock = Lock()
        self._rests_until = 0.0
        self._told = ""

    def rests(self) -> bool:
        """Whether it failed a moment ago, so that nobody waits for it."""
        return time.monotonic() < self._rests_until

    def note_end(self, primary: sa.Connection) -> None:
        """Note where the journal ends now, unless that was done a moment ago."""
        now = time.monotonic()
        with self._lock:
            while self._ends and self._ends[0][0] < now - MOST_BEHIND:
                self._ends.popleft()
            if self._ends and self._ends[-1][0] > now - _STEP:
                return
        end = end_of_journal(primary)
        with self._lock:
            self._ends.append((now, end))

    def has(self, connection: sa.Connection, wanted: int) -> bool:
        """Whether the replica behind this connection has what was written up to `wanted`, and is not far behind. If it
        has, the connection is within a transaction. Raises psycopg.Error if it does not say so soon."""
        applied = _applied(connection)
        if applied is None:
            self._tell("is no replica: it does not follow another server")
            return False
        with self._lock:
            near = any(end <= applied for _at, end in self._ends)
            known_for = time.monotonic() - self._ends[0][0] if self._ends else 0.0
        if near:
            self._tell("")
        elif known_for > MOST_BEHIND - 2 * _STEP:
            self._tell(f"is some {MOST_BEHIND:.0f} seconds behind or more")
        return near and applied >= wanted

    def note_away(self, error: BaseException) -> None:
        """Note that it failed: for a few seconds nobody asks it."""
        self._rests_until = time.monotonic() + RESTS
        self._tell(f"does not answer ({type(error).__name__})")

    def _tell(self, what: str) -> None:
        """Write into the log what ails the replica, when that changes; nothing ails it if there is nothing to say."""
        with self._lock:
            before, self._told = self._told, what
        if before != what:
            _log.warning(
                "the replica %s", f"{what}: the database itself is read" if what else "is read again"
            )

    @property
    def ailing(self) -> str:
        """What the log said last of it; empty if it is read."""
        return self._told


def _applied(connection: sa.Connection) -> int | None:
    """Begin a transaction on the replica and return the place up to which it applied the journal; None if it follows
    nobody. A server that hangs is waited for a second and no longer, which the driver's own calls cannot."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    raw = driver.pgconn
    raw.send_query(_BEGIN)
    until, found = time.monotonic() + _SOON, None
    while True:
        while raw.is_busy():
            if not select.select([raw.socket], [], [], max(0.0, until - time.monotonic()))[0]:
                raise psycopg.errors.ConnectionTimeout("the replica hangs")
            raw.consume_input()
        answer = raw.get_result()
        if answer is None:
            break
        if answer.status not in (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK):
            raise psycopg.OperationalError("the replica refuses")
        if answer.status == pq.ExecStatus.TUPLES_OK:
            found = answer.get_value(0, 0)
    return place_of(found.decode()) if found else None
