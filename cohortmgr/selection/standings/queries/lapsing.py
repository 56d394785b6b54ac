"""Reading offers that nobody answered in time: which are in their day of grace, which are held, which have lapsed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.queries import followed
from cohortmgr.selection.models import Batch, Decision, Offer
from cohortmgr.selection.rules import GRACE, OfferState


def anything_expired() -> bool:
    """Whether an offer has lapsed. It only reads, so that the sweep locks nothing in vain."""
    return db.session.scalar(sa.select(Offer.id).where(*lapsed()).limit(1)) is not None


def lapsed() -> tuple[sa.ColumnElement[bool], ...]:
    """Which offers nobody answered in time, nor in the day of grace, and nobody holds."""
    ended = Offer.deadline <= clock.now() - GRACE
    return (Offer.state == OfferState.SENT.value, ended, Offer.held_at.is_(None))


def late_offers(batch: Batch) -> tuple[sa.ColumnElement[bool], ...]:
    """Which offers that a batch led to are in their day of grace: unanswered after their deadline, and held by
    nobody."""
    own = Offer.decision_id.in_(sa.select(Decision.id).where(Decision.batch_id == batch.id))
    return (own, *_in_grace())


def _in_grace() -> tuple[sa.ColumnElement[bool], ...]:
    now = clock.now()
    passed = sa.and_(Offer.deadline <= now, Offer.deadline > now - GRACE)
    return (Offer.state == OfferState.SENT.value, passed, Offer.held_at.is_(None))


@dataclass(frozen=True)
class LateOffers:
    """How many offers of a batch are in their day of grace, when the first of them lapses, and how many are held."""

    late: int
    lapses_at: datetime | None
    held: int


def late_in(batch: Batch) -> LateOffers:
    """Return that of a batch. One statement."""
    late = sa.and_(*_in_grace())
    held = sa.and_(Offer.state == OfferState.SENT.value, Offer.held_at.is_not(None))
    row = db.session.execute(
        sa.select(
            sa.func.count().filter(late),
            sa.func.min(Offer.deadline).filter(late),
            sa.func.count().filter(held),
        )
        .select_from(Offer)
        .join(Decision, Decision.id == Offer.decision_id)
        .where(Decision.batch_id == batch.id)
    ).one()
    return LateOffers(row[0], None if row[1] is None else row[1] + GRACE, row[2])


def lapsing(viewer: Viewer) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Return (intake, batch's reference, number of offers, their first deadline) of the batches with offers in their
    day of grace, for whoever may hold them; what lapses first comes first. One statement, and that of interests."""
    counted = (Intake, Batch.reference, sa.func.count(), sa.func.min(Offer.deadline))
    rows = (
        sa.select(*counted)
        .join(Batch, Batch.intake_id == Intake.id)
        .join(Decision, Decision.batch_id == Batch.id)
        .join(Offer, Offer.decision_id == Decision.id)
        .where(*_in_grace(), followed(viewer, "selection.propose"))
    )
    return db.session.execute(rows.group_by(Intake.id, Batch.id).order_by(sa.func.min(Offer.deadline))).all()
