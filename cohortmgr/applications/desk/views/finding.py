"""What a search over all intakes finds among the files."""

from __future__ import annotations

from collections.abc import Sequence

from flask import url_for

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.rules import FILE_STATES, ApplicationState
from cohortmgr.applications.searching import queries as searching
from cohortmgr.base.i18n import localized, say
from cohortmgr.base.waiting import Hit


def files(viewer: Viewer, text: str, most: int) -> Sequence[Hit]:
    """Return the files that a text finds, the newest first."""
    found = searching.everywhere(viewer, text, most)
    return [
        Hit(
            row.name or row.number,
            url_for("applications_staff.show", reference=row.reference),
            " · ".join(
                (row.number, localized(row.title), say(FILE_STATES.names[ApplicationState(row.state)]))
            ),
        )
        for row in found.rows
    ]
