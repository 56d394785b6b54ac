"""Run `cleaning` in a process of its own, which holds no secret and has limited memory and time."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cohortmgr.applications.documents.cleaning import SECONDS, DocumentPart, read, write

PROGRAM = Path(__file__).parents[1] / "cleaning.py"
# On a busy machine a process also waits, so the limit of wall time is higher than that of processor time.
PATIENCE = SECONDS + 25


class NotTaken(Exception):
    """The document is refused: a key of `rules.REASONS`, and the index of the part at fault, if it is one."""

    def __init__(self, reason: str, part: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.part = reason, part


@dataclass(frozen=True)
class CleanedDocument:
    """The result: the clean parts with their page counts, one file of them all, pictures of its first pages, wide and
    narrow, with the shapes of the wide ones, and of all pages small. `blank` numbers the blank pages, from 0 on."""

    parts: tuple[DocumentPart, ...]
    counts: tuple[int, ...]
    kind: str
    data: bytes
    pages: tuple[bytes, ...]
    narrow: tuple[bytes, ...] = ()
    shapes: tuple[tuple[int, int], ...] = ()
    small: tuple[bytes, ...] = ()
    blank: tuple[int, ...] = ()


def made_of(parts: Sequence[DocumentPart], most_pages: int, patience: float = PATIENCE) -> CleanedDocument:
    """Make the clean document of these parts; it takes seconds. NotTaken says why there is none."""
    request = io.BytesIO()
    asked = {"parts": [{"kind": p.kind, "clean": p.clean} for p in parts], "most_pages": most_pages}
    write(request, asked, [part.data for part in parts])
    # -I: neither the environment nor the working folder decides what is imported. The process has one memory
    # arena.
    command = [sys.executable, "-I", str(PROGRAM)]
    try:
        ended = subprocess.run(
            command,
            input=request.getvalue(),
            capture_output=True,
            timeout=patience,
            env={"MALLOC_ARENA_MAX": "1", "LC_ALL": "C.UTF-8"},
            cwd="/",
        )
    except subprocess.TimeoutExpired as error:
        raise NotTaken("too_heavy") from error
    if ended.returncode:
        stopped = ended.returncode in (-signal.SIGXCPU, -signal.SIGKILL)
        raise NotTaken("too_heavy" if stopped or b"MemoryError" in ended.stderr else "unreadable")
    head, blobs = read(io.BytesIO(ended.stdout))
    if head["refused"]:
        raise NotTaken(head["refused"], head["part"])
    count = len(parts)
    clean = tuple(
        DocumentPart(kind, data, True) for kind, data in zip(head["kinds"], blobs[:count], strict=True)
    )
    shapes = tuple((width, height) for width, height in head["shapes"])
    pictures, drawn = blobs[count + 1 :], len(shapes)
    return CleanedDocument(
        clean,
        tuple(head["counts"]),
        head["kind"],
        blobs[count],
        tuple(pictures[:drawn]),
        tuple(pictures[drawn : 2 * drawn]),
        shapes,
        tuple(pictures[2 * drawn :]),
        tuple(head["blank"]),
    )
