"""Send the picture of a paper's page to the browser."""

from __future__ import annotations

import io

from flask import send_file
from flask.typing import ResponseReturnValue

from cohortmgr.applications.documents.rules import DocumentState, small_keys
from cohortmgr.applications.file.models import Document
from cohortmgr.base import storage
from cohortmgr.base.errors import NotFound

INSIDE = {"Content-Security-Policy": "default-src 'none'; sandbox"}


def picture(document: Document, number: int) -> ResponseReturnValue:
    if document.state != DocumentState.CLEAN or not 0 < number <= len(document.pages):
        raise NotFound(document.reference)
    return _sent(document.pages[number - 1], "image/jpeg")


def small_picture(document: Document, place: int) -> ResponseReturnValue:
    """A small picture of a paper's page. What was examined before is shown while more of it is examined."""
    keys = small_keys(document.parts)
    if not 0 < place <= len(keys):
        raise NotFound(document.reference)
    return _sent(keys[place - 1], "image/webp")


def _sent(key: str, media_type: str) -> ResponseReturnValue:
    answer = send_file(io.BytesIO(storage.load(key)), mimetype=media_type)
    answer.headers.update(INSIDE)
    answer.headers["Cache-Control"] = "no-store"
    return answer
