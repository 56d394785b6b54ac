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
from cohortmgr.reviews.reading.rules import taken_draft
from cohortmgr.reviews.rules import REVIEW_STATES, ReadingChange, ReviewState, as_earlier


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
    """End a reading whose file goes to somebody else, or that is not heard any longer. What it said so far stays on
    record, for whoever gives it back: it is returned, and the trail notes it, unless a bulk act notes it itself
    (`noted`)."""
    require(viewer, "reviews.assign", db.session.get_one(Intake, review.intake_id).path)
    before = {"state": review.state, "scores": review.scores, "total": review.total_thousandths}
    counted = review.state == ReviewState.SUBMITTED
    if review.scores or review.comment or review.to_discuss or review.discussed_at:
        # Without the reason: its reader sees what it said before, and is not told why it went to another.
        was = as_earlier(
            review.scores,
            review.total_thousandths if counted else None,
            review.comment,
            review.submitted_at if counted else None,
            why,
            to_discuss=review.to_discuss,
            discussed_at=review.discussed_at,
        )
        review.earlier = [*review.earlier, was]
    review.state, review.abstained_because = REVIEW_STATES.move(review.state, state).value, reason
    review.scores, review.total_thousandths, review.comment = {}, None, ""
    review.to_discuss, review.discussed_at, review.settled_at, review.submitted_at = False, None, None, None
    if noted:
        record(viewer, "reviews.release", about(review), before=before, after={"state": review.state})
    return before


def give_again(
    viewer: Viewer, intake: Intake, files: Collection[int], reader_id: int, due_on: date | None
) -> None:
    """Give files back to a reader from whom they were taken, as `bring_back` does: a reading for each is there."""
    require(viewer, "reviews.assign", intake.path)
    taken = sa.select(Review).where(Review.reviewer_id == reader_id, Review.application_id.in_(sorted(files)))
    taken = taken.where(Review.phase == definition_of(intake).rubric.files.key)
    taken = taken.where(Review.state == ReviewState.RECALLED.value).order_by(Review.id)
    for review in db.session.scalars(taken).all():
        bring_back(viewer, review, due_on)
    db.session.flush()


def bring_back(viewer: Viewer, review: Review, due_on: date | None) -> None:
    """Give a reading that was taken back to its reader again. What it said then is their draft, as far as the rubric
    still asks for it; else it begins anew, and what it said stays on record."""
    intake = db.session.get_one(Intake, review.intake_id)
    require(viewer, "reviews.assign", intake.path)
    review.state = REVIEW_STATES.move(review.state, ReviewState.ASSIGNED).value
    review.abstained_because, review.assigned_at, review.due_on = "", clock.now(), due_on
    kept, earlier = taken_draft(review.earlier, definition_of(intake).rubric, review.phase)
    if kept is None:
        return
    review.earlier, review.state = earlier, ReviewState.DRAFTED.value
    review.scores, review.comment = dict(kept.scores), kept.comment
    review.to_discuss, review.discussed_at = kept.to_discuss, kept.discussed_at


def require_to_come(viewer: Viewer, intake: Intake, due_on: date | None) -> None:
    """Raise Refused if a day by which readings are to be handed in is over."""
    require(viewer, "reviews.assign", intake.path)
    if due_on is not None and due_on < clock.today():
        raise Refused(
            Problem(N_("Ce jour est passé : choisissez aujourd’hui ou un jour à venir."), {}, "due_on")
        )
