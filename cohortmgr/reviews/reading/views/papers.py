"""The papers of a file for its reader: each whole, and the pictures of its pages."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.documents.rules import media_type_of
from cohortmgr.base import clock, storage
from cohortmgr.base.caching import Kept
from cohortmgr.base.db import writing
from cohortmgr.reviews.reading import actions
from cohortmgr.reviews.reading import queries as own

bp = Blueprint("reading_papers_staff", __name__)
# A paper may run no script.
_SHOWN_INSIDE = "default-src 'none'; frame-ancestors 'self'; style-src 'unsafe-inline'"
# Papers whose reading this process has noted: by whom, with which reading, and in which quarter of an hour.
_NOTED: Kept[tuple[str, str, str, int], bool] = Kept(10_000)


@bp.get("/staff/reviews/<reference>/documents/<document>")
@guards.staff
def document(reference: str, document: str) -> ResponseReturnValue:
    """Show the file of a paper itself; the audit notes that it was read."""
    with writing():
        found = actions.read_document(guards.viewer(), reference, document)
    response = Response(storage.load(found.storage_key or ""), mimetype=found.media_type)
    response.headers["Content-Disposition"] = "inline"
    response.headers["Content-Security-Policy"] = _SHOWN_INSIDE
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/staff/reviews/<reference>/documents/<document>/pages/<int:number>")
@guards.staff
def document_page(reference: str, document: str, number: int) -> ResponseReturnValue:
    """Show the picture of a page of a paper, `narrow` for a narrow screen. The audit notes that the paper was read when
    its first picture is shown, and not each page. No device keeps the picture."""
    viewer = guards.viewer()
    key = own.page_for(viewer, reference, document, number, narrow="narrow" in request.args)
    quarter = int(clock.now().timestamp() // 900)
    _NOTED.get((viewer.reference, reference, document, quarter), _note, viewer, reference, document)
    data = storage.load(key)
    response = Response(data, mimetype=media_type_of(data))
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "no-store"
    return response


def _note(viewer: Viewer, reference: str, document: str) -> bool:
    with writing():
        actions.read_document(viewer, reference, document)
    return True
