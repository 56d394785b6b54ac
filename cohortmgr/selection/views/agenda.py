"""What of the decisions waits for whom."""

from __future__ import annotations

from collections.abc import Iterator

from flask import url_for
from flask_babel import gettext as _

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base import clock
from cohortmgr.base.i18n import localized
from cohortmgr.base.registries.waiting import PendingAct, PendingKind
from cohortmgr.selection import queries


def batches(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the batches of decisions to which the viewer may agree."""
    for batch in queries.waiting_for_approval(viewer):
        what = _("Un lot de décisions attend votre accord : %(intake)s", intake=localized(batch.intake_title))
        url = url_for("selection_staff.batch", reference=batch.reference)
        yield PendingAct(what, _("Relire et approuver"), url, intake_id=batch.intake_id)


def to_propose(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the intakes whose readings are all handed in: late once the answers were promised for an earlier day."""
    for intake in queries.to_propose(viewer):
        what = _("Toutes les lectures sont remises : %(intake)s", intake=localized(intake.title))
        url = url_for("selection_staff.ranking", reference=intake.reference)
        kind: PendingKind = "stop" if intake.decision_by < clock.today() else "wait"
        yield PendingAct(what, _("Proposer les décisions"), url, kind, intake.decision_by, intake.id)
