"""What of the readings waits for whom."""

from __future__ import annotations

from collections.abc import Iterator

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base import clock
from cohortmgr.base.i18n import localized, told
from cohortmgr.base.registries.waiting import PendingAct, PendingKind
from cohortmgr.reviews.assignment import queries as assignments
from cohortmgr.reviews.progress import queries as progress
from cohortmgr.reviews.reading import queries as readings


def own_readings(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield how many files of each intake wait until the viewer has read them."""
    for intake_id, title, number in readings.open_by_intake(viewer):
        what = ngettext("%(num)s dossier à lire", "%(num)s dossiers à lire", number)
        yield PendingAct(
            told(what, localized(title)), _("Lire"), url_for("reading_staff.queue"), intake_id=intake_id
        )


def to_assign(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the intakes that have closed, and whose files lack readers: late once answers were promised."""
    closed = assignments.closed_with_files(viewer, "reviews.assign")
    lacking = progress.lacking_in(closed)
    for intake in closed:
        number = lacking[intake.id]
        if not number:
            continue
        what = ngettext("%(num)s lecture à confier", "%(num)s lectures à confier", number)
        url = url_for("assignment_staff.overview", reference=intake.reference)
        kind: PendingKind = "stop" if intake.decision_by < clock.today() else "wait"
        yield PendingAct(
            told(what, localized(intake.title)), _("Confier"), url, kind, intake.decision_by, intake.id
        )
