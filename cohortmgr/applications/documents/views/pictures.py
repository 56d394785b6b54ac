"""Send the picture of a paper's page to the browser."""

from __future__ import annotations

import io

from flask import request, send_file
from flask.typing import ResponseReturnValue

from cohortmgr.applications.documents.rules import DocumentState, media_type_of, picture_key, small_keys
from cohortmgr.applications.file.models import Document
from cohortmgr.base import storage
from cohortmgr.base.errors import NotFound

INSIDE = {"Content-Security-Policy": "default-src 'none'; sandbox"}


def picture(document: Document, number: int) -> ResponseReturnValue:
    """The picture of a page, by its number from 1 on; with `narrow` in the address that for a narrow screen."""
    narrow = "narrow" in request.args
    key = picture_key(document, number, narrow=narrow) if document.state == DocumentState.CLEAN else None
    if key is None:
        raise NotFound(document.reference)
    return _sent(key)


def small_picture(document: Document, place: int) -> ResponseReturnValue:
    """A small picture of a paper's page. What was examined before is shown while more of it is examined."""
    keys = small_keys(document.parts)
    if not 0 < place <= len(keys):
        raise NotFound(document.reference)
    return _sent(keys[place - 1])


def _sent(key: str) -> ResponseReturnValue:
    data = storage.load(key)
    answer = send_file(io.BytesIO(data), mimetype=media_type_of(data))
    answer.headers.update(INSIDE)
    answer.headers["Cache-Control"] = "no-store"
    return answer
