"""Reading what readers disagree on: the other readings of a file under discussion, and the files that lie so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import NAME
from cohortmgr.base.db import db
from cohortmgr.base.paging import ListPlace, Page, page_of
from cohortmgr.programmes.definition.rules import RubricPhase
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.gaps.queries import measured
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.phases import queries as phases
from cohortmgr.reviews.queries import frozen_file, visible
from cohortmgr.reviews.rules import COUNTING, ReviewState

# The files of one page of the list of gaps.
PAGE = 30


def _waiting() -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions on a reading and its file that say that a discussion waits for its reader, as
    `rules.is_open` says it and as its index is written: none where marks change no more, in a phase that is closed or
    once decisions rest on the file."""
    open_ = (
        Review.state == ReviewState.SUBMITTED.value,
        Review.discussed_at.is_not(None),
        Review.settled_at.is_(None),
    )
    return (*open_, ~phases.is_over(), ~frozen_file())


def others_of(viewer: Viewer, review: Review) -> Sequence[Review]:
    """Return the other readings of the file of one's own reading that are discussed, without their readers: those that
    are handed in and lie far from another, not one that was never part of it.

    Nobody sees them before they have handed in their own, nor while it is open again."""
    if review.reviewer_id != viewer.person_id or review.discussed_at is None:
        return []
    if review.state != ReviewState.SUBMITTED:
        return []
    same = (
        Review.application_id == review.application_id,
        Review.phase == review.phase,
        Review.id != review.id,
    )
    discussed = (Review.state.in_(COUNTING), Review.discussed_at.is_not(None))
    wanted = sa.select(Review).where(*same, *discussed).order_by(Review.id)
    return db.session.scalars(wanted).all()


def gaps_in(viewer: Viewer, intake: Intake, phase: RubricPhase, place: ListPlace) -> Page:
    """Return a page of the files of an intake whose readings differ in a phase by more than it allows, or of which a
    reader says that they are to be discussed, or whose discussion is open, the widest gap first: rows of (Application,
    its name, gap, how many say so, how many readers have not settled it yet)."""
    points = phase.gap_points
    seen = visible(viewer).where(Review.intake_id == intake.id, Review.state.in_(COUNTING))
    seen = seen.where(Review.phase == phase.key)
    found = measured(seen, points).subquery()
    wanted = (
        sa.select(Application, NAME, found.c.gap, found.c.asked, found.c.waits)
        .join(found, found.c.application_id == Application.id)
        .where(Application.intake_id == intake.id, Application.state == "submitted")
        .order_by(found.c.gap.desc(), Application.id.desc())
    )
    return page_of(wanted, place, PAGE)


def readings_by_file(viewer: Viewer, files: Sequence[int], phase: RubricPhase) -> Mapping[int, Sequence[Any]]:
    """Return (Review, given and family name of its reader) of the readings of each file that were handed in in a phase,
    the lowest first, in one statement."""
    if not files:
        return {}
    names = (Person.given_name, Person.family_name)
    wanted = visible(viewer).join(Person, Person.id == Review.reviewer_id).add_columns(*names)
    counting = wanted.where(Review.application_id.in_(files), Review.state.in_(COUNTING))
    counting = counting.where(Review.phase == phase.key)
    found: dict[int, list[Any]] = defaultdict(list)
    for row in db.session.execute(counting.order_by(Review.total_thousandths, Review.id)):
        found[row[0].application_id].append(row)
    return found


def open_of(viewer: Viewer) -> Sequence[Any]:
    """Return (intake's id, its title, how many discussions wait there for the viewer, the reference of one of their
    readings), the intake that opened first before the others."""
    mine = visible(viewer).join(Application, Application.id == Review.application_id)
    number, first = sa.func.count().label("number"), sa.func.min(Review.reference).label("first")
    counted = mine.with_only_columns(Intake.id, Intake.title, number, first)
    waiting = (Review.reviewer_id == viewer.person_id, *_waiting(), Application.state == "submitted")
    grouped = counted.where(*waiting).group_by(Intake.id, Intake.opens_at)
    return db.session.execute(grouped.order_by(Intake.opens_at, Intake.id)).all()


def open_in(intake: Intake) -> int:
    """Return how many files of an intake are discussed by readers who have not all settled it."""
    files = sa.select(sa.func.count(sa.distinct(Review.application_id)))
    joined = files.select_from(Review).join(Application, Application.id == Review.application_id)
    waiting = (Review.intake_id == intake.id, *_waiting(), Application.state == "submitted")
    return int(db.session.scalar(joined.where(*waiting)) or 0)
