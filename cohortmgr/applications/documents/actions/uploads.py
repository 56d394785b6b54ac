"""Keep files that arrive in pieces: what came before the network was cut waits here, sealed, for the rest.

They lie in the store of the installation (base/stores), so that any web process of any machine goes on with them.
What an upload consists of begins with its person's number and its reference; each piece is named after its place.
No row is written before the whole file is there. A file announced again with the same SHA-256 goes on where
it was, on any device, and the telephone keeps nothing for that. An unfinished upload is deleted after a day.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import cache
from itertools import groupby

from cohortmgr.base import clock, crypto, storage
from cohortmgr.base.errors import N_, NotFound, Problem, Refused
from cohortmgr.base.stores.store import StoreAway
from cohortmgr.base.text import new_reference

KEPT = timedelta(days=1)
LARGEST_PIECE = 1024 * 1024
MOST_AT_ONCE = 20
_NAME = re.compile(r"[0-9A-Z]{26}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_OTHER = N_("Le fichier a changé pendant l’envoi. Choisissez-le de nouveau.")
_PIECE = re.compile(r"([0-9]{12})-([0-9]+)")
_ALL = "uploads/"
# What lies beside the pieces of an upload: what was announced, and which document it has become.
_ABOUT, _DONE = "about", "done"
_log = logging.getLogger(__name__)


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
    going = [each for each, _came in _unfinished(person_id)]
    sha256 = sha256 if _SHA256.fullmatch(sha256) else ""
    for each in going if sha256 else ():
        if (each.application, each.question, each.size, each.sha256) == (application, question, size, sha256):
            return each
    if len(going) >= MOST_AT_ONCE:
        what = N_("Trop d’envois en cours. Attendez que les autres fichiers soient arrivés.")
        raise Refused(Problem(what, {}, question))
    begun = clock.now().isoformat()
    upload = Upload(new_reference(), person_id, application, question, name[:300], size, begun, sha256)
    _write(upload, _ABOUT, json.dumps(asdict(upload)).encode())
    return upload


def waiting_in(person_id: int, application: str) -> Callable[[str], list[tuple[str, str, int]]]:
    """A function that tells the files for a question that were cut on their way: (reference, name, percentage of the
    bytes that came). A form asks it for each question; the store is asked once. While the files are away none is told,
    and the form can be filled."""

    @cache
    def cut() -> list[tuple[Upload, int]]:
        try:
            return [each for each in _unfinished(person_id) if each[0].application == application]
        except StoreAway as away:
            _log.warning("a form is shown without what was cut on its way: %s", away)
            return []

    return lambda question: [
        (each.reference, each.name, came * 100 // each.size)
        for each, came in cut()
        if each.question == question and each.sha256 and came
    ]


def _unfinished(person_id: int) -> Iterator[tuple[Upload, int]]:
    """The uploads of a person that are on their way, each with its offset."""
    for reference, names in _uploads(f"{_ALL}{person_id}/"):
        if _ABOUT in names and _DONE not in names:
            try:
                yield find(person_id, reference), _end_of(_chain(names))
            except NotFound:
                continue  # given up this moment


def _uploads(prefix: str) -> Iterator[tuple[str, list[str]]]:
    """The references of uploads, and what each consists of."""
    names = (held.name.split("/") for held in storage.in_use().list(prefix))
    for reference, parts in groupby((each for each in names if len(each) == 4), lambda each: each[2]):
        yield reference, [each[3] for each in parts]


def find(person_id: int, reference: str) -> Upload:
    """A person's own upload; NotFound otherwise."""
    if not _NAME.fullmatch(reference):
        raise NotFound(reference)
    try:
        sealed = storage.in_use().get(f"{_ALL}{person_id}/{reference}/{_ABOUT}")
    except FileNotFoundError:
        raise NotFound(reference) from None
    return Upload(**json.loads(crypto.keyring().open(sealed, f"upload {reference} {_ABOUT}".encode())))


def offset(upload: Upload) -> int:
    """How many bytes have arrived, from the first on without a gap."""
    return _end_of(_pieces(upload))


def append(upload: Upload, start: int, data: bytes) -> int:
    """Keep a piece and return the offset. A piece that does not begin where the last one ended changes nothing."""
    at = offset(upload)
    if start == at and data and at + len(data) <= upload.size:
        _write(upload, _piece(start, len(data)), data)
        return at + len(data)
    return at


def whole(upload: Upload) -> bytes:
    """All its bytes; NotFound when some are missing, Refused when they are not those that were announced."""
    pieces = _pieces(upload)
    if _end_of(pieces) != upload.size:
        raise NotFound(upload.reference)
    try:
        data = b"".join(_read(upload, _piece(start, length)) for start, length in pieces)
    except FileNotFoundError:  # the last piece came twice, and the other was first
        raise NotFound(upload.reference) from None
    if upload.sha256 and hashlib.sha256(data).hexdigest() != upload.sha256:
        raise Refused(Problem(_OTHER, {}, upload.question))
    return data


def settle(upload: Upload, document: str) -> None:
    """Note which document an upload has become, in case the browser asks once more, and delete its pieces."""
    _write(upload, _DONE, document.encode())
    for name in _names(upload):
        if _PIECE.fullmatch(name):
            storage.in_use().drop(_place(upload, name))


def settled(upload: Upload) -> str | None:
    """The reference of the document that it has become; None while it is on its way."""
    try:
        return _read(upload, _DONE).decode()
    except FileNotFoundError:
        return None


def end(upload: Upload) -> None:
    """Forget an upload whose file was refused, or that its person gave up. What was announced goes first: if the rest
    is cut off, nobody finds it, and the sweep does."""
    for name in (_ABOUT, *_names(upload)):
        storage.in_use().drop(_place(upload, name))


def sweep() -> int:
    """Delete uploads of which nothing came for more than a day; returns how many there were."""
    gone = 0
    oldest = clock.now() - KEPT
    held = storage.in_use().list(_ALL)
    for _upload, parts in groupby(held, lambda each: each.name.rpartition("/")[0]):
        found = list(parts)
        if max(each.at for each in found) < oldest:
            for each in found:
                storage.in_use().drop(each.name)
            gone += 1
    return gone


def _place(upload: Upload, name: str) -> str:
    return f"{_ALL}{upload.person_id}/{upload.reference}/{name}"


def _piece(start: int, length: int) -> str:
    return f"{start:012d}-{length}"


def _names(upload: Upload) -> list[str]:
    prefix = _place(upload, "")
    return [held.name.removeprefix(prefix) for held in storage.in_use().list(prefix)]


def _pieces(upload: Upload) -> tuple[tuple[int, int], ...]:
    return _chain(_names(upload))


def _chain(names: Iterable[str]) -> tuple[tuple[int, int], ...]:
    """The pieces, each by its first byte and its length, that lead furthest from the first byte without a gap.

    Where a piece was cut and sent again while another process still wrote it, two begin at the same byte."""
    pieces = sorted((int(found[1]), int(found[2])) for found in map(_PIECE.fullmatch, names) if found)
    ways: dict[int, tuple[tuple[int, int], ...]] = {0: ()}
    for start, length in pieces:
        if start in ways:
            ways.setdefault(start + length, (*ways[start], (start, length)))
    return ways[max(ways)]


def _end_of(pieces: tuple[tuple[int, int], ...]) -> int:
    return sum(pieces[-1]) if pieces else 0


def _write(upload: Upload, name: str, data: bytes) -> None:
    sealed = crypto.keyring().close(data, f"upload {upload.reference} {name}".encode())
    storage.in_use().put(_place(upload, name), sealed)


def _read(upload: Upload, name: str) -> bytes:
    sealed = storage.in_use().get(_place(upload, name))
    return crypto.keyring().open(sealed, f"upload {upload.reference} {name}".encode())
