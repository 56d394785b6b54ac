"""Read the answers that a desk keeps to use again."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from cohortmgr.accounts.queries import viewers as accounts
from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound
from cohortmgr.messages.helpdesk.models import SavedAnswer
from cohortmgr.messages.helpdesk.queries.questions import DESK
from cohortmgr.programmes.models import Programme


def saved(viewer: Viewer, permission: str = DESK) -> Sequence[SavedAnswer]:
    """Return the saved answers of the programmes where the viewer holds a permission, by topic and title."""
    order = (SavedAnswer.topic, SavedAnswer.title, SavedAnswer.id)
    return db.session.scalars(_saved(viewer, permission).order_by(*order)).all()


def saved_answer(viewer: Viewer, reference: str, permission: str = DESK) -> SavedAnswer:
    """Return one of the saved answers. Raises NotFound otherwise."""
    found = db.session.scalar(_saved(viewer, permission).where(SavedAnswer.reference == reference))
    if found is None:
        raise NotFound(reference)
    return found


def _saved(viewer: Viewer, permission: str) -> sa.Select[SavedAnswer]:
    return sa.select(SavedAnswer).where(accounts.within(viewer, permission, SavedAnswer.path))


def programmes_of(viewer: Viewer, permission: str) -> Sequence[Programme]:
    """Return the programmes where the viewer holds a permission, by key."""
    chosen = sa.select(Programme).where(accounts.within(viewer, permission, Programme.path))
    return db.session.scalars(chosen.order_by(Programme.key)).all()
