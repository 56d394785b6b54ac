"""Files outside the web root, encrypted, under random names."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from flask import current_app

from cohortmgr.base import crypto
from cohortmgr.base.text import new_reference

_KEY = re.compile(r"[0-9A-Z]{26}")


@dataclass(frozen=True)
class Stored:
    """Where a file lies and what it is: `key` finds it, `sha256` is of its clear content, `size` in bytes."""

    key: str
    sha256: str
    size: int


def store(data: bytes) -> Stored:
    """Encrypt and write a file, durable before the row that names it is committed."""
    key = new_reference()
    path = _path(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    with draft.open("wb") as file:
        file.write(crypto.keyring().close(data, key.encode()))
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    _sync(path.parent)
    return Stored(key, hashlib.sha256(data).hexdigest(), len(data))


def load(key: str) -> bytes:
    """The clear content; FileNotFoundError or crypto.CannotUnseal otherwise."""
    return crypto.keyring().open(_path(key).read_bytes(), key.encode())


def delete(key: str) -> None:
    """Remove a file; absent already is well."""
    _path(key).unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Make the file's name durable too; its content alone could not be found after a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _path(key: str) -> Path:
    if not _KEY.fullmatch(key):
        raise FileNotFoundError(key)
    return Path(current_app.config["DATA"]) / "files" / key[:2] / key
