"""What of the imports waits for whom."""

from __future__ import annotations

from collections.abc import Iterator

from flask import url_for
from flask_babel import gettext as _

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.importing.queries import enrolled, runs
from cohortmgr.base.i18n import localized, told
from cohortmgr.base.registries.waiting import PendingAct, how_many


def to_mend(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the intakes in whose tray rows wait that could not be loaded."""
    for row in runs.to_mend(viewer):
        what = told(_("Lignes à réparer (%(count)s)", count=how_many(row.number)), localized(row.title))
        url = url_for("imports_staff.tray", reference=row.reference)
        yield PendingAct(what, _("Réparer"), url, intake_id=row.id)


def guardians_awaited(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the intakes in which guardians of children whom the viewer enrolled have not answered."""
    for row in enrolled.awaiting_guardians(viewer):
        what = told(
            _("Accords attendus de tuteurs légaux (%(count)s)", count=how_many(row.number)),
            localized(row.title),
        )
        url = url_for("groups_staff.enrolled", reference=row.reference, consent="waiting")
        yield PendingAct(what, _("Relancer"), url, intake_id=row.id)
