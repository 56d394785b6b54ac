"""Reading the files on which readers disagree: among all readings, or as the worker last found them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import AGREED, NAME
from cohortmgr.base.db import db, table_of
from cohortmgr.base.paging import ListPlace, Page, Total, page_of
from cohortmgr.jobs.models import KeptResult
from cohortmgr.jobs.queries import kept_of
from cohortmgr.programmes.definition.rules import RubricPhase
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.gaps.models import ReadingGap
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.queries import frozen_file, visible
from cohortmgr.reviews.rules import COUNTING, HOLDING, OPEN, ReviewState

KIND = "reviews.gaps"
"""The worker's job that looks for the gaps of a large intake, and the kind of its kept result."""
# The files of one page of the list of gaps.
PAGE = 30
_GAPS = table_of(ReadingGap)
# Totals are thousandths of a point.
_POINT = 1_000


def measured(readings: sa.Select[Review], points: int) -> sa.Select[*tuple[Any, ...]]:
    """Select, of some readings that were handed in, the files whose totals differ by more than so many points, or of
    which a reader says that they are to be discussed, or whose discussion is open: (application_id, gap, how many ask
    for one, how many have not settled it)."""
    total = Review.total_thousandths
    open_ = sa.and_(Review.discussed_at.is_not(None), Review.settled_at.is_(None))
    asked = sa.func.sum(sa.case((Review.to_discuss, 1), else_=0))
    waits = sa.func.sum(sa.case((open_, 1), else_=0))
    gap = sa.func.max(total) - sa.func.min(total)
    by_file = readings.with_only_columns(
        Review.application_id, gap.label("gap"), asked.label("asked"), waits.label("waits")
    )
    return by_file.group_by(Review.application_id).having(sa.or_(gap > points * _POINT, asked > 0, waits > 0))


def found_in(intake: Intake, phase: RubricPhase) -> dict[int, tuple[int, int, int]]:
    """Return (gap, how many ask for a discussion, how many have not settled it) of these files of an intake, by id. For
    the system."""
    readings = sa.select(Review).join(Application, Application.id == Review.application_id)
    standing = (Review.intake_id == intake.id, Review.state.in_(COUNTING), Application.state == "submitted")
    of_phase = readings.where(*standing, Review.phase == phase.key)
    rows = db.session.execute(measured(of_phase, phase.gap_points))
    return {row[0]: (int(row[1] or 0), int(row[2]), int(row[3])) for row in rows}


def known_in(intake: Intake) -> dict[int, tuple[int, int, int]]:
    """Return the same as it is kept."""
    rows = sa.select(_GAPS.c.application_id, _GAPS.c.gap, _GAPS.c.asked, _GAPS.c.waits)
    rows = rows.where(_GAPS.c.intake_id == intake.id)
    return {row[0]: (row[1], row[2], row[3]) for row in db.session.execute(rows)}


def apart_in(intake: Intake, phase: RubricPhase) -> Sequence[str]:
    """Return the numbers of the files whose readings are further apart than the phase allows, that wait for none and
    may have one more; none on which a decision rests."""
    total, counts = Review.total_thousandths, Review.state == ReviewState.SUBMITTED.value
    holds = Review.state.in_([state.value for state in HOLDING])
    open_ = Review.state.in_([state.value for state in OPEN])
    number = sa.func.sum(sa.case((holds, 1), else_=0))
    gap = sa.func.max(sa.case((counts, total))) - sa.func.min(sa.case((counts, total)))
    rows = sa.select(Application.number).join(Review, Review.application_id == Application.id)
    rows = rows.where(Review.intake_id == intake.id, Review.phase == phase.key)
    rows = rows.where(Application.state == "submitted")
    rows = rows.where(Application.eligible.is_(True), ~frozen_file()).group_by(
        Application.id, Application.number
    )
    rows = rows.having(
        gap > phase.gap_points * _POINT,
        number < phase.most_readings,
        sa.func.sum(sa.case((open_, 1), else_=0)) == 0,
    )
    return db.session.scalars(rows.order_by(Application.number)).all()


def kept_gaps(intake: Intake) -> KeptResult | None:
    """Return what is kept of the gaps of a large intake: when they were looked for, `files` and how many of them may
    have one more reading (`apart`). None before that was ever asked."""
    return kept_of(KIND, intake.reference)


def kept_page(viewer: Viewer, intake: Intake, kept: KeptResult, place: ListPlace) -> Page:
    """Return a page of the files that are kept, the widest gap first: rows of (Application, its name, gap, asked,
    waits). None of which the viewer may see no reading that was handed in: whoever reads a file too has not handed in
    their own."""
    seen = visible(viewer).where(
        Review.application_id == ReadingGap.application_id, Review.state.in_(COUNTING)
    )
    wanted = (
        sa.select(Application, NAME, ReadingGap.gap, ReadingGap.asked, ReadingGap.waits)
        .join(ReadingGap, ReadingGap.application_id == Application.id)
        .where(ReadingGap.intake_id == intake.id, Application.state == "submitted", AGREED)
        .where(seen.with_only_columns(Review.id).correlate(ReadingGap).exists())
        .order_by(ReadingGap.gap.desc(), ReadingGap.application_id.desc())
    )
    return page_of(wanted, place, PAGE, Total(int(kept.figures.get("files", 0))))
