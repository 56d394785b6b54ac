"""What of the rules of intakes waits for whom."""

from __future__ import annotations

from collections.abc import Iterator

from flask import url_for
from flask_babel import gettext as _

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.i18n import localized, told
from cohortmgr.base.registries.waiting import PendingAct
from cohortmgr.selection.sealing import queries
from cohortmgr.selection.sealing.rules import RulesState


def to_seal(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the rules that the viewer may seal, since somebody else proposed them."""
    for row, intake in queries.awaiting(viewer, "selection.approve", RulesState.PROPOSED):
        if row.proposed_by != viewer.reference:
            what = told(_("Règles du choix à sceller"), localized(intake.title))
            url = url_for("sealing_staff.rules", reference=intake.reference)
            yield PendingAct(what, _("Relire et sceller"), url, intake_id=intake.id)


def to_propose(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the rules that are written and not proposed yet."""
    for _row, intake in queries.awaiting(viewer, "selection.propose", RulesState.DRAFT):
        what = told(_("Règles du choix à proposer au sceau"), localized(intake.title))
        url = url_for("sealing_staff.rules", reference=intake.reference)
        yield PendingAct(what, _("Relire et proposer"), url, intake_id=intake.id)
