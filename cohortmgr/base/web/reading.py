"""Pages that only read: they are answered by the replica where there is one and it has what the person wrote.

Who somebody is, is always asked of the database itself, before; here begins what they read. A view is marked where a
page may be some seconds old for whoever did not write: lists, logs, reports and exports. See decision 24."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import ParamSpec, TypeVar, cast

import psycopg
import sqlalchemy as sa
from flask import Flask, Response, current_app, g, session

from cohortmgr.base.databases.replica import (
    ENGINE,
    MOST_BEHIND,
    WROTE,
    Replica,
    end_of_journal,
    is_replica_read,
    read_from,
)
from cohortmgr.base.db import db

P = ParamSpec("P")
R = TypeVar("R")
# For so many seconds the cookie says up to where its browser wrote. A replica that is read is never so far behind.
KEPT = 4 * MOST_BEHIND
_FURTHEST = 1 << 64
_REPLICA = "cohortmgr-replica"
_GIVEN_UP = (psycopg.errors.QueryCanceled, psycopg.errors.ReadOnlySqlTransaction)


def init_reading(app: Flask) -> None:
    """Have each browser remember up to where it wrote, if there is a replica."""
    with app.app_context():
        if ENGINE not in db.engines:
            return
    app.extensions[_REPLICA] = Replica()
    app.after_request(_note_writing)


def reading(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a view as one that reads, or that reads and then writes a line about it. It stands below the guard.

    If the replica fails in the middle, the view is called again and reads the database itself: nothing was written."""

    @wraps(view)
    def read(*args: P.args, **kwargs: P.kwargs) -> R:
        if not _begin():
            return view(*args, **kwargs)
        try:
            return view(*args, **kwargs)
        except sa.exc.DBAPIError as error:
            if not is_replica_read(db.session) or not _is_of_replica(error):
                raise
            _give_up(error)
        return view(*args, **kwargs)

    read.reads = True  # type: ignore[attr-defined]
    return read


def replica_ailment() -> str:
    """Return what ails the replica; empty if there is none, or if it is read."""
    known: Replica | None = current_app.extensions.get(_REPLICA)
    return known.ailing if known else ""


def _begin() -> bool:
    """Have the session read from the replica, if it may be asked; whether it does. What this very request wrote, as a
    session that was renewed on its way in, is not there yet."""
    known: Replica | None = current_app.extensions.get(_REPLICA)
    if known is None or known.rests() or WROTE in db.session.info:
        return False
    known.note_end(db.session.connection())
    try:
        read_from(db.session, db.engines[ENGINE])
        if known.has(db.session.connection(), _own_end()):
            return True
    except (sa.exc.DBAPIError, psycopg.Error) as error:
        _give_up(error)
    else:
        read_from(db.session, None)
    return False


def _give_up(error: Exception) -> None:
    """Leave a replica that failed, and every connection to it: they were open to the same server."""
    cast(Replica, current_app.extensions[_REPLICA]).note_away(error)
    with suppress(sa.exc.SQLAlchemyError, psycopg.Error):
        db.session.invalidate()
    read_from(db.session, None)
    db.engines[ENGINE].dispose()


def _is_of_replica(error: sa.exc.DBAPIError) -> bool:
    """Whether another try on the database itself may end otherwise: the server went, or took back what was read."""
    return isinstance(error.orig, psycopg.OperationalError) and not isinstance(error.orig, _GIVEN_UP)


def _note_writing(response: Response) -> Response:
    """Note in the cookie where the journal ended behind what this request wrote."""
    opened = g.get("_sqlalchemy_sessions", {}).get("default")
    if opened is not None and opened.info.pop(WROTE, False) and "_user_id" in session:
        try:
            end = end_of_journal(opened.connection())
        except sa.exc.SQLAlchemyError:  # it is written, so the browser must not be told otherwise
            end = _FURTHEST
        session[WROTE] = [f"{end:x}", int(time.time() + KEPT)]
    return response


def _own_end() -> int:
    """Return up to where the journal must be applied for this browser: 0 if it wrote nothing of late."""
    end, until = session.get(WROTE, ("0", 0))
    return int(end, 16) if time.time() < until else 0
