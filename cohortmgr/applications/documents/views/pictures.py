"""Send the picture of a paper's page to the browser."""

from __future__ import annotations

import io

from flask import send_file
from flask.typing import ResponseReturnValue

from cohortmgr.applications.documents.rules import DocumentState
from cohortmgr.applications.file.models import Document
from cohortmgr.base import storage
from cohortmgr.base.errors import NotFound

INSIDE = {"Content-Security-Policy": "default-src 'none'; sandbox"}


def picture(document: Document, number: int) -> ResponseReturnValue:
    if document.state != DocumentState.CLEAN or not 0 < number <= len(document.pages):
        raise NotFound(document.reference)
    answer = send_file(io.BytesIO(storage.load(document.pages[number - 1])), mimetype="image/jpeg")
    answer.headers.update(INSIDE)
    return answer
