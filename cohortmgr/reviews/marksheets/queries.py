"""Reading one's own readings of an intake, as a sheet of marks holds them."""

from __future__ import annotations

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.marksheets.rules import OwnReading
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.queries import of_files, visible
from cohortmgr.reviews.rules import OPEN, ReviewState

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
    return [OwnReading(*row) for row in rows]
