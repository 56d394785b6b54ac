"""Tell whether two rows of files say the same. Pure."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping


def fingerprint(raw: Mapping[str, str]) -> str:
    """The SHA-256 of a row's content, wherever the row stands: its cells by header, in NFC, without outer and
    repeated spaces.

    The same row in a second run has the same fingerprint, so that a tray that already holds it does not grow.
    """
    digest = hashlib.sha256()
    for header in sorted(raw):
        cell = " ".join(unicodedata.normalize("NFC", raw[header]).split())
        if cell:
            digest.update(f"{len(header)}:{header}{len(cell)}:{cell}".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
