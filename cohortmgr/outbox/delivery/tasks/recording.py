"""Note what became of a message before the next one is handed over, without waiting for the disk.

docs/decisions/0008 says why that is enough: what a transaction wrote survives however this process ends.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from cohortmgr.base import clock
from cohortmgr.base.db import db, table_of, writing
from cohortmgr.outbox.delivery.actions.outcomes import TOLD, tell
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.rules import LEASE, MessageState

_OUTBOX = table_of(Message)
_MINE = (
    _OUTBOX.c.id == sa.bindparam("its_id"),
    _OUTBOX.c.state == MessageState.SENDING.value,
    _OUTBOX.c.lost_starts == sa.bindparam("its_starts"),
)
# Seconds to wait for a database that restarts: a result that is not written makes a message leave twice.
_WAITS = (0.2, 1.0, 3.0, 10.0)
_log = logging.getLogger(__name__)


class _Words:
    """An UPDATE in the driver's own form. SQLAlchemy compiles it once. Going through SQLAlchemy each time
    would take five times as long as the statement itself, which is sent for every message."""

    def __init__(self, names: Sequence[str], dialect: sa.Dialect) -> None:
        changed: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in names}
        compiled = sa.update(_OUTBOX).where(*_MINE).values(changed).compile(dialect=dialect)
        self.text = str(compiled)
        self._order: Sequence[str] | None = getattr(compiled, "positiontup", None)
        self._fixed = dict(compiled.params)
        kinds = {f"new_{name}": _OUTBOX.c[name].type.dialect_impl(dialect) for name in names}
        found = {name: kind.bind_processor(dialect) for name, kind in kinds.items()}
        self._changed = {name: change for name, change in found.items() if change is not None}

    def values(self, message: Message, values: Mapping[str, Any]) -> dict[str, Any] | list[Any]:
        """Return the parameters of the statement for one message."""
        given = {**self._fixed, "its_id": message.id, "its_starts": message.lost_starts}
        for name, value in values.items():
            change = self._changed.get(f"new_{name}")
            given[f"new_{name}"] = value if change is None else change(value)
        return given if self._order is None else [given[name] for name in self._order]


class Recorder:
    """A separate connection on which each statement is a transaction that
    survives the death of this process."""

    def __init__(self) -> None:
        self._connection: sa.Connection | None = None
        self._words: dict[tuple[str, ...], _Words] = {}

    def note(self, message: Message, values: Mapping[str, Any]) -> None:
        """Change columns of a message while this process holds it;
        a note that comes too late changes nothing."""

        def write(connection: sa.Connection) -> set[int]:
            words = self._said(tuple(values), connection.dialect)
            driver: Any = connection.connection.driver_connection
            driver.execute(words.text, words.values(message, values))
            return set()

        self._try(write)

    def note_all(self, pairs: Sequence[tuple[Message, Mapping[str, Any]]]) -> None:
        """Do `note` for many messages, in one statement for those that change the same columns."""
        for names in dict.fromkeys(tuple(values) for _, values in pairs):
            alike = [pair for pair in pairs if tuple(pair[1]) == names]
            if len(alike) == 1:
                self.note(*alike[0])
                continue
            changed: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in names}
            given = [_given(message, values) for message, values in alike]
            self._execute(sa.update(_OUTBOX).where(*_MINE).values(changed), given)

    def _said(self, names: tuple[str, ...], dialect: sa.Dialect) -> _Words:
        if names not in self._words:
            self._words[names] = _Words(names, dialect)
        return self._words[names]

    def renew(self, messages: Sequence[Message]) -> list[Message]:
        """Renew the leases, to say that this process is alive; returns the messages that it still holds."""
        until = clock.now() + LEASE
        held = _all(messages).values(lease_until=until).returning(_OUTBOX.c.id)
        kept = self._execute(held, {})
        mine = [message for message in messages if message.id in kept]
        for message in mine:
            message.lease_until = until
        return mine

    def give_back(self, messages: Sequence[Message], **values: Any) -> None:
        """Let messages that were not begun wait again; nothing is counted against them."""
        if messages:
            self._execute(_all(messages).values(state=MessageState.WAITING, lease_until=None, **values), {})

    def close(self) -> None:
        """Give the connection back with its settings restored."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                _durable(connection)
                connection.close()
            except Exception:
                connection.invalidate()
                connection.close()

    def _execute(self, statement: sa.Update, values: dict[str, Any] | list[dict[str, Any]]) -> set[int]:
        def write(connection: sa.Connection) -> set[int]:
            done = connection.execute(statement, values)
            found = set(done.scalars()) if done.returns_rows else set()
            connection.commit()
            return found

        return self._try(write)

    def _try(self, write: Callable[[sa.Connection], set[int]]) -> set[int]:
        for wait in (*_WAITS, None):
            try:
                if self._connection is None:
                    self._connection = _opened()
                return write(self._connection)
            except Exception as error:
                if not _is_operational(error) or wait is None:
                    raise
                self._drop()
                _log.warning("what became of a message is noted in %s s: %s", wait, type(error).__name__)
                time.sleep(wait)
        return set()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()


def record(recorder: Recorder, message: Message, values: Mapping[str, Any]) -> None:
    """Note one result; see `record_all`."""
    record_all(recorder, [(message, values)])


def record_all(recorder: Recorder, pairs: Sequence[tuple[Message, Mapping[str, Any]]]) -> None:
    """Note results. A result that staff must know of is written in one transaction with what tells them."""
    freed = [(message, {"lease_until": None, **values}) for message, values in pairs]
    recorder.note_all([(message, values) for message, values in freed if values["state"] not in TOLD])
    told = [(message, values) for message, values in freed if values["state"] in TOLD]
    if told:
        with writing() as session:
            for message, values in told:
                mine = {"its_id": message.id, "its_starts": message.lost_starts}
                changed = sa.update(_OUTBOX).where(*_MINE).values(dict(values))
                if session.connection().execute(changed, mine).rowcount == 1:
                    tell(message, values)


def _given(message: Message, values: Mapping[str, Any]) -> dict[str, Any]:
    new = {f"new_{name}": value for name, value in values.items()}
    return {**new, "its_id": message.id, "its_starts": message.lost_starts}


def _all(messages: Sequence[Message]) -> sa.Update:
    """Update the rows of one batch while they are held under the lease with which they were claimed."""
    ids = [message.id for message in messages]
    return sa.update(_OUTBOX).where(
        _OUTBOX.c.id.in_(ids),
        _OUTBOX.c.state == MessageState.SENDING.value,
        _OUTBOX.c.lease_until == messages[0].lease_until,
        _OUTBOX.c.lost_starts == messages[0].lost_starts,
    )


def _is_operational(error: Exception) -> bool:
    """Whether the error means that the database was away or busy, as SQLAlchemy or its driver reports it."""
    return isinstance(error, (OperationalError, db.engine.dialect.loaded_dbapi.OperationalError))


def _opened() -> sa.Connection:
    engine = db.engine
    if engine.dialect.name == "sqlite":
        connection = engine.connect()
        connection.connection.driver_connection.execute("PRAGMA synchronous=NORMAL")  # type: ignore[union-attr]
        return connection
    # One round trip for each statement: each is its own transaction, and none waits for the disk.
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    connection.connection.driver_connection.execute("SET synchronous_commit TO off")  # type: ignore[union-attr]
    return connection


def _durable(connection: sa.Connection) -> None:
    sqlite = connection.dialect.name == "sqlite"
    words = "PRAGMA synchronous=FULL" if sqlite else "RESET synchronous_commit"
    connection.connection.driver_connection.execute(words)  # type: ignore[union-attr]
