"""Reading waiting lists: which offerings have a free seat for somebody who waits, and who is called next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.selection.calling import next_called, next_called_to
from cohortmgr.selection.models import Batch, Decision, Offer
from cohortmgr.selection.queries import offers_are_over
from cohortmgr.selection.rules import SEAT_HOLDING, BatchState, WaitingState

_HOLDING = [each.value for each in SEAT_HOLDING]
_WAITS = Decision.waiting_state == WaitingState.WAITING.value


def seats_in(batch: Batch, offering: Offering) -> int:
    """Return how many seats of an offering a batch gave under sealed rules: none of one that was added after the
    seal."""
    if batch.offering_id is not None:
        return batch.seats
    return _told(batch.summary, offering.key)


def _told(summary: Mapping[str, Any], key: str) -> int:
    offerings = summary["rules"]["offerings"]
    return next((int(each["seats"]) for each in offerings if each["key"] == key), 0)


def callable_offerings() -> list[int]:
    """Return the offerings with a free seat, somebody who waits for it, and days left to offer it, in two statements.

    A list is looked into for the first who waits, through its index: asked of all decisions at once, the database would
    read them all at each sweep. A list for all offerings of an intake is read: its people wish for some of them."""
    waits = (
        sa.select(Decision.id)
        .join(Application, Application.id == Decision.application_id)
        .where(Decision.batch_id == Batch.id, _WAITS)
        .where(Application.state == "submitted")
        .limit(1)
    )
    own = sa.or_(Batch.offering_id == Offering.id, Batch.offering_id.is_(None))
    rows = db.session.execute(
        sa.select(
            Offering.id, Offering.key, Offering.taken, Intake, Batch.offering_id, Batch.id, Batch.summary
        )
        .join(Intake, Intake.id == Offering.intake_id)
        .join(Batch, sa.and_(Batch.intake_id == Offering.intake_id, own))
        .where(Batch.state == BatchState.APPROVED.value)
        .where(Offering.taken < Offering.seats, waits.scalar_subquery().is_not(None))
        .order_by(Offering.id)
    ).all()
    able = [row for row in rows if not offers_are_over(row.Intake)]
    joint = [row for row in able if row.offering_id is None and row.taken < _told(row.summary, row.key)]
    wished = _wished({row[5] for row in joint})
    called = {row[0] for row in joint if (row[5], row.key) in wished}
    return [row[0] for row in able if row.offering_id is not None or row[0] in called]


def _wished(batches: set[int]) -> set[tuple[int, str]]:
    """What people on the lists of these batches wish for. One statement, none without any."""
    if not batches:
        return set()
    wanted = sa.select(Decision.batch_id, Decision.wishes)
    wanted = wanted.join(Application, Application.id == Decision.application_id)
    wanted = wanted.where(Decision.batch_id.in_(sorted(batches)), _WAITS, Application.state == "submitted")
    return {(batch, wish) for batch, wishes in db.session.execute(wanted) for wish in wishes}


def next_decisions(batch: Batch, offering: Offering, free: int) -> list[int]:
    """Return the ids of the decisions of those who are called next from the list of a batch under sealed rules, for so
    many free seats of an offering: within its bounds, and from a list for all offerings only who wished for it."""
    listed = sa.select(Decision.id, Decision.groups, Decision.wishes)
    listed = listed.join(Application, Application.id == Decision.application_id)
    listed = listed.where(Decision.batch_id == batch.id, _WAITS, Application.state == "submitted")
    rows = db.session.execute(listed.order_by(Decision.position)).all()
    held, bounds = held_groups(offering), batch.summary["rules"]["bounds"]
    if batch.offering_id is not None:
        places = next_called([row.groups for row in rows], held, bounds, free)
    else:
        waiting = [(row.wishes, row.groups) for row in rows]
        places = next_called_to(offering.key, waiting, held, bounds, free)
    return [rows[place].id for place in places]


def held_groups(offering: Offering) -> Sequence[Sequence[int]]:
    """Return the groups of each person who holds a seat of an offering: places of bounds, as its batch keeps them."""
    holding = sa.select(Decision.groups).join(Offer, Offer.decision_id == Decision.id)
    return db.session.scalars(
        holding.where(Offer.offering_id == offering.id, Offer.state.in_(_HOLDING))
    ).all()
