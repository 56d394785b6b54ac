"""Files as people send them: what they are by their content, and their sealed storage."""

from __future__ import annotations

from dataclasses import dataclass

import puremagic

from cohortmgr.base import storage
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.text import clean
from cohortmgr.programmes.rules import Question

MEDIA_TYPES = {"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png"}
NAMES = {"pdf": "PDF", "jpg": "JPG", "png": "PNG"}
LARGEST = 10 * 1024 * 1024

# First bytes, and bytes that must come near the end.
_SHAPES = {
    "pdf": (b"%PDF-", b"%%EOF"),
    "jpg": (b"\xff\xd8\xff", b"\xff\xd9"),
    "png": (b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"),
}
# A file that is two things at once: a page to a browser, an archive or a script to another program.
_ACTIVE = (b"<script", b"<html", b"<!doctype", b"<svg", b"<?php", b"<iframe")
_HEAD, _TAIL = 4096, 66_000


@dataclass(frozen=True)
class Prepared:
    """A file that was checked and stored, waiting for the row that names it."""

    question: str
    stored: storage.Stored
    filename: str
    media_type: str


def kind_of(data: bytes) -> str | None:
    """`pdf`, `jpg` or `png` when the content is that and nothing else; None otherwise."""
    for kind, (start, end) in _SHAPES.items():
        if data.startswith(start):
            if end not in data[-_TAIL:] or _is_also_something_else(kind, data):
                return None
            return kind if _recognised(data) == MEDIA_TYPES[kind] else None
    return None


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


def prepare_document(question: Question, filename: str, data: bytes) -> Prepared:
    """Check a file and store it encrypted (slow: call before `writing()`). Refused says what to send instead."""
    limit = min(question.max_bytes or LARGEST, LARGEST)
    if not data:
        raise Refused(Problem(N_("Ce fichier est vide. Choisissez-en un autre."), {}, question.key))
    if len(data) > limit:
        what = N_("Ce fichier dépasse %(limit)s Mo. Envoyez-en un plus léger, par exemple une photo.")
        raise Refused(Problem(what, {"limit": limit // (1024 * 1024)}, question.key))
    kind = kind_of(data)
    if kind is None or (question.accept and kind not in question.accept):
        accepted = ", ".join(NAMES[name] for name in question.accept if name in NAMES) or "PDF, JPG, PNG"
        what = N_(
            "Ce fichier n’est pas lisible, ou n’est pas de ceux-ci : %(kinds)s. Choisissez-en un autre."
        )
        raise Refused(Problem(what, {"kinds": accepted}, question.key))
    return Prepared(question.key, storage.store(data), _shown_name(filename, kind), MEDIA_TYPES[kind])


def _shown_name(filename: str, kind: str) -> str:
    """The name without its folders, its ending that of its content."""
    bare = clean(filename.replace("\\", "/").rpartition("/")[2]).replace("\n", " ")
    stem = bare.rpartition(".")[0] or bare or "document"
    return f"{stem[:150]}.{kind}"
