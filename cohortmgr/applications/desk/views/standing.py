"""Where an intake stands with its files, for its overview."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts.rules import Viewer, allows
from cohortmgr.applications.file import queries as files
from cohortmgr.base import clock
from cohortmgr.base.i18n import short_day
from cohortmgr.base.registries.waiting import StageStanding, StageState
from cohortmgr.programmes.models import Intake


def stage(viewer: Viewer, intake: Intake) -> StageStanding:
    """Return how many files were sent, and until when they may be."""
    count, now = files.counts([intake.id])[intake.id]["submitted"], clock.now()
    state: StageState = "done"
    if now < intake.opens_at:
        state, note = "next", _("à partir du %(day)s", day=short_day(intake.opens_at))
    elif now <= intake.closes_at:
        state, note = "now", _("jusqu’au %(day)s", day=short_day(intake.closes_at))
    else:
        note = _("close depuis le %(day)s", day=short_day(intake.closes_at))
    reads = allows(viewer, files.READ, intake.path)
    url = url_for("applications_lists.list", reference=intake.reference) if reads else ""
    counted = ngettext("candidature envoyée", "candidatures envoyées", count)
    return StageStanding(count, counted, note, state, url=url)
