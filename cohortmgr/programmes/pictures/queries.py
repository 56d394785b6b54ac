"""Reading the picture of a programme that is published, or that the viewer manages."""

from __future__ import annotations

import sqlalchemy as sa

from cohortmgr.accounts.queries.viewers import within
from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound
from cohortmgr.programmes.models import Programme

MANAGE = "programmes.manage"


def picture_of(viewer: Viewer, digest: str) -> bytes:
    """Return the picture with this digest. Raises NotFound if none has it, or the viewer may not see its programme."""
    seen = sa.or_(Programme.published_at.is_not(None), within(viewer, MANAGE, Programme.path))
    chosen = sa.select(Programme.picture).where(Programme.picture_digest == digest, seen).limit(1)
    found = db.session.scalar(chosen)
    if found is None:
        raise NotFound(digest)
    return found


def programme_to_show(viewer: Viewer, key: str) -> Programme:
    """Return the programme with this key, if the viewer may change its picture. Raises NotFound or NotPermitted."""
    found = db.session.scalar(sa.select(Programme).where(Programme.key == key))
    if found is None:
        raise NotFound(key)
    require(viewer, MANAGE, found.path)
    return found
