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
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.gaps.queries import measured
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.queries import visible
from cohortmgr.reviews.rules import COUNTING, ReviewState

# The files of one page of the list of gaps.
PAGE = 30


def others_of(viewer: Viewer, review: Review) -> Sequence[Review]:
    """Return the other readings of the file of one's own reading, once they are discussed; without their readers.

    Nobody sees them before they have handed in their own, nor while it is open again."""
    if review.reviewer_id != viewer.person_id or review.discussed_at is None:
        return []
    if review.state != ReviewState.SUBMITTED:
        return []
    same = (Review.application_id == review.application_id, Review.id != review.id)
    wanted = sa.select(Review).where(*same, Review.state.in_(COUNTING)).order_by(Review.id)
    return db.session.scalars(wanted).all()


def gaps_in(viewer: Viewer, intake: Intake, points: int, place: ListPlace) -> Page:
    """Return a page of the files of an intake whose readings differ by more than as many points, or of which a reader
    says that they are to be discussed, the widest gap first: rows of (Application, its name, gap, how many say so)."""
    seen = visible(viewer).where(Review.intake_id == intake.id, Review.state.in_(COUNTING))
    found = measured(seen, points).subquery()
    wanted = (
        sa.select(Application, NAME, found.c.gap, found.c.asked)
        .join(found, found.c.application_id == Application.id)
        .where(Application.intake_id == intake.id, Application.state == "submitted")
        .order_by(found.c.gap.desc(), Application.id.desc())
    )
    return page_of(wanted, place, PAGE)


def readings_by_file(viewer: Viewer, files: Sequence[int]) -> Mapping[int, Sequence[Any]]:
    """Return (Review, given and family name of its reader) of the readings of each file that were handed in, the
    lowest first, in one statement."""
    if not files:
        return {}
    names = (Person.given_name, Person.family_name)
    wanted = visible(viewer).join(Person, Person.id == Review.reviewer_id).add_columns(*names)
    counting = wanted.where(Review.application_id.in_(files), Review.state.in_(COUNTING))
    found: dict[int, list[Any]] = defaultdict(list)
    for row in db.session.execute(counting.order_by(Review.total_thousandths, Review.id)):
        found[row[0].application_id].append(row)
    return found
