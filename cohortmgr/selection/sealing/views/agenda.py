"""What of the rules of intakes waits for whom."""

from __future__ import annotations

from collections.abc import Iterator

from flask import url_for
from flask_babel import gettext as _

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.i18n import localized, told
from cohortmgr.base.registries.waiting import PendingAct
from cohortmgr.selection.sealing import queries


def to_seal(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the rules that the viewer may seal, since somebody else proposed them."""
    for intake in queries.to_seal(viewer):
        what = told(_("Règles du choix à sceller"), localized(intake.title))
        url = url_for("sealing_staff.rules", reference=intake.reference)
        yield PendingAct(what, _("Relire et sceller"), url, intake_id=intake.id)


def to_propose(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the rules that are not proposed yet: those that are written, and those for which readers wait."""
    for intake in queries.to_propose(viewer):
        what = told(_("Règles du choix à proposer au sceau"), localized(intake.title))
        url = url_for("sealing_staff.rules", reference=intake.reference)
        yield PendingAct(what, _("Relire et proposer"), url, intake_id=intake.id)
