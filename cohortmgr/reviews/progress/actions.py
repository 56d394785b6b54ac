"""Keeping the progress of the readings of large intakes: asking the worker for it, and writing what it found."""

from __future__ import annotations

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.jobs.actions import keeping
from cohortmgr.jobs.actions.keeping import ResultWanted
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.progress import queries
from cohortmgr.reviews.progress.queries import KIND
from cohortmgr.reviews.rules import ReadingProgress


def ask(viewer: Viewer, intake: Intake) -> None:
    """Ask the worker to sum up the readings of an intake, unless that is asked for already or was a moment ago."""
    require(viewer, "reviews.read", intake.path)
    keeping.ask(
        viewer, ResultWanted(KIND, intake.reference, intake.institution_id), {"intake": intake.reference}
    )


def keep(viewer: Viewer, intake: Intake, found: ReadingProgress) -> None:
    """Keep a progress that was summed up this moment."""
    require(viewer, "reviews.read", intake.path)
    keeping.keep(viewer, ResultWanted(KIND, intake.reference, intake.institution_id), queries.as_kept(found))
