"""How the application connects to its database, and what every value of a JSON column passes."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import DontWrapMixin

from cohortmgr.base.databases.cursors import LazyCursor
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.typed import is_sound, texts_in

# What JSON writes for NUL and for halves of pairs; whole pairs and backslashes are written alike.
_SUSPECT = re.compile(r"\\u(?:0000|d[89a-f])")


_UNKEEPABLE = N_("Ce texte contient un caractère invisible qui n’est pas permis. Saisissez-le au clavier.")


class Unkeepable(Refused, DontWrapMixin):
    """A text for a JSON column that not every database keeps. SQLAlchemy hands it on as it is."""


def keepable_json(value: object) -> str:
    """Return a value as JSON for a column. Raises Refused if one of its texts is none that every database keeps.

    Whoever writes it: names as well as texts come from forms."""
    written = json.dumps(value)
    if _SUSPECT.search(written) and not all(map(is_sound, texts_in(value))):
        raise Unkeepable(Problem(_UNKEEPABLE))
    return written


def require_keepable(parameters: object) -> None:
    """Raise Refused if a text among the parameters of a statement, or of many, is none that every database keeps:
    PostgreSQL takes no NUL, in which SQLite sees nothing wrong. Forms drop it before; this holds for whoever else
    writes, a command or a file among them."""
    if isinstance(parameters, str):
        if "\0" in parameters:
            raise Unkeepable(Problem(_UNKEEPABLE))
    elif isinstance(parameters, dict):
        require_keepable(tuple(parameters.values()))
    elif isinstance(parameters, list | tuple):
        for each in parameters:
            if isinstance(each, str | list | tuple | dict):
                require_keepable(each)


# Seconds that a statement of a page may take: whoever waited longer has gone, and the others wait behind it.
LONGEST = 30
# A page reads a few rows by indexes. Where one side of a join is small, the planner takes a merge for cheap because it
# hopes to stop early, and walks every person; nor does a page last as long as compiling its statement takes.
_OF_PAGES = " -c enable_mergejoin=off -c jit=off"
# Seconds in which the server must have let a question of its own connection in.
_SOON = 2
# Seconds after which a connection to SQLite is opened anew: it reads the statistics of the tables only then.
_OLD = 3600
# The locks of PostgreSQL for queues, told from others' by their first number.
_QUEUES = 7312
# A dead line is found by the kernel: nothing acknowledged for so many milliseconds, or three probes unanswered.
_LINE = {"tcp_user_timeout": 15_000, "keepalives_idle": 30, "keepalives_interval": 5, "keepalives_count": 3}


def engine_options(url: str, patience: float | None = None) -> dict[str, Any]:
    """Return the options of `create_engine` for a URL. PostgreSQL connections use UTC, whatever the server's zone, and
    wait for a lock as many seconds as `patience` says; where there is one, somebody waits for the page, and no
    statement goes on beyond LONGEST."""
    # What a statement was sent with is people's: a fault that is logged, or kept with a job, names the statement alone.
    options: dict[str, Any] = {"url": url, "json_serializer": keepable_json, "hide_parameters": True}
    if url.startswith("sqlite"):
        return {**options, "pool_recycle": _OLD}
    # As an option of the connection this costs no statement, and holds for who reads as for who writes.
    waits = ""
    if patience is not None:
        waits = f" -c lock_timeout={patience * 1000:.0f} -c statement_timeout={LONGEST * 1000}{_OF_PAGES}"
    said = {
        **_LINE,
        "options": f"-c timezone=UTC{waits}",
        "connect_timeout": 4,
        "cursor_factory": LazyCursor,
    }
    return {**options, "connect_args": said}


def begin_saying(
    connection: sa.Connection, writes: bool, patience: float | None, queue: int | None = None
) -> None:
    """Say at the beginning of a transaction of PostgreSQL whether it writes, and how many seconds it then waits for a
    lock; then wait for whoever is in the same queue. Raises OperationalError if the connection died, or if one of them
    took too long."""
    driver = cast(psycopg.Connection[Any], connection.connection.driver_connection)
    words, reads = [], not writes
    if writes and patience is not None:
        words.append(f"SET LOCAL lock_timeout = {patience * 1000:.0f}")
    if queue is not None:
        words.append(f"SELECT pg_advisory_xact_lock({_QUEUES}, {queue:d})")
    with faults_of(connection, "BEGIN"):
        if driver.closed:
            raise psycopg.OperationalError("the connection is lost")
        if driver.read_only is not reads:  # telling the driver costs it a turn of its lock
            driver.read_only = reads
        if words:
            driver.execute("; ".join(words).encode())


@contextmanager
def faults_of(connection: sa.Connection, what: str) -> Iterator[None]:
    """Raise what goes wrong within as the OperationalError of a statement, and leave a connection that died.

    The driver is asked without SQLAlchemy: nobody else would leave the connection, nor say so in the one class by which
    pages and the worker know it."""
    try:
        yield
    except psycopg.Error as error:
        driver = cast(psycopg.Connection[Any], connection.connection.driver_connection)
        if gone := driver.closed:
            connection.invalidate(error)
        raise sa.exc.OperationalError(what, None, error, connection_invalidated=gone) from error


def hide_names(connection: Any, _record: Any) -> None:
    """Let nobody guess what a new PostgreSQL connection calls the statements that it prepares.

    A connection serves many people: whoever knew a name would plant another statement in its place through a hole
    in one page, and the next request would run it (decision 17)."""
    connection._prepared._prepared_idx = secrets.randbits(63)


def asked_apart(url: sa.URL, statement: str) -> Any:
    """Return the one value of a PostgreSQL statement, asked over a connection of its own.

    A server that hangs accepts connections and says nothing more, and a question over one that is open waits for it
    without end; opening one has a deadline on our side. Raises psycopg.Error."""
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    given: dict[str, Any] = {
        **_LINE,
        "options": f"-c statement_timeout={_SOON * 1000}",
        "connect_timeout": _SOON,
    }
    with psycopg.connect(address, autocommit=True, **given) as connection:
        row = connection.execute(statement.encode()).fetchone()
    return row[0] if row else None


def pooled_options(url: str, patience: float | None = None) -> dict[str, Any]:
    """Return the options for an engine that pools its connections.

    There are as many as a web process has threads, since one more would be opened anew for each request. The
    last one used is taken first, because it has its statements prepared."""
    options = engine_options(url, patience)
    return options if url.startswith("sqlite") else {**options, "pool_size": 8, "pool_use_lifo": True}
