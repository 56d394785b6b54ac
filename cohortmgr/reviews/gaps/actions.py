"""Keeping the gaps between the readings of large intakes: asking the worker for them, and writing what it found."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.base.db import db, insert_or_leave, table_of
from cohortmgr.jobs.actions import keeping
from cohortmgr.jobs.actions.keeping import ResultWanted
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.gaps.models import ReadingGap
from cohortmgr.reviews.gaps.queries import KIND

# How many rows are written in one transaction.
CHUNK = 1_000
_GAPS = table_of(ReadingGap)


def ask(viewer: Viewer, intake: Intake) -> None:
    """Ask the worker for the gaps of an intake, unless that is asked for already or was a moment ago."""
    require(viewer, "reviews.read", intake.path)
    keeping.ask(
        viewer, ResultWanted(KIND, intake.reference, intake.institution_id), {"intake": intake.reference}
    )


def write(viewer: Viewer, intake: Intake, found: Mapping[int, tuple[int, int, int]]) -> None:
    """Write some gaps, by the file's id: (gap, how many ask for a discussion, how many have not settled it)."""
    require(viewer, "reviews.read", intake.path)
    forget(viewer, intake, found)
    rows = [
        {
            "application_id": file,
            "intake_id": intake.id,
            "institution_id": intake.institution_id,
            "gap": gap,
            "asked": asked,
            "waits": waits,
        }
        for file, (gap, asked, waits) in sorted(found.items())
    ]
    insert_or_leave(db.session, ReadingGap, rows)


def forget(viewer: Viewer, intake: Intake, files: Collection[int]) -> None:
    """Forget the gaps of some files: there are none any more."""
    require(viewer, "reviews.read", intake.path)
    mine = (_GAPS.c.intake_id == intake.id, _GAPS.c.application_id.in_(sorted(files)))
    db.session.execute(sa.delete(_GAPS).where(*mine))


def keep(viewer: Viewer, intake: Intake, files: int, apart: int) -> None:
    """Keep that the gaps are written: of how many files, and how many of these may have one more reading."""
    require(viewer, "reviews.read", intake.path)
    wanted = ResultWanted(KIND, intake.reference, intake.institution_id)
    keeping.keep(viewer, wanted, {"files": files, "apart": apart})
