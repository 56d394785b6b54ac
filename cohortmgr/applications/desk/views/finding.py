"""What a search over all intakes finds among the files."""

from __future__ import annotations

from collections.abc import Sequence

from flask import url_for

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.rules import FILE_STATES, ApplicationState
from cohortmgr.applications.searching import queries as searching
from cohortmgr.base.i18n import localized, say
from cohortmgr.base.registries.waiting import Hit


def files(viewer: Viewer, text: str, most: int) -> Sequence[Hit]:
    """Return the files that a text finds, the newest first."""
    found = searching.everywhere(viewer, text, most)
    hits = []
    for row in found.rows:
        told = (localized(row.title), say(FILE_STATES.names[ApplicationState(row.state)]))
        detail = (row.number, *told) if row.name else told  # a file without a name is called by its number
        url = url_for("applications_staff.show", reference=row.reference)
        hits.append(Hit(row.name or row.number, url, " · ".join(detail)))
    return hits
