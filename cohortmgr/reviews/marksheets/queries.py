"""Reading one's own readings of an intake, as a sheet of marks holds them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.text import clean
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.marksheets.models import Marksheet
from cohortmgr.reviews.marksheets.rules import OwnReading
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.queries import of_files, visible
from cohortmgr.reviews.rules import OPEN, ReviewState

# So long a sheet that was looked at waits for a word.
KEPT_FOR = timedelta(days=1)
_SHOWN = (*OPEN, ReviewState.SUBMITTED)


def own_readings(viewer: Viewer, intake: Intake) -> list[OwnReading]:
    """Return the viewer's own readings of the files of an intake, open or handed in, by number, in one statement."""
    wanted = visible(viewer).join(Application, Application.id == Review.application_id)
    mine = (Review.intake_id == intake.id, Review.reviewer_id == viewer.person_id, of_files(intake))
    standing = (Application.state == "submitted", Review.state.in_([state.value for state in _SHOWN]))
    rows = db.session.execute(
        wanted.where(*mine, *standing)
        .order_by(Application.number)
        .with_only_columns(
            Review.reference, Application.number, Review.state, Review.version, Review.scores, Review.comment
        )
    )
    # As what is typed is kept: a line ends otherwise in what came by a form of before.
    return [replace(OwnReading(*row), comment=clean(row.comment)) for row in rows]


def sheet_of(viewer: Viewer, intake: Intake, *, lock: bool = False) -> Marksheet | None:
    """Return the sheet of an intake that the viewer looked at last, and that still waits; None without one."""
    mine = (Marksheet.intake_id == intake.id, Marksheet.reader_id == viewer.person_id)
    wanted = sa.select(Marksheet).where(*mine)
    return db.session.scalar(wanted.with_for_update() if lock else wanted)


def outlived() -> sa.ColumnElement[bool]:
    """The condition on sheets that nobody said a word about for so long that they are forgotten."""
    return Marksheet.at < clock.now() - KEPT_FOR
