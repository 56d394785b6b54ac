"""Storage of uploaded and generated files: encrypted, under random names, outside of the web root.

Where they lie is the settings' (base/stores): a folder, or a bucket of a server that speaks S3."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from flask import Flask, current_app, g

from cohortmgr.base import clock, crypto
from cohortmgr.base.stores.store import Store, StoreAway
from cohortmgr.base.text import new_reference

_KEY = re.compile(r"[0-9A-Z]{26}")
_FILES = "files/"
_STORE = "cohortmgr-store"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stored:
    """A stored file: `key` finds it again, `sha256` is the hash of its clear content, `size` is in bytes."""

    key: str
    sha256: str
    size: int


def init_storage(app: Flask, place: Store) -> None:
    """Keep files in this place, and have each request and task drop at its end what it stored and then named in no
    row."""
    app.extensions[_STORE] = place
    app.teardown_appcontext(_drop_unnamed)


def in_use() -> Store:
    """Return the place where this installation's files lie."""
    return cast(Store, current_app.extensions[_STORE])


def store(data: bytes) -> Stored:
    """Encrypt and keep a file. It is safely there before the row that names it is committed."""
    key = new_reference()
    sealed = crypto.keyring().close(data, key.encode())
    _unnamed().append(key)
    in_use().put(_name(key), sealed)
    return Stored(key, hashlib.sha256(data).hexdigest(), len(data))


def note_named() -> None:
    """Note that rows name what was stored so far, because they are being committed. If that fails half-way nobody
    knows what the database kept, so the hourly sweep decides."""
    _unnamed().clear()


def _drop_unnamed(_error: BaseException | None) -> None:
    try:
        for key in _unnamed():
            delete(key)
    except StoreAway as away:  # the answer is given, and the sweep will find them
        _log.warning("files that no row names stay for the sweep: %s", away)


def _unnamed() -> list[str]:
    found: list[str] = g.setdefault("stored_unnamed", [])
    return found


def older_than(age: timedelta) -> Iterator[str]:
    """Go through the keys of the files that are older."""
    before = clock.now() - age
    for held in in_use().list(_FILES):
        key = held.name.rpartition("/")[2]
        if held.at < before and _KEY.fullmatch(key):
            yield key


def load(key: str) -> bytes:
    """Return the clear content. Raises FileNotFoundError, StoreAway, or crypto.CannotUnseal."""
    return crypto.keyring().open(in_use().get(_name(key)), key.encode())


def delete(key: str) -> None:
    """Remove a file. A file that is already gone is no error."""
    in_use().drop(_name(key))


def _name(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise FileNotFoundError(key)
    return f"{_FILES}{key[:2]}/{key}"
