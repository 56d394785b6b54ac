"""What of the decisions waits for whom."""

from __future__ import annotations

from collections.abc import Iterator

from flask import url_for
from flask_babel import gettext as _

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.i18n import localized
from cohortmgr.base.registries.waiting import PendingAct
from cohortmgr.selection import queries


def batches(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the batches of decisions to which the viewer may agree."""
    for batch in queries.waiting_for_approval(viewer):
        what = _("Un lot de décisions attend votre accord : %(intake)s", intake=localized(batch.intake_title))
        url = url_for("selection_staff.batch", reference=batch.reference)
        yield PendingAct(what, _("Relire et approuver"), url, intake_id=batch.intake_id)
