"""What of the help desk waits for whom."""

from __future__ import annotations

from collections.abc import Iterator

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.i18n import day
from cohortmgr.base.registries.waiting import PendingAct
from cohortmgr.messages.helpdesk.queries import questions


def open_questions(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the questions that wait for an answer, the late ones first."""
    counted = questions.counts(viewer)
    if counted.late:
        what = ngettext(
            "%(num)s question en retard, à répondre depuis le %(day)s",
            "%(num)s questions en retard, la plus ancienne depuis le %(day)s",
            counted.late,
            day=day(counted.oldest),
        )
        yield PendingAct(what, _("Répondre"), url_for("desk_staff.index", late=1), "stop")
    if counted.open > counted.late:
        waits = counted.open - counted.late
        what = ngettext("%(num)s question à répondre", "%(num)s questions à répondre", waits)
        yield PendingAct(what, _("Répondre"), url_for("desk_staff.index", state="open"))
