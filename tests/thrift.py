"""Making the suite fast: what it does once instead of for each test, or does without.

No test looks at any of it. A definition is read from its text once (a fifteenth of a second each time), a
template is compiled once for all applications of a process, hashing a password takes almost no time, and
SQLite does not wait for the disk.
"""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import CodeType
from unittest.mock import patch

from argon2 import PasswordHasher
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import event

from cohortmgr.accounts.actions import passwords
from cohortmgr.base.db import db
from cohortmgr.programmes.definition import toml
from cohortmgr.programmes.definition.rules import Definition

_read = toml.read_definition
_hasher = passwords._hasher


@cache
def _known(text: str, file: str) -> bytes:
    return pickle.dumps(_read(text, file))


def _read_once(text: str, file: str) -> Definition:
    """Return a copy of the definition that the caller may change. A refused text is read each time."""
    definition: Definition = pickle.loads(_known(text, file))  # noqa: S301  # our own bytes
    return definition


class Compiled(BytecodeCache):
    """A cache of templates compiled by any application of this process; their code is the same in each."""

    def __init__(self) -> None:
        self.codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give the code that was compiled from the same text, if any."""
        bucket.code = self.codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a template."""
        if bucket.code is not None:
            self.codes[bucket.key, bucket.checksum] = bucket.code


_compiled = Compiled()


def _hurry(connection: object, _record: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")


def thrifty(app: Flask) -> Flask:
    """Return the application, changed so that it compiles nothing twice and does not wait for the disk.

    The process is changed with it: definitions are read once, and password hashes are cheap."""
    toml.read_definition = _read_once
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    app.jinja_env.bytecode_cache = _compiled
    with app.app_context():
        for engine in db.engines.values():
            event.listen(engine, "connect", _hurry)
    return app


@contextmanager
def costly_passwords() -> Iterator[None]:
    """Use the hashes of production, for a test that looks at them."""
    with patch.object(passwords, "_hasher", _hasher):
        yield
