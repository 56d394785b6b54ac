"""What of the files waits for whom."""

from __future__ import annotations

from collections.abc import Iterator

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file import queries as files
from cohortmgr.base.i18n import localized, told
from cohortmgr.base.registries.waiting import PendingAct


def to_decide(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the intakes whose sent files wait until a person says whether they meet the conditions: their people were
    told that somebody looks at it."""
    for row in files.undecided(viewer):
        what = ngettext(
            "%(num)s dossier attend qu’on dise s’il remplit les conditions",
            "%(num)s dossiers attendent qu’on dise s’ils remplissent les conditions",
            row.number,
        )
        url = url_for("applications_lists.list", reference=row.reference, eligible="open")
        yield PendingAct(told(what, localized(row.title)), _("Décider"), url, intake_id=row.id)
