"""A form that is sent twice at once: the second sending waits for the first, and then acts on what that one left.

Acts look for what is there already, and then write: whoever presses a button twice is answered as if once. Two sendings
that look at the same moment both find nothing, and their acts would each have to hold what is not there yet. So who
sends what was just sent, from the same browser to the same address, queues before their transaction reads anything."""

from __future__ import annotations

import hashlib

from flask import Flask, request, session

from cohortmgr.base.db import QUEUE, db
from cohortmgr.base.forms import METHODS

FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


def init_queueing(app: Flask) -> None:
    """Have each request that sends a form queue behind the same form."""
    app.before_request(_queue)


def _queue() -> None:
    if request.method in METHODS and request.mimetype in FORMS:
        db.session.info[QUEUE] = number_of_form


def number_of_form() -> int:
    """Return the number by which PostgreSQL knows what this request sends: the same for the same fields and files from
    the same browser. Two forms may have one number; then one waits for the other."""
    sent = sorted(each for each in request.form.items(multi=True) if each[0] != "csrf_token")
    files = sorted((name, file.filename or "") for name, file in request.files.items(multi=True))
    who = session.get("_user_id") or session.get("csrf_token") or ""
    said = repr((who, request.full_path, sent, files))
    digest = hashlib.sha256(said.encode("utf-8", "backslashreplace")).digest()
    return int.from_bytes(digest[:4], signed=True)
