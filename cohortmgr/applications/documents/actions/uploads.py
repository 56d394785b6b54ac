"""Keep files that arrive in pieces: what came before the network was cut waits here, sealed, for the rest.

An upload belongs to one person and has a folder named after it; each piece is a file named after its place.
No row is written before the whole file is there. A file announced again with the same SHA-256 goes on where
it was, on any device, and the telephone keeps nothing for that. An unfinished upload is deleted after a day.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
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
_SHA256 = re.compile(r"[0-9a-f]{64}")
_OTHER = N_("Le fichier a changé pendant l’envoi. Choisissez-le de nouveau.")
# Files in the folder of an upload: what was announced, and which document it has become.
_ABOUT, _DONE = "about", "done"


@dataclass(frozen=True)
class Upload:
    """What was announced: the application and its question, the file's name, its size in bytes and, if the
    browser could tell, the SHA-256 of its content, in hexadecimal."""

    reference: str
    person_id: int
    application: str
    question: str
    name: str
    size: int
    begun_at: str
    sha256: str = ""


def begin(person_id: int, application: str, question: str, name: str, size: int, sha256: str = "") -> Upload:
    """Announce a file. If one of the same content for the same question was cut, that upload goes on. Refused
    if the person has too many unfinished ones."""
    going = list(_unfinished(person_id))
    sha256 = sha256 if _SHA256.fullmatch(sha256) else ""
    for each in going if sha256 else ():
        if (each.application, each.question, each.size, each.sha256) == (application, question, size, sha256):
            return each
    if len(going) >= MOST_AT_ONCE:
        what = N_("Trop d’envois en cours. Attendez que les autres fichiers soient arrivés.")
        raise Refused(Problem(what, {}, question))
    begun = clock.now().isoformat()
    upload = Upload(new_reference(), person_id, application, question, name[:300], size, begun, sha256)
    _folder(upload).mkdir(parents=True)
    _write(upload, _ABOUT, json.dumps(asdict(upload)).encode())
    return upload


def waiting(person_id: int, application: str, question: str) -> list[tuple[str, str, int]]:
    """The files for a question that were cut on their way: (reference, name, percentage of the bytes that came)."""
    mine = (
        each
        for each in _unfinished(person_id)
        if (each.application, each.question) == (application, question)
    )
    return [
        (each.reference, each.name, offset(each) * 100 // each.size)
        for each in mine
        if each.sha256 and offset(each)
    ]


def _unfinished(person_id: int) -> Iterator[Upload]:
    folder = _root() / str(person_id)
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        try:
            if not (place / _DONE).exists():
                yield find(person_id, place.name)
        except NotFound:
            continue  # swept this moment


def find(person_id: int, reference: str) -> Upload:
    """A person's own upload; NotFound otherwise."""
    if not _NAME.fullmatch(reference):
        raise NotFound(reference)
    path = _root() / str(person_id) / reference / _ABOUT
    try:
        sealed = path.read_bytes()
    except FileNotFoundError:
        raise NotFound(reference) from None
    return Upload(**json.loads(crypto.keyring().open(sealed, f"upload {reference} {_ABOUT}".encode())))


def offset(upload: Upload) -> int:
    """How many bytes have arrived, from the first on without a gap."""
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
    """All its bytes; NotFound when some are missing, Refused when they are not those that were announced."""
    if offset(upload) != upload.size:
        raise NotFound(upload.reference)
    try:
        data = b"".join(_read(upload, f"{start:012d}-{length}") for start, length in _pieces(upload))
    except FileNotFoundError:  # the last piece came twice, and the other was first
        raise NotFound(upload.reference) from None
    if upload.sha256 and hashlib.sha256(data).hexdigest() != upload.sha256:
        raise Refused(Problem(_OTHER, {}, upload.question))
    return data


def settle(upload: Upload, document: str) -> None:
    """Note which document an upload has become, in case the browser asks once more, and delete its pieces."""
    _write(upload, _DONE, document.encode())
    for start, length in _pieces(upload):
        (_folder(upload) / f"{start:012d}-{length}").unlink(missing_ok=True)


def settled(upload: Upload) -> str | None:
    """The reference of the document that it has become; None while it is on its way."""
    try:
        return _read(upload, _DONE).decode()
    except FileNotFoundError:
        return None


def end(upload: Upload) -> None:
    """Forget an upload whose file was refused, or that its person gave up."""
    shutil.rmtree(_folder(upload), ignore_errors=True)


def sweep() -> int:
    """Delete uploads that are more than a day old; returns how many there were."""
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
    try:
        draft.write_bytes(crypto.keyring().close(data, f"upload {upload.reference} {name}".encode()))
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _read(upload: Upload, name: str) -> bytes:
    sealed = (_folder(upload) / name).read_bytes()
    return crypto.keyring().open(sealed, f"upload {upload.reference} {name}".encode())
