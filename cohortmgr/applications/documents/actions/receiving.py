"""Take in a file that a person sends: check its first and last bytes, and store it sealed for the worker.

Nothing stored here is served before the worker has examined it: see `documents/tasks.py`.
"""

from __future__ import annotations

import io
import re
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
_ARCHIVE = b"PK\x05\x06"
# What ends the pixels of a JPEG: neither an escaped byte nor a place to begin again.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
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
    """The bytes of the paper itself: a PDF without what stands before it, or the zeros with which it was filled up,
    and a photo without what telephones put behind it: a film, distances, a second photo."""
    if data.startswith(b"\xff\xd8\xff"):
        end = _end_of_photo(data)
        # An archive behind a photo is no telephone's: what is two things is refused as a whole.
        return data if end < 0 or _ARCHIVE in data[-_TAIL:] else data[:end]
    mark = _SHAPES["pdf"][0]
    others = (start for start, _end in _SHAPES.values() if start != mark)
    if data.startswith(tuple(others)) or data[4:8] == b"ftyp":
        return data
    start = data.find(mark, 0, _BEFORE_PDF + len(mark))
    return data[start:].rstrip(b"\0") if start >= 0 else data


def _end_of_photo(data: bytes) -> int:
    """Where the first picture of a JPEG ends, whatever follows; the small pictures in its head are no end. -1 for
    none."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xD9:
        if data[at + 1] == 0xFF:  # it may fill up the place before a mark
            at += 1
            continue
        is_scan = data[at + 1] == 0xDA
        at += 2 + max(int.from_bytes(data[at + 2 : at + 4], "big"), 2)
        if is_scan and (found := _MARKER.search(data, at)):
            at = found.start()
    return at + 2 if data[at : at + 2] == b"\xff\xd9" else -1


def _recognised(data: bytes) -> str:
    try:
        return puremagic.from_string(data[:_HEAD], mime=True)
    except (puremagic.PureError, ValueError):
        return ""


def _is_also_something_else(kind: str, data: bytes) -> bool:
    head, tail = data[:_HEAD].lower(), data[-_TAIL:]
    if any(mark in head for mark in _ACTIVE) or _ARCHIVE in tail:
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
