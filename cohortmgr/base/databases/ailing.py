"""What ails the machine and passes, told from an error: the database locked or away, a full disk, the files away."""

from __future__ import annotations

import errno
import sqlite3
from enum import StrEnum

import psycopg
import sqlalchemy as sa

from cohortmgr.base.stores.store import StoreAway


class Ailment(StrEnum):
    """What ails the machine, as /health says it."""

    LOCKED = "locked"
    FULL = "full"
    AWAY = "away"
    FILES = "files"


_OF_SQLITE = {
    sqlite3.SQLITE_BUSY: Ailment.LOCKED,
    sqlite3.SQLITE_LOCKED: Ailment.LOCKED,
    sqlite3.SQLITE_FULL: Ailment.FULL,
    # A full disk shows itself so when a journal cannot grow.
    sqlite3.SQLITE_IOERR: Ailment.FULL,
    sqlite3.SQLITE_CANTOPEN: Ailment.AWAY,
    sqlite3.SQLITE_READONLY: Ailment.AWAY,
}
_WAITED = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected, psycopg.errors.QueryCanceled)
_OVERTAKEN = (psycopg.errors.UniqueViolation, psycopg.errors.ForeignKeyViolation)
_OVERTAKEN_IN_SQLITE = (
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY,
)
# Beginnings of SQLSTATE: connections, resources, and a server that starts or stops.
_GONE = ("08", "53", "57P")


def ailment_of(error: BaseException) -> Ailment | None:
    """Return the ailment that an error comes of, or None if the fault is ours."""
    if isinstance(error, sa.exc.DBAPIError):
        return _of_database(error)
    if isinstance(error, sa.exc.TimeoutError):  # every connection of the pool is waiting
        return Ailment.LOCKED
    if isinstance(error, StoreAway):
        return Ailment.FILES
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Ailment.FULL
    return None


def _of_database(error: sa.exc.DBAPIError) -> Ailment | None:
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return _OF_SQLITE.get((getattr(cause, "sqlite_errorcode", None) or 0) & 0xFF)
    if isinstance(cause, psycopg.errors.DiskFull):
        return Ailment.FULL
    if isinstance(cause, _WAITED):
        return Ailment.LOCKED
    if isinstance(cause, psycopg.OperationalError) and (cause.sqlstate or "08").startswith(_GONE):
        return Ailment.AWAY
    return None


def is_overtaken(error: sa.exc.IntegrityError) -> bool:
    """Whether a row is refused because of another that somebody wrote or removed, and not because of what it says."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    return isinstance(error.orig, _OVERTAKEN) or code in _OVERTAKEN_IN_SQLITE


def is_walled(error: sa.exc.ProgrammingError) -> bool:
    """Whether a wall of the database refused the statement: who acts may not do this, or may no longer."""
    return isinstance(error.orig, psycopg.errors.InsufficientPrivilege)
