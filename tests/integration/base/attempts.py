"""Statements that the web's role tries, as whoever found a hole in a page would."""

from __future__ import annotations

import sqlalchemy as sa
from psycopg.errors import InsufficientPrivilege, RaiseException
from sqlalchemy.exc import DBAPIError

from cohortmgr.base.db import WRITING, db


def changing() -> None:
    """Begin a transaction that may write, whatever the application would make of it."""
    db.session.rollback()
    db.session.connection(execution_options={WRITING: True})


def passes(statement: sa.Executable) -> bool:
    """Whether a statement reaches a row. What only a constraint stops has passed the wall."""
    try:
        with db.session.begin_nested():
            return bool(db.session.connection().execute(statement).rowcount)
    except DBAPIError as error:
        return not isinstance(error.orig, InsufficientPrivilege | RaiseException)
