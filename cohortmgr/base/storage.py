"""Storage of uploaded and generated files: encrypted, under random names, outside of the web root."""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flask import Flask, current_app, g

from cohortmgr.base import clock, crypto
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
    _unnamed().append(key)
    try:
        with draft.open("wb") as file:
            file.write(crypto.keyring().close(data, key.encode()))
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
        _sync(path.parent)
    except BaseException:
        draft.unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        raise
    return Stored(key, hashlib.sha256(data).hexdigest(), len(data))


def init_storage(app: Flask) -> None:
    """Have each request and task drop at its end what it stored and then named in no row."""
    app.teardown_appcontext(_drop_unnamed)


def note_named() -> None:
    """Note that rows name what was stored so far, because they are being committed. If that fails half-way nobody
    knows what the database kept, so the hourly sweep decides."""
    _unnamed().clear()


def _drop_unnamed(_error: BaseException | None) -> None:
    for key in _unnamed():
        delete(key)


def _unnamed() -> list[str]:
    found: list[str] = g.setdefault("stored_unnamed", [])
    return found


def older_than(age: timedelta) -> list[str]:
    """Return the keys of the files that are older, and delete the drafts that are: no process writes so long."""
    before = clock.now() - age
    found = []
    for path in (Path(current_app.config["DATA"]) / "files").glob("??/*"):
        with suppress(FileNotFoundError):
            if datetime.fromtimestamp(path.stat().st_mtime, before.tzinfo) >= before:
                continue
            if _KEY.fullmatch(path.name):
                found.append(path.name)
            else:
                path.unlink()
    return found


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
