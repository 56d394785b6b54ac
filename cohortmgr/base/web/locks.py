"""Tell a database that is locked from one that is away, without waiting for the lock."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cohortmgr.base.databases.connecting import asked_apart

# A lock on a row has no database of its own; whoever waits for it has. The server's other databases are not ours.
_WAITING = """
    SELECT EXISTS (SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE datname = current_database() AND waitstart < now() - interval '2 seconds')
"""


def is_locked(session: Session, engine: sa.Engine) -> bool:
    """Whether a writer holds the database so that the others wait. Itself it waits for nobody. Raises the driver's
    error if the database does not answer."""
    if engine.dialect.name == "postgresql":
        return bool(asked_apart(engine.url, _WAITING))
    session.execute(sa.text("SELECT 1"))
    path = cast(str, engine.url.database)
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:
        for _try in range(4):
            try:
                other.execute("BEGIN IMMEDIATE")
                other.execute("ROLLBACK")
                return False
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                time.sleep(0.1)  # a usual act is over by then
    return True
