"""Reading one person's stipends, month by month, for the page of that person."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.desk.history import HistoryEntry
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import File
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem
from cohortmgr.base.i18n import mad
from cohortmgr.base.i18n import month as month_name
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.cohorts.models import Cohort, Enrolment
from cohortmgr.stipends.models import StipendLine, StipendRun
from cohortmgr.stipends.rules import RunState

PERMISSION = "stipends.read"
# Of what is known by its day alone, the path says no better hour.
NOON = 12


def lines_of(viewer: Viewer, application: Application) -> Sequence[sa.Row[StipendLine, StipendRun]]:
    """Return (StipendLine, StipendRun) of a file's person, the newest month first, those of cancelled runs among them,
    to whoever reads the stipends of their cohort. One statement."""
    return db.session.execute(
        sa.select(StipendLine, StipendRun)
        .join(StipendRun, StipendRun.id == StipendLine.run_id)
        .join(Enrolment, Enrolment.id == StipendLine.enrolment_id)
        .join(Cohort, Cohort.id == StipendRun.cohort_id)
        .where(Enrolment.application_id == application.id, cohorts.within(viewer, PERMISSION))
        .order_by(StipendLine.month.desc(), StipendLine.id.desc())
    ).all()


def told_of(viewer: Viewer, application: Application) -> list[HistoryEntry]:
    """Return which months were paid to a file's person and which came back, for the path of their page."""
    told = []
    for line, run in lines_of(viewer, application):
        if run.state == RunState.CANCELLED:
            continue
        values = {"month": month_name(line.month)}
        amount = mad(line.net_cents)
        if line.paid_on is not None:
            paid = Problem(N_("Bourse versée : %(month)s"), values)
            told.append(HistoryEntry(clock.instant(line.paid_on, NOON), paid, more=amount))
        if line.returned_on is not None:
            back = Problem(N_("Bourse revenue de la banque : %(month)s"), values)
            told.append(HistoryEntry(clock.instant(line.returned_on, NOON), back, more=amount))
    return told


def traces(file: File) -> sa.Select[str, str]:
    """Select the stipend lines of a file's person, as the trail names them."""
    kind = sa.literal(StipendLine.__trail__, sa.String).label("kind")
    mine = sa.select(kind, StipendLine.reference).join(Enrolment, Enrolment.id == StipendLine.enrolment_id)
    return mine.where(Enrolment.application_id == file.application.id)
