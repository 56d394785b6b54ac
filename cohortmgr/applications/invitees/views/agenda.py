"""What of the invited people waits for whom."""

from __future__ import annotations

from collections.abc import Iterator

from flask import url_for
from flask_babel import gettext as _

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.invitees import queries
from cohortmgr.base.i18n import localized, told
from cohortmgr.base.registries.waiting import PendingAct, how_many


def files_awaited(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the open intakes in which people whom the viewer invited have not sent their file."""
    for row in queries.awaiting(viewer):
        what = told(
            _("Dossiers attendus de vos invités (%(count)s)", count=how_many(row.number)),
            localized(row.title),
        )
        url = url_for("invitees_staff.index", reference=row.reference, standing="awaited")
        yield PendingAct(what, _("Relancer"), url, intake_id=row.id)
