"""What of the readings waits for whom."""

from __future__ import annotations

from collections.abc import Iterator

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.i18n import localized, told
from cohortmgr.base.registries.waiting import PendingAct
from cohortmgr.reviews.progress import queries as progress
from cohortmgr.reviews.queries import readings


def own_readings(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield how many files of each intake wait until the viewer has read them."""
    for intake_id, title, number in readings.open_by_intake(viewer):
        what = ngettext("%(num)s dossier à lire", "%(num)s dossiers à lire", number)
        yield PendingAct(
            told(what, localized(title)), _("Lire"), url_for("reviews_staff.queue"), intake_id=intake_id
        )


def to_assign(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the closed intakes of which no reading was given to anybody yet."""
    for intake, number in progress.to_assign(viewer):
        what = ngettext(
            "Les lectures de %(num)s dossier sont à confier",
            "Les lectures de %(num)s dossiers sont à confier",
            number,
        )
        url = url_for("reviews_staff.overview", reference=intake.reference)
        yield PendingAct(told(what, localized(intake.title)), _("Confier"), url, intake_id=intake.id)
