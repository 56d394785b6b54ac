"""Reading one's own readings: what waits, what comes next, and the papers of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.queries.viewers import within
from cohortmgr.accounts.rules import Viewer, allows
from cohortmgr.applications.documents.rules import DocumentState, picture_key
from cohortmgr.applications.file.models import Application, Document
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound
from cohortmgr.base.registries.waiting import counted_up_to, same_for_all
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.revealing import is_paper_read
from cohortmgr.programmes.definition.rules import RubricPhase
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews import hooks
from cohortmgr.reviews.harmonising.models import Harmonisation
from cohortmgr.reviews.harmonising.rules import MarkBasis, MarkFormula
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.phases import queries as phases
from cohortmgr.reviews.queries import (
    file_of,
    frozen_file,
    get_for,
    hidden_in,
    intake_of,
    is_frozen,
    is_read,
    phase_of,
    visible,
)
from cohortmgr.reviews.reading.rules import FEWEST_TOLD, OwnSeverity, may_undo
from cohortmgr.reviews.rules import COUNTING, GIVEN_BACK, OPEN, ReviewState, shows_papers


def queue(viewer: Viewer, intake_id: int | None = None, phase: str | None = None) -> Sequence[Any]:
    """Return the viewer's own readings in one statement, of one phase if it is said: the open ones first, of these and
    of the others those that everybody reads, then in an order of the viewer's own."""
    order = sa.case({state.value: 0 for state in OPEN}, value=Review.state, else_=1)
    own = (
        visible(viewer)
        .with_only_columns(
            Review.reference,
            Review.state,
            Review.total_thousandths,
            Review.submitted_at,
            Review.discussed_at,
            Review.settled_at,
            Review.due_on,
            Review.scores,
            Review.phase,
            _sees_others(viewer).label("sees_others"),
            sa.or_(phases.is_over(), frozen_file()).label("is_over"),
            Application.number,
            Intake.title.label("intake_title"),
            Intake.id.label("intake_id"),
            Intake.reference.label("intake_reference"),
            Intake.fingerprint,
            Intake.read_by,
        )
        .join(Application, Application.id == Review.application_id)
        .where(Review.reviewer_id == viewer.person_id, Application.state == "submitted")
        .where(Review.state != ReviewState.RECALLED.value)
    )
    if intake_id is not None:
        own = own.where(Review.intake_id == intake_id)
    if phase is not None:
        own = own.where(Review.phase == phase)
    # What everybody reads comes first: readers are compared on it before they read the rest. The rest is in an order of
    # each reader's own, that of references drawn at random: what tires one at the end is not what tires all.
    places = (Review.intake_id.desc(), order, Review.anchor.desc(), Review.reference)
    return db.session.execute(own.order_by(*places)).all()


def phase_in(row: Any) -> RubricPhase:
    """Return the phase of a reading of a queue."""
    rubric = programmes.definition_of(row).rubric
    return next((each for each in rubric.phases if each.key == row.phase), rubric.files)


def is_one_of_several(row: Any) -> bool:
    """Whether people mark other phases too in the intake of a reading of a queue: one file may then stand there
    twice."""
    return sum(each.is_read for each in programmes.definition_of(row).rubric.phases) > 1


def next_after(rows: Sequence[Any], reference: str) -> str | None:
    """Return the reference of the next open reading of a queue, or None if all are handed in.

    After the last row the search goes on at the top."""
    return next(iter(ahead_of(rows, reference, 1)), None)


def around(rows: Sequence[Any], reference: str, most: int) -> Sequence[Any]:
    """Return the rows around the present one, at most so many on each side, so that a list fits beside the file."""
    place = next((i for i, row in enumerate(rows) if row.reference == reference), 0)
    start = max(0, min(place - most, len(rows) - 2 * most - 1))
    return rows[start : start + 2 * most + 1]


def ahead_of(rows: Sequence[Any], reference: str, most: int) -> list[str]:
    """Return the references of the next open readings of a queue, at most so many, in the order in which a reader comes
    to them: after the last row the search goes on at the top."""
    place = next((i for i, row in enumerate(rows) if row.reference == reference), -1)
    turned = [*rows[place + 1 :], *rows[: max(place, 0)]]
    return [row.reference for row in turned if row.state in OPEN][:most]


def beside(rows: Sequence[Any], reference: str) -> tuple[str | None, str | None]:
    """Return the references of the rows before and after one of a queue; None beyond its ends."""
    place = next((i for i, row in enumerate(rows) if row.reference == reference), None)
    if place is None:
        return None, None
    before = rows[place - 1].reference if place else None
    return before, rows[place + 1].reference if place + 1 < len(rows) else None


def own_severities(viewer: Viewer, intakes: Mapping[int, Mapping[str, str]]) -> list[OwnSeverity]:
    """Return how far the viewer's marks lie from the mean in the phases of some intakes (id to title) that are
    harmonised and of which they have handed in readings enough. One statement; none for no intake."""
    if not intakes:
        return []
    columns = (Harmonisation.intake_id, Harmonisation.phase, Harmonisation.formulas)
    rows = sa.select(*columns, Person.reference)
    rows = rows.join(Person, Person.id == viewer.person_id).where(
        Harmonisation.intake_id.in_(sorted(intakes))
    )
    found = []
    for intake_id, phase, kept, reader in db.session.execute(rows.order_by(Harmonisation.id)):
        if kept.get("readings", {}).get(reader, 0) >= FEWEST_TOLD:
            severity = MarkFormula.of_json(kept[MarkBasis.HARMONISED.value]).severities.get(reader, 0)
            found.append(OwnSeverity(intakes[intake_id], severity, intake_id, phase))
    return found


def last_undoable(rows: Sequence[Any], now: datetime) -> Any | None:
    """Return the row of a queue that was handed in last, if its reader may still take it back; else None."""
    handed_in = [row for row in rows if row.state == ReviewState.SUBMITTED and row.submitted_at]
    last = max(handed_in, key=lambda row: row.submitted_at, default=None)
    if last is None:
        return None
    sees_others = last.discussed_at is not None or bool(last.sees_others)
    return last if not last.is_over and may_undo(last.state, last.submitted_at, sees_others, now) else None


def _sees_others(viewer: Viewer) -> sa.ColumnElement[bool]:
    """Whether the viewer, who has handed in a reading, follows the readings there and so may see what others handed in
    of the same file."""
    if not viewer.paths("reviews.read"):
        return sa.literal(False)
    other = aliased(Review)
    same = (other.application_id == Review.application_id, other.id != Review.id)
    counting = other.state.in_([state.value for state in COUNTING])
    return sa.and_(within(viewer, "reviews.read", Intake.path), sa.exists().where(*same, counting))


def sees_others(viewer: Viewer, review: Review) -> bool:
    """Whether the viewer may see what others handed in of the file of their own reading, since they follow the
    readings."""
    if review.state != ReviewState.SUBMITTED or not allows(viewer, "reviews.read", intake_of(review).path):
        return False
    same = (Review.application_id == review.application_id, Review.id != review.id)
    others = sa.select(Review.id).where(*same, Review.state.in_([state.value for state in COUNTING]))
    return db.session.scalar(others.limit(1)) is not None


def may_change(review: Review, file: Application) -> bool:
    """Whether what a reading that is handed in or given back says may change: its phase is open, and no decision rests
    on its file."""
    return phases.closing_over(review) is None and not is_frozen(file)


def may_correct(viewer: Viewer, review: Review) -> bool:
    """Whether the reader of a reading that is handed in corrects it with a reason: it is discussed, or they see what
    others say of the file."""
    if review.state != ReviewState.SUBMITTED:
        return False
    return review.discussed_at is not None or sees_others(viewer, review)


def open_by_phase(viewer: Viewer) -> Sequence[sa.Row[Intake, str, int]]:
    """Return (intake, key of the phase, how many readings wait there for the viewer), the intake that opened first
    before the others."""
    mine = visible(viewer).join(Application, Application.id == Review.application_id)
    waiting = (Review.state.in_([state.value for state in OPEN]), Application.state == "submitted")
    counted = mine.with_only_columns(Review.intake_id, Review.phase, sa.func.count().label("number"))
    counted = counted.where(Review.reviewer_id == viewer.person_id, *waiting)
    found = counted.group_by(Review.intake_id, Review.phase).subquery()
    rows = sa.select(Intake, found.c.phase, found.c.number).join(found, found.c.intake_id == Intake.id)
    return db.session.execute(rows.order_by(Intake.opens_at, Intake.id, found.c.phase)).all()


def open_count(viewer: Viewer) -> int:
    """Return how many readings wait for the viewer."""
    return sum(number for _intake, _phase, number in open_by_phase(viewer))


@same_for_all
def open_in(intake_id: sa.SQLColumnExpression[int]) -> sa.ColumnElement[int]:
    """How many readings of an intake are not handed in, for who reads them all."""
    waiting = Review.state.in_([state.value for state in OPEN])
    return counted_up_to(sa.select(Review.id).where(Review.intake_id == intake_id, waiting), intake_id)


def papers_of(review: Review) -> Sequence[Document]:
    """Return the papers of a reading's file that its readers see now, in the order in which they came: those of the
    application that tell no hidden part, as the rubric says; among them those that are not examined yet, or were
    refused. What came after the reading was handed in, or after a seat was accepted, is not shown with it."""
    definition, phase = programmes.definition_of(intake_of(review)), phase_of(review)
    gone = review.state in GIVEN_BACK or not is_read(file_of(review))
    if gone or not shows_papers(phase, review.state, review.scores):
        return ()
    hidden = hidden_in(review)
    seen = [each.key for each in definition.form.questions if is_paper_read(each, hidden)]
    standing = sa.select(Document).where(Document.application_id == review.application_id)
    came = Document.state != DocumentState.PROMISED.value
    shown = [Document.replaced_at.is_(None), came, Document.question.in_(seen)]
    if review.state == ReviewState.SUBMITTED and review.submitted_at is not None:
        shown.append(Document.uploaded_at <= review.submitted_at)
    return db.session.scalars(standing.where(*shown).order_by(Document.id)).all()


def document_for(viewer: Viewer, review_reference: str, document_reference: str) -> Document:
    """Return a current paper of the file of a reading. Raises NotFound if the viewer may not see that reading, or if
    its readers do not see this paper, or not yet."""
    review = get_for(viewer, review_reference)
    if review.reviewer_id == viewer.person_id and any(hooks.barred(review)):
        raise NotFound(document_reference)
    for each in papers_of(review):
        if each.reference == document_reference and each.storage_key is not None:
            return each
    raise NotFound(document_reference)


def page_for(
    viewer: Viewer, review_reference: str, document_reference: str, number: int, *, narrow: bool = False
) -> str:
    """Return the key of the picture of a page of a paper that `document_for` gives. Raises NotFound as it does, or if
    there is no such picture."""
    key = picture_key(document_for(viewer, review_reference, document_reference), number, narrow=narrow)
    if key is None:
        raise NotFound(document_reference)
    return key


def files_in_hand() -> sa.Select[int]:
    """Select the applications that somebody reads now."""
    return sa.select(Review.application_id).where(Review.state.in_([state.value for state in OPEN]))
