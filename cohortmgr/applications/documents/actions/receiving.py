"""Take in a file that a person sends: check its first and last bytes, and store it sealed for the worker.

Nothing stored here is served before the worker has examined it: see `documents/tasks.py`.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import puremagic
from PIL import Image

from cohortmgr.applications.documents.cleaning import MOST_PIXELS
from cohortmgr.applications.documents.rules import LARGEST, MEDIA_TYPES, NAMES, PHOTOS, REASONS
from cohortmgr.base import storage
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.text import clean
from cohortmgr.programmes.definition.rules import Question

# For each kind: its first bytes, and bytes that must come near the end.
_SHAPES = {
    "pdf": (b"%PDF-", b"%%EOF"),
    "jpg": (b"\xff\xd8\xff", b"\xff\xd9"),
    "png": (b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"),
    "webp": (b"RIFF", b""),
}
_HEIC = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
_READERS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}
# Signs of a file that is two things at once: also a page to a browser, or a script to another program.
_ACTIVE = (b"<script", b"<html", b"<!doctype", b"<svg", b"<?php", b"<iframe")
# A PDF begins within so many bytes, as its readers take it: mail programs leave lines before it.
_BEFORE_PDF = 1024
_HEAD, _TAIL = 4096, 66_000
# Only a picture's header is read here, never its pixels; we check its size ourselves.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True)
class PreparedUpload:
    """A file that was looked at and stored, waiting for the row that names it."""

    question: str
    stored: storage.Stored
    filename: str
    kind: str

    @property
    def part(self) -> dict[str, Any]:
        """The file as a document's row keeps it among its `parts`."""
        same = {"key": self.stored.key, "size": self.stored.size, "sha256": self.stored.sha256}
        return {**same, "name": self.filename, "kind": self.kind, "clean": False}


def parts_by_question(documents: Iterable[PreparedUpload]) -> dict[str, list[dict[str, Any]]]:
    """Question to its files, which are the parts of one paper, in the order in which they came."""
    found: dict[str, list[dict[str, Any]]] = {}
    for prepared in documents:
        found.setdefault(prepared.question, []).append(prepared.part)
    return found


def kind_of(data: bytes) -> str | None:
    """`pdf`, `jpg`, `png`, `webp` or `heic` when the content is that and nothing else; None otherwise."""
    if data[4:8] == b"ftyp":
        is_photo = data[8:12] in _HEIC and not _is_also_something_else("heic", data)
        return "heic" if is_photo else None
    for kind, (start, end) in _SHAPES.items():
        if data.startswith(start):
            if end not in data[-_TAIL:] or _is_also_something_else(kind, data):
                return None
            if kind == "webp":
                return kind if data[8:12] == b"WEBP" else None
            return kind if _recognised(data) == MEDIA_TYPES[kind] else None
    return None


def alone(data: bytes) -> bytes:
    """The bytes of the paper itself: a PDF without what stands before it, and a photo without the film that
    telephones put behind it."""
    if data.startswith(b"\xff\xd8\xff"):
        film = data.find(b"ftyp")
        end = data.rfind(b"\xff\xd9", max(0, film - _TAIL), film) if film > 0 else -1
        return data[: end + 2] if end > 0 else data
    if data.startswith(tuple(start for start, _end in _SHAPES.values())) or data[4:8] == b"ftyp":
        return data
    start = data.find(_SHAPES["pdf"][0], 0, _BEFORE_PDF + len(_SHAPES["pdf"][0]))
    return data[max(start, 0) :]


def _recognised(data: bytes) -> str:
    try:
        return puremagic.from_string(data[:_HEAD], mime=True)
    except (puremagic.PureError, ValueError):
        return ""


def _is_also_something_else(kind: str, data: bytes) -> bool:
    head, tail = data[:_HEAD].lower(), data[-_TAIL:]
    if any(mark in head for mark in _ACTIVE) or b"PK\x05\x06" in tail:
        return True
    return kind != "pdf" and b"%pdf-" in head


def told_at_once(kind: str, data: bytes) -> str | None:
    """A key of REASONS if the file's first and last bytes already show that the worker will refuse it; else
    None."""
    if kind not in _READERS:
        return None  # it takes a large reader, which must not run here
    try:
        with Image.open(io.BytesIO(data), formats=(_READERS[kind],)) as picture:
            return "too_many_pixels" if picture.width * picture.height > MOST_PIXELS else None
    except (OSError, ValueError, SyntaxError):
        return "unreadable"


def accepted(question: Question, kind: str) -> bool:
    """Whether a question takes a file of that kind."""
    taken = set(question.accept or NAMES)
    return kind in taken or (kind in PHOTOS and bool(taken & PHOTOS))


def most_bytes(question: Question) -> int:
    """How large one file of an answer may be, in bytes."""
    return min(question.max_bytes or LARGEST, LARGEST)


def require_size(question: Question, size: int) -> None:
    """Raise Refused if a file of that size is not taken; this can be asked before any of it is sent."""
    limit = most_bytes(question)
    if size <= 0:
        raise Refused(Problem(N_("Ce fichier est vide. Choisissez-en un autre."), {}, question.key))
    if size > limit:
        what = N_("Ce fichier dépasse %(limit)s Mo. Envoyez-en un plus léger, par exemple une photo.")
        raise Refused(Problem(what, {"limit": limit // (1024 * 1024)}, question.key))


def prepare_document(question: Question, filename: str, data: bytes) -> PreparedUpload:
    """Check a file and store it encrypted (slow: call before `writing()`). Refused says what to send instead
    of it."""
    data, kind, name = checked(question, filename, data)
    return PreparedUpload(question.key, storage.store(data), name, kind)


def checked(question: Question, filename: str, data: bytes) -> tuple[bytes, str, str]:
    """The bytes of the paper itself, its kind and the name to show for it. Refused says what to send instead of it."""
    data = alone(data)
    require_size(question, len(data))
    kind = kind_of(data)
    if kind is None or not accepted(question, kind):
        names = tuple(NAMES[name] for name in question.accept if name in NAMES) or tuple(NAMES.values())
        what = N_(
            "Ce fichier n’est pas lisible, ou n’est pas de ceux-ci : %(kinds)s. Choisissez-en un autre."
        )
        raise Refused(Problem(what, {"kinds": names}, question.key))
    reason = told_at_once(kind, data)
    if reason is not None:
        raise Refused(Problem(REASONS[reason], {}, question.key))
    return data, kind, shown_name(filename, kind)


def shown_name(filename: str, kind: str) -> str:
    """The name to show for a file: without folders and direction marks, with the ending of its real kind."""
    bare = clean(filename.replace("\\", "/").rpartition("/")[2]).replace("\n", " ").replace("\t", " ")
    stem = bare.rpartition(".")[0] or bare or "document"
    return f"{stem.strip('. ')[:150] or 'document'}.{kind}"
