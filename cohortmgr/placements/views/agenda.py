"""What of the placements waits for whom."""

from __future__ import annotations

from collections.abc import Iterator

from flask import url_for
from flask_babel import gettext as _

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.i18n import localized
from cohortmgr.base.registries.waiting import PendingAct
from cohortmgr.placements.queries import standing


def matchings(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the matchings to which the viewer may agree."""
    for row in standing.to_approve(viewer):
        what = _("Une affectation attend votre accord : %(cohort)s", cohort=localized(row.name))
        url = url_for("placements_staff.board", reference=row.reference)
        yield PendingAct(what, _("Relire et approuver"), url, intake_id=row.intake_id)


def to_match(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the cohorts with positions in which nobody has a company yet."""
    for row in standing.to_match(viewer):
        what = _("Personne n’a encore d’entreprise : %(cohort)s", cohort=localized(row.name))
        url = url_for("placements_staff.board", reference=row.reference)
        yield PendingAct(what, _("Préparer l’affectation"), url, intake_id=row.intake_id)
