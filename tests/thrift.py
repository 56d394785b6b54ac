"""What the suite does once instead of for each test, or does without: none of it is what a test looks at.

A definition is read from its text once (a fifteenth of a second each time), a template is compiled once for all
applications of a process, a hash of a password takes no time worth measuring, and SQLite does not wait for the disk.
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
    """A definition of the caller's own, which it may change. What is refused is read each time."""
    definition: Definition = pickle.loads(_known(text, file))  # noqa: S301  # our own bytes
    return definition


class Compiled(BytecodeCache):
    """Templates as compiled by any application of this process; their code is the same in each."""

    def __init__(self) -> None:
        self.codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """What was compiled from the same text."""
        bucket.code = self.codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it."""
        if bucket.code is not None:
            self.codes[bucket.key, bucket.checksum] = bucket.code


_compiled = Compiled()


def _hurry(connection: object, _record: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")


def thrifty(app: Flask) -> Flask:
    """The same application, which compiles nothing twice and does not wait for the disk; and the process with it."""
    toml.read_definition = _read_once
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    app.jinja_env.bytecode_cache = _compiled
    with app.app_context():
        for engine in db.engines.values():
            event.listen(engine, "connect", _hurry)
    return app


@contextmanager
def costly_passwords() -> Iterator[None]:
    """The hashes of production, for a test that looks at them."""
    with patch.object(passwords, "_hasher", _hasher):
        yield
