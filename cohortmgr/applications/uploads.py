"""Files on their way: pieces that arrived before the network was cut wait here, sealed, for the rest.

An upload belongs to one person and lives in a folder named after it; each piece is a file named after its place. No
row is written before the whole is there. What nobody finishes is gone after a day.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flask import current_app

from cohortmgr.base import clock, crypto
from cohortmgr.base.errors import N_, NotFound, Problem, Refused
from cohortmgr.base.text import new_reference

KEPT = timedelta(days=1)
LARGEST_PIECE = 1024 * 1024
MOST_AT_ONCE = 20
_NAME = re.compile(r"[0-9A-Z]{26}")


@dataclass(frozen=True)
class Upload:
    """What was announced: for which question of which application, under what name, of how many bytes."""

    reference: str
    person_id: int
    application: str
    question: str
    name: str
    size: int
    begun_at: str


def begin(person_id: int, application: str, question: str, name: str, size: int) -> Upload:
    """Announce a file. Refused when the person has too many on their way."""
    folder = _root() / str(person_id)
    if folder.is_dir() and sum(1 for _ in folder.iterdir()) >= MOST_AT_ONCE:
        what = N_("Trop d’envois en cours. Attendez que les autres fichiers soient arrivés.")
        raise Refused(Problem(what, {}, question))
    begun = clock.now().isoformat()
    upload = Upload(new_reference(), person_id, application, question, name[:300], size, begun)
    _folder(upload).mkdir(parents=True)
    _write(upload, "about", json.dumps(asdict(upload)).encode())
    return upload


def find(person_id: int, reference: str) -> Upload:
    """A person's own upload; NotFound otherwise."""
    if not _NAME.fullmatch(reference):
        raise NotFound(reference)
    path = _root() / str(person_id) / reference / "about"
    try:
        sealed = path.read_bytes()
    except FileNotFoundError:
        raise NotFound(reference) from None
    return Upload(**json.loads(crypto.keyring().open(sealed, f"upload {reference} about".encode())))


def offset(upload: Upload) -> int:
    """How many bytes are there, from the first on without a gap."""
    at = 0
    for start, length in _pieces(upload):
        if start != at:
            break
        at += length
    return at


def append(upload: Upload, start: int, data: bytes) -> int:
    """Keep a piece and return the offset. A piece that does not begin where the last one ended changes nothing."""
    at = offset(upload)
    if start == at and data and at + len(data) <= upload.size:
        _write(upload, f"{start:012d}-{len(data)}", data)
        return at + len(data)
    return at


def whole(upload: Upload) -> bytes:
    """All its bytes; NotFound when some are missing."""
    if offset(upload) != upload.size:
        raise NotFound(upload.reference)
    return b"".join(_read(upload, f"{start:012d}-{length}") for start, length in _pieces(upload))


def end(upload: Upload) -> None:
    """Forget an upload whose file has its row, or was refused."""
    shutil.rmtree(_folder(upload), ignore_errors=True)


def sweep() -> int:
    """Forget what nobody finished within a day; returns how many there were."""
    gone = 0
    oldest = clock.now() - KEPT
    for folder in _root().glob("*/*"):
        if datetime.fromtimestamp(folder.stat().st_mtime, oldest.tzinfo) < oldest:
            shutil.rmtree(folder, ignore_errors=True)
            gone += 1
    return gone


def _root() -> Path:
    return Path(current_app.config["DATA"]) / "uploads"


def _folder(upload: Upload) -> Path:
    return _root() / str(upload.person_id) / upload.reference


def _pieces(upload: Upload) -> list[tuple[int, int]]:
    found = (path.name.split("-") for path in _folder(upload).glob("[0-9]*-*[0-9]"))
    return sorted((int(start), int(length)) for start, length in found)


def _write(upload: Upload, name: str, data: bytes) -> None:
    path = _folder(upload) / name
    draft = _folder(upload) / f"draft {new_reference()}"
    draft.write_bytes(crypto.keyring().close(data, f"upload {upload.reference} {name}".encode()))
    os.replace(draft, path)


def _read(upload: Upload, name: str) -> bytes:
    sealed = (_folder(upload) / name).read_bytes()
    return crypto.keyring().open(sealed, f"upload {upload.reference} {name}".encode())
