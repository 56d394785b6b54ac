"""Names in Arabic: by them a person is greeted who reads Arabic and gave one."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.base import clock
from cohortmgr.base.caching import Kept
from cohortmgr.base.db import db

# The viewer's statement, which is one function on PostgreSQL, does not bring it along. So a process asks for a person's
# once a minute, not once a page: whoever changes it waits no longer than that for their greeting.
_own: Kept[tuple[str, str, int], str] = Kept(4096)


def in_arabic(ids: Collection[int]) -> Mapping[int, str]:
    """Return the Arabic names of those persons who have one. One statement, none for nobody."""
    if not ids:
        return {}
    chosen = sa.select(Person.id, Person.given_name_ar, Person.family_name_ar)
    rows = db.session.execute(chosen.where(Person.id.in_(ids), Person.given_name_ar != ""))
    return {row.id: f"{row.given_name_ar} {row.family_name_ar}".strip() for row in rows}


def own_in_arabic(viewer: Viewer) -> str:
    """Return the viewer's own Arabic name, empty if there is none."""
    if viewer.person_id is None:
        return ""
    minute = int(clock.now().timestamp()) // 60
    return _own.get((viewer.person_reference or "", viewer.name, minute), _read, viewer.person_id)


def _read(person_id: int) -> str:
    return in_arabic((person_id,)).get(person_id, "")
