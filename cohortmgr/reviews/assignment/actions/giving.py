"""Writing readings: who is given which files of an intake, until when."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db, insert_or_leave
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.text import new_reference
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.queries import require_unconcerned
from cohortmgr.reviews.rules import (
    ReadingChange,
    ReviewState,
    as_earlier,
)


def intake_locked(viewer: Viewer, intake_reference: str) -> Intake:
    """Return an intake whose files the viewer gives out. Two who do so at once queue here, so that the second sees what
    the first gave."""
    intake = programmes.get_intake(intake_reference)
    require(viewer, "reviews.assign", intake.path)
    require_unconcerned(viewer, intake)
    # Weaker than what keeps others from adding a reading, which refers to the intake.
    alone = sa.select(Intake.id).where(Intake.id == intake.id)
    db.session.execute(alone.with_for_update(key_share=True))
    return intake


def files_locked(viewer: Viewer, intake: Intake, numbers: Collection[str]) -> None:
    """Let whoever passes one of these files on queue here, in one order, so that the second sees to whom the first
    gave it."""
    require(viewer, "reviews.assign", intake.path)
    mine = (Application.intake_id == intake.id, Application.number.in_(sorted(numbers)))
    rows = sa.select(Application.id).where(*mine).order_by(Application.id)
    db.session.execute(rows.with_for_update(key_share=True))


def give(
    viewer: Viewer,
    intake: Intake,
    pairs: Sequence[tuple[int, int]],
    due_on: date | None,
    anchors: Collection[int] = (),
    phase: str | None = None,
) -> None:
    """Write a reading for each (file's id, reader's id) that has none yet, of the phase with that key or of that in
    which files are read; `anchors` are files that all read.

    Two who give a file back at the same moment may both find the same person, who then gets it once."""
    require(viewer, "reviews.assign", intake.path)
    moment = clock.now()
    key = definition_of(intake).rubric.files.key if phase is None else phase
    rows: list[dict[str, Any]] = [
        {
            "reference": new_reference(),
            "institution_id": intake.institution_id,
            "application_id": application_id,
            "intake_id": intake.id,
            "reviewer_id": reviewer_id,
            "phase": key,
            "state": ReviewState.ASSIGNED.value,
            "scores": {},
            "comment": "",
            "abstained_because": "",
            "assigned_at": moment,
            "due_on": due_on,
            "anchor": application_id in anchors,
            "version": 1,
        }
        for application_id, reviewer_id in pairs
    ]
    insert_or_leave(db.session, Review, rows)


def take_back(
    viewer: Viewer,
    review: Review,
    state: ReviewState,
    why: ReadingChange,
    reason: str = "",
    *,
    noted: bool = True,
) -> dict[str, Any]:
    """End a reading whose file goes to somebody else. What it said so far stays on record: it is returned, and the
    trail notes it, unless a bulk act notes it itself (`noted`)."""
    require(viewer, "reviews.assign", db.session.get_one(Intake, review.intake_id).path)
    before = {"state": review.state, "scores": review.scores, "total": review.total_thousandths}
    if review.scores or review.comment or review.to_discuss or review.discussed_at:
        said = (review.scores, review.total_thousandths, review.comment, review.submitted_at)
        # Without the reason: its reader sees what it said before, and is not told why it went to another.
        was = as_earlier(*said, why, to_discuss=review.to_discuss, discussed_at=review.discussed_at)
        review.earlier = [*review.earlier, was]
    review.state, review.abstained_because = state.value, reason
    review.scores, review.total_thousandths, review.comment = {}, None, ""
    review.to_discuss, review.discussed_at, review.settled_at, review.submitted_at = False, None, None, None
    if noted:
        record(viewer, "reviews.release", about(review), before=before, after={"state": review.state})
    return before


def give_again(
    viewer: Viewer, intake: Intake, files: Collection[int], reader_id: int, due_on: date | None
) -> None:
    """Give files back to a reader from whom they were taken: a reading for each is there. It begins anew; what it said
    before stays in what is kept of it."""
    require(viewer, "reviews.assign", intake.path)
    taken = sa.update(Review).where(Review.reviewer_id == reader_id, Review.application_id.in_(sorted(files)))
    taken = taken.where(Review.phase == definition_of(intake).rubric.files.key)
    values = {
        "state": ReviewState.ASSIGNED.value,
        "abstained_because": "",
        "comment": "",
        "to_discuss": False,
        "discussed_at": None,
        "settled_at": None,
        "assigned_at": clock.now(),
        "due_on": due_on,
        "version": Review.version + 1,
    }
    db.session.execute(
        taken.where(Review.state == ReviewState.RECALLED.value)
        .values(values)
        .execution_options(synchronize_session="fetch")
    )


def require_to_come(viewer: Viewer, intake: Intake, due_on: date | None) -> None:
    """Raise Refused if a day by which readings are to be handed in is over."""
    require(viewer, "reviews.assign", intake.path)
    if due_on is not None and due_on < clock.today():
        raise Refused(
            Problem(N_("Ce jour est passé : choisissez aujourd’hui ou un jour à venir."), {}, "due_on")
        )
