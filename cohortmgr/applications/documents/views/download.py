"""Send a stored paper as a download."""

from __future__ import annotations

import io

from flask import send_file
from flask.typing import ResponseReturnValue

from cohortmgr.applications.file.models import Document
from cohortmgr.base import storage
from cohortmgr.base.errors import NotFound


def download(found: Document) -> ResponseReturnValue:
    """A document as a download: never shown inside the site; NotFound before it was examined."""
    if found.storage_key is None:
        raise NotFound(found.reference)
    answer = send_file(
        io.BytesIO(storage.load(found.storage_key)),
        mimetype=found.media_type,
        as_attachment=True,
        download_name=found.filename,
        max_age=0,
    )
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
