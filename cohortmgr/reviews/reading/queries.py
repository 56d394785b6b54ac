"""Reading one's own readings: what waits, what comes next, and the papers of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application, Document
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound
from cohortmgr.base.registries.waiting import counted_up_to
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.queries import get_for, intake_of, visible
from cohortmgr.reviews.rules import (
    OPEN,
    ReviewState,
    shows_papers,
)


def queue(viewer: Viewer, intake_id: int | None = None) -> Sequence[Any]:
    """Return the viewer's own readings in one statement: the open ones first, of these and
    of the others those that everybody reads, then in an order of the viewer's own."""
    order = sa.case({state.value: 0 for state in OPEN}, value=Review.state, else_=1)
    own = (
        visible(viewer)
        .with_only_columns(
            Review.reference,
            Review.state,
            Review.total_thousandths,
            Review.submitted_at,
            Application.number,
            Intake.title.label("intake_title"),
            Intake.id.label("intake_id"),
        )
        .join(Application, Application.id == Review.application_id)
        .where(Review.reviewer_id == viewer.person_id, Application.state == "submitted")
        .where(Review.state != ReviewState.RECALLED.value)
    )
    if intake_id is not None:
        own = own.where(Review.intake_id == intake_id)
    # What everybody reads comes first: readers are compared on it before they read the rest. The rest is in an order of
    # each reader's own, that of references drawn at random: what tires one at the end is not what tires all.
    places = (Review.intake_id.desc(), order, Review.anchor.desc(), Review.reference)
    return db.session.execute(own.order_by(*places)).all()


def next_after(rows: Sequence[Any], reference: str) -> str | None:
    """Return the reference of the next open reading of a queue, or None if all are handed in.

    After the last row the search goes on at the top."""
    waiting = [row.reference for row in rows if row.state in OPEN and row.reference != reference]
    place = next((i for i, row in enumerate(rows) if row.reference == reference), -1)
    after = [row.reference for row in rows[place + 1 :] if row.reference in waiting]
    return (after or waiting or [None])[0]


def open_by_intake(viewer: Viewer) -> Sequence[sa.Row[int, Mapping[str, str], int]]:
    """Return (intake's id, its title, how many readings wait there for the viewer), the intake that opened first
    before the others."""
    mine = visible(viewer).join(Application, Application.id == Review.application_id)
    waiting = (Review.state.in_([state.value for state in OPEN]), Application.state == "submitted")
    columns = (Intake.id, Intake.title, sa.func.count().label("number"))
    counted = mine.with_only_columns(*columns).where(Review.reviewer_id == viewer.person_id, *waiting)
    grouped = counted.group_by(Intake.id, Intake.opens_at).order_by(Intake.opens_at, Intake.id)
    return db.session.execute(grouped).all()


def open_count(viewer: Viewer) -> int:
    """Return how many readings wait for the viewer."""
    return sum(number for _id, _title, number in open_by_intake(viewer))


def open_in(_viewer: Viewer, intake_id: sa.SQLColumnExpression[int]) -> sa.ColumnElement[int]:
    """How many readings of an intake are not handed in, for who reads them all."""
    waiting = Review.state.in_([state.value for state in OPEN])
    return counted_up_to(sa.select(Review.id).where(Review.intake_id == intake_id, waiting), intake_id)


def documents_of(application: Application) -> Sequence[Document]:
    """Return the papers of a file that have not been replaced, in the order in which they came."""
    standing = sa.select(Document).where(Document.application_id == application.id)
    shown = (Document.replaced_at.is_(None), Document.storage_key.is_not(None))
    return db.session.scalars(standing.where(*shown).order_by(Document.id)).all()


def document_for(viewer: Viewer, review_reference: str, document_reference: str) -> Document:
    """Return a current paper of the file of a reading. Raises NotFound if the viewer may not see that reading, or if
    its readers do not see this paper, or not yet."""
    review = get_for(viewer, review_reference)
    definition = programmes.definition_of(intake_of(review))
    same = (Document.reference == document_reference, Document.application_id == review.application_id)
    shown = (Document.replaced_at.is_(None), Document.storage_key.is_not(None))
    found = db.session.scalar(sa.select(Document).where(*same, *shown))
    phase = definition.rubric.files
    hidden = {each.key for each in definition.form.questions if each.reveals in phase.hidden}
    if found is None or found.question in hidden or not shows_papers(phase, review.scores):
        raise NotFound(document_reference)
    return found
