"""What of the cohorts waits for whom."""

from __future__ import annotations

from collections.abc import Iterator

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base import clock
from cohortmgr.base.i18n import localized, told
from cohortmgr.base.registries.waiting import PendingAct, PendingKind
from cohortmgr.cohorts import queries


def to_confirm(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the cohorts in which places wait to be confirmed: late once the training has begun."""
    for row in queries.to_confirm(viewer):
        what = ngettext("%(num)s inscription à confirmer", "%(num)s inscriptions à confirmer", row.number)
        url = url_for("cohorts_staff.cohort", reference=row.reference)
        kind: PendingKind = "stop" if row.starts_on < clock.today() else "wait"
        yield PendingAct(
            told(what, localized(row.name)), _("Confirmer"), url, kind, row.starts_on, row.intake_id
        )


def to_open(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the intakes in which places were accepted and whose cohort nobody has opened: late once it begins."""
    for row in queries.to_open(viewer):
        what = _("Des places sont acceptées, la promotion reste à ouvrir")
        url = url_for("portals.intake", reference=row.reference, _anchor="cohort")
        kind: PendingKind = "stop" if row.starts_on < clock.today() else "wait"
        yield PendingAct(told(what, localized(row.title)), _("Ouvrir"), url, kind, row.starts_on, row.id)
