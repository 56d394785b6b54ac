"""Putting up the picture of a programme, or taking it down."""

from __future__ import annotations

import hashlib

from cohortmgr.accounts.rules import Viewer
from cohortmgr.audit.actions import about, record
from cohortmgr.base.db import db
from cohortmgr.base.errors import Stale
from cohortmgr.base.pictures import made_small
from cohortmgr.programmes.models import Programme
from cohortmgr.programmes.pictures import queries

PICTURE = "picture"
# Twice what a telephone shows of it, and what a page of 50 kB has room for.
BOX, MOST = (480, 270), 14 * 1024


def prepare_picture(data: bytes) -> bytes:
    """Return a picture as the programme's page shows it. Raises Refused as `made_small` does."""
    return made_small(data, BOX, MOST, PICTURE)


def put_picture(viewer: Viewer, key: str, picture: bytes | None, version: int | None) -> Programme:
    """Give a programme the picture made by `prepare_picture`, or none; `version` is the programme's on the page.

    Raises NotFound, NotPermitted, or Stale if somebody changed the programme meanwhile."""
    programme = queries.programme_to_show(viewer, key)
    if programme.version != version:
        raise Stale(key)
    before = {"picture": programme.picture_digest}
    programme.picture = picture
    programme.picture_digest = hashlib.sha256(picture).hexdigest()[:16] if picture else None
    db.session.flush()
    record(
        viewer,
        "programmes.picture",
        about(programme),
        before=before,
        after={"picture": programme.picture_digest},
    )
    return programme
