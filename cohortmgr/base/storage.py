"""Storage of uploaded and generated files: encrypted, under random names, outside of the web root."""

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
    """A stored file: `key` finds it again, `sha256` is the hash of its clear content, `size` is in bytes."""

    key: str
    sha256: str
    size: int


def store(data: bytes) -> Stored:
    """Encrypt and write a file. It is safely on the disk before the row that names it is committed."""
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
    """Return the clear content. Raises FileNotFoundError, or crypto.CannotUnseal."""
    return crypto.keyring().open(_path(key).read_bytes(), key.encode())


def delete(key: str) -> None:
    """Remove a file. A file that is already gone is no error."""
    _path(key).unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Make the file's name durable too: after a power cut, content without its name could not be found."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _path(key: str) -> Path:
    if not _KEY.fullmatch(key):
        raise FileNotFoundError(key)
    return Path(current_app.config["DATA"]) / "files" / key[:2] / key
