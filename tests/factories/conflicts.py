"""Gives the files of the year to its readers, one of whom is barred from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db, writing
from cohortmgr.reviews.assignment.actions import knowing, sharing
from cohortmgr.reviews.assignment.models import ReaderConflict
from cohortmgr.reviews.models import Review

if TYPE_CHECKING:
    from tests.factories.year import Year


def shared_out(year: Year) -> str:
    """Let the reviewers say that they know nobody, share the files out, bar the reviewer from one that is not theirs,
    and return the reference of that."""
    manager, reader = year.viewer("selection_manager"), year.viewer("reviewer")
    for name in ("reviewer", "other_reviewer"):
        with writing():
            knowing.declare(year.viewer(name), year.intake.reference, set())
    with writing():
        sharing.assign(manager, year.intake.reference)
    held = sa.select(Review.application_id).where(Review.reviewer_id == reader.person_id)
    free = sa.select(Application.number).where(Application.intake_id == year.intake.id)
    free = free.where(Application.state == "submitted", Application.id.not_in(held)).order_by(Application.id)
    number = db.session.scalars(free).first() or ""
    with writing():
        knowing.bar(manager, year.intake.reference, reader.person_reference or "", [number])
    return db.session.scalars(sa.select(ReaderConflict.reference)).one()
