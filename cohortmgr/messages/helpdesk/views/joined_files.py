"""What pages of questions share of a file: the one that came with a form, and sending one to the browser."""

from __future__ import annotations

import io

from flask import request, send_file
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards
from cohortmgr.applications.documents.actions import uploads
from cohortmgr.applications.documents.actions.uploads import Upload
from cohortmgr.base import storage
from cohortmgr.base.errors import Refused
from cohortmgr.base.web.responses import show_problems
from cohortmgr.messages.helpdesk.actions import attachments
from cohortmgr.messages.helpdesk.forms import JoiningForm
from cohortmgr.messages.helpdesk.rules import ATTACHMENT, ThreadFile


def came_with(form: JoiningForm, place: str) -> tuple[Upload | None, bool]:
    """The file of a form that was sent, new or kept from the last try, and whether nothing is wrong with it.

    It is examined whatever else is wrong, and kept: no browser fills in a file again. What is wrong with it is shown
    beside its field."""
    viewer = guards.viewer()
    held = attachments.kept(viewer, place, form.kept.data or "")
    if held is not None and form.unjoin.data:
        uploads.end(held)
        held = None
    sent, right = request.files.get(ATTACHMENT), True
    if sent is not None and sent.filename:
        data = sent.stream.read()
        sent.close()
        try:
            new = attachments.prepare(viewer, place, sent.filename, data)
            if held is not None:
                uploads.end(held)
            held = new
        except Refused as refusal:
            show_problems(form, refusal)
            right = False
    form.kept.data, form.unjoin.data = held.reference if held else "", False
    return held, right


def download(found: ThreadFile, name: str) -> ResponseReturnValue:
    """Send a file of a question as a download, which no device keeps."""
    answer = send_file(
        io.BytesIO(storage.load(found.key)),
        mimetype=found.media_type,
        as_attachment=True,
        download_name=name,
        max_age=0,
    )
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cache-Control"] = "no-store"
    return answer
