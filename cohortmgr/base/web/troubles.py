"""Troubles of the machine: the database is locked or away, or the disk is full. They are told apart and pass."""

from __future__ import annotations

import errno
import shutil
import sqlite3
import time
from enum import StrEnum

import psycopg
import sqlalchemy as sa
from flask import current_app

from cohortmgr.base.db import db, is_locked, require_answer
from cohortmgr.base.errors import N_, Problem

# With less than this many bytes left, the next upload or the next page of the journal finds no room.
LEAST_ROOM = 16 * 1024 * 1024
# For so many seconds a full disk is remembered: the one of a database elsewhere cannot be asked.
_REMEMBERED = 30.0
_FULL_SINCE = "cohortmgr.full_since"


class Trouble(StrEnum):
    """What ails the machine, as /health says it."""

    LOCKED = "locked"
    FULL = "full"
    AWAY = "away"


SAID: dict[Trouble, Problem] = {
    Trouble.LOCKED: Problem(
        N_(
            "Un long travail occupe les données, et votre envoi n’a pas pu passer : rien n’a été enregistré. "
            "Attendez une minute, revenez en arrière et envoyez de nouveau."
        )
    ),
    Trouble.FULL: Problem(
        N_(
            "Le serveur n’a plus de place : rien de ce que vous venez d’envoyer n’a été enregistré. Gardez votre "
            "texte ou votre fichier, et recommencez dans une heure ; si cela dure, prévenez votre programme."
        )
    ),
    Trouble.AWAY: Problem(
        N_(
            "Les données ne sont pas joignables en ce moment. Attendez quelques minutes, puis rechargez la page ; "
            "ce qui était déjà enregistré l’est toujours."
        )
    ),
}
# Seconds after which a program may try again.
RETRY = {Trouble.LOCKED: 10, Trouble.FULL: 600, Trouble.AWAY: 60}
_OF_SQLITE = {
    sqlite3.SQLITE_BUSY: Trouble.LOCKED,
    sqlite3.SQLITE_LOCKED: Trouble.LOCKED,
    sqlite3.SQLITE_FULL: Trouble.FULL,
    # A full disk shows itself so when a journal cannot grow.
    sqlite3.SQLITE_IOERR: Trouble.FULL,
    sqlite3.SQLITE_CANTOPEN: Trouble.AWAY,
    sqlite3.SQLITE_READONLY: Trouble.AWAY,
}
_WAITED = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected, psycopg.errors.QueryCanceled)
# Beginnings of SQLSTATE: connections, resources, and a server that starts or stops.
_GONE = ("08", "53", "57P")


def trouble_of(error: BaseException) -> Trouble | None:
    """Return the trouble that an error comes of, or None if the fault is ours."""
    if isinstance(error, sa.exc.DBAPIError):
        return _of_database(error)
    if isinstance(error, sa.exc.TimeoutError):  # every connection of the pool is waiting
        return Trouble.LOCKED
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Trouble.FULL
    return None


def _of_database(error: sa.exc.DBAPIError) -> Trouble | None:
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return _OF_SQLITE.get((getattr(cause, "sqlite_errorcode", None) or 0) & 0xFF)
    if isinstance(cause, psycopg.errors.DiskFull):
        return Trouble.FULL
    if isinstance(cause, _WAITED):
        return Trouble.LOCKED
    if isinstance(cause, psycopg.OperationalError) and (cause.sqlstate or "08").startswith(_GONE):
        return Trouble.AWAY
    return None


def note(trouble: Trouble) -> None:
    """Remember a disk that was full, for `trouble_now`."""
    if trouble is Trouble.FULL:
        current_app.extensions[_FULL_SINCE] = time.monotonic()


def trouble_now() -> Trouble | None:
    """Return what ails the machine now, or None. It waits for no lock, and for an absent server four seconds."""
    since = current_app.extensions.get(_FULL_SINCE)
    remembered = since is not None and time.monotonic() - since < _REMEMBERED
    if remembered or shutil.disk_usage(current_app.config["DATA"]).free < LEAST_ROOM:
        return Trouble.FULL
    try:
        require_answer()
        return Trouble.LOCKED if is_locked() else None
    except (sa.exc.DBAPIError, sqlite3.Error) as error:
        db.session.rollback()
        return trouble_of(error) or Trouble.AWAY
