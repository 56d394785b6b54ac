"""What the application vouches for before the database: rows that open doors, their use, and for whom it reads.

The web's role may be made to send any SQL by a hole in a page. The key of these signatures is where that role cannot
read it: here, and in a table that functions of PostgreSQL alone read. See docs/decisions/0017-walls-of-the-web.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, cast

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultExecutionContext

from cohortmgr.base import crypto
from cohortmgr.base.databases.connecting import faults_of, require_keepable

Vouched = str | int | bytes | datetime | None
_KEYS = sa.table("door_keys", sa.column("id"), sa.column("inner_block"), sa.column("outer_block"))


def vouch(*parts: Vouched) -> str:
    """Return the application's signature of these values, in their order."""
    return crypto.keyring().vouch(joined(*parts))


def joined(*parts: Vouched) -> str:
    """Join values so that no others give the same text: each after its length, as app_joined() of PostgreSQL does."""
    texts = [_text(part) for part in parts]
    return "".join("-" if text is None else f"{len(text)}:{text}" for text in texts)


def at_insert(table: str, *columns: str) -> Callable[[DefaultExecutionContext], str]:
    """Return a column's default: the signature of a new row, so that no insert of the application can forget it."""

    def sign(context: DefaultExecutionContext) -> str:
        row = context.get_current_parameters()
        return vouch(table, *(row.get(name) for name in columns))

    return sign


def told(institutions: str, person: str, session: str, presented: str) -> str:
    """Return what shows that the application itself said for whom it reads: the second at which it did, and its
    signature. What was presented stands last, since it alone may hold a bar."""
    moment = int(time.time())  # the database's clock is asked whether it is of today, and ours may be held
    return (
        f"{moment}|{crypto.keyring().vouch(f'said|{moment}|{institutions}|{person}|{session}|{presented}')}"
    )


# As the driver takes it: it is said before nearly every page's second statement, and SQLAlchemy's part of it took as
# long again as the driver's.
_SETTINGS = (
    "SELECT set_config('app.institutions', %(institutions)s, true), set_config('app.person', %(person)s, true),"
    " set_config('app.session', %(session)s, true), set_config('app.presented', %(presented)s, true),"
    " set_config('app.told', %(told)s, true)"
)


def announce(connection: sa.Connection, said: Mapping[str, Any]) -> None:
    """Tell PostgreSQL for whom it reads from now until the transaction ends: `tenancy`, `proof` and `presented` of what
    the session has `said`. Nothing of it: nothing is told."""
    if not said.keys() & {"tenancy", "proof", "presented"}:
        return
    institutions, person = said.get("tenancy") or ((), None)
    values = {
        "institutions": ",".join(map(str, institutions)),
        "person": "" if person is None else str(person),
        "session": said.get("proof", ""),
        "presented": "\x1f".join(said.get("presented", ())),
    }
    require_keepable(values)
    driver = cast(psycopg.Connection[Any], connection.connection.driver_connection)
    with faults_of(connection, "SET"):
        driver.execute(_SETTINGS, {**values, "told": told(**values)})


def lay_key(connection: sa.Connection, ring: crypto.Keyring) -> bool:
    """Give a PostgreSQL database the key of this ring, in place of an earlier one; whether it has a place for it.

    Returns False for SQLite, which has no walls, and before the migration that makes them."""
    if connection.dialect.name != "postgresql" or not sa.inspect(connection).has_table("door_keys"):
        return False
    inner, outer = ring.door_blocks
    connection.execute(sa.delete(_KEYS))
    connection.execute(sa.insert(_KEYS).values(id=1, inner_block=inner, outer_block=outer))
    return True


def _text(part: Vouched) -> str | None:
    if part is None or isinstance(part, str):
        return part
    if isinstance(part, datetime):
        return part.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return part.hex() if isinstance(part, bytes) else str(int(part))
