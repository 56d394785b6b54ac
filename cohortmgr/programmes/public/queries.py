"""Reading what public pages alone ask: whether one must be drawn again, and of a programme that was public once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from cohortmgr.base.db import db, table_of
from cohortmgr.base.errors import NotFound
from cohortmgr.programmes.definition.rules import IntakeState
from cohortmgr.programmes.models import Intake, Programme
from cohortmgr.programmes.queries import OF_PROGRAMME, SHOWN

# What differs when a page must be drawn again, without texts: decoding them took half as long as finding the page.
_TOLD = frozenset(
    (
        *("reference", "version", "fingerprint", "opens_at", "closes_at"),
        *("programme_version", "host_version", "seats", "free"),
    )
)
_EDITIONS: sa.Select[Any] = OF_PROGRAMME.with_only_columns(
    *(each for each in OF_PROGRAMME.selected_columns if each.key in _TOLD)
)

_EVER_PUBLIC = SHOWN.where(
    table_of(Intake).c.state != IntakeState.DRAFT.value,
    table_of(Programme).c.key == sa.bindparam("programme_key"),
)


def editions_of(programme_key: str) -> Sequence[sa.Row[Any]]:
    """Return the published intakes of a programme as `programmes.queries.public_intakes_of` does, but without any text.
    Raises NotFound if it has none."""
    found = db.session.execute(_EDITIONS, {"programme_key": programme_key}).all()
    if not found:
        raise NotFound(programme_key)
    return found


def newest_ever_public(programme_key: str) -> sa.Row[Any]:
    """The newest intake of a programme that is published or was, before it was archived; NotFound if there is none.
    What the law has people told goes on being told to those whose data are kept."""
    found = db.session.execute(_EVER_PUBLIC, {"programme_key": programme_key}).first()
    if found is None:
        raise NotFound(programme_key)
    return found
