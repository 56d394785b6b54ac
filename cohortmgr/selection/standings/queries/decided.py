"""The ranking of a batch as it was decided, and what has changed since: while its decisions stand, pages show these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import NAME
from cohortmgr.base import paging
from cohortmgr.base.db import db
from cohortmgr.base.paging import ListPlace, Page
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.selection.models import Batch, Decision
from cohortmgr.selection.queries import covering
from cohortmgr.selection.rules import SETTLED, Outcome
from cohortmgr.selection.standings.models import Standing
from cohortmgr.selection.standings.queries.kept import NOTHING, SIZE, RankedLine, page_around, wishing_for

_SEAT = sa.select(Offering.key).where(Offering.id == Decision.offering_id).scalar_subquery()
_GONE = ("withdrawn", "superseded")


def settled_batch(intake: Intake, offering: Offering | None) -> Batch | None:
    """Return the batch of an offering, or of all, whose decisions stand as they were proposed; None without one."""
    states = [state.value for state in SETTLED]
    return db.session.scalar(sa.select(Batch).where(covering(intake, offering), Batch.state.in_(states)))


def figures_of_batch(batch: Batch) -> dict[str, Any]:
    """Return the numbers of the ranking that a batch froze, by the columns of `Standing`. One statement."""
    counted: Mapping[str, Any] = batch.summary
    ineligible = counted.get("ineligible", 0)
    last = sa.select(sa.func.min(Decision.mean_thousandths)).where(
        Decision.batch_id == batch.id, Decision.outcome == Outcome.OFFER.value
    )
    return {
        **NOTHING,
        "ranked": counted.get("all", 0) - ineligible,
        "chosen": counted.get(Outcome.OFFER.value, 0),
        "waiting": counted.get(Outcome.WAITING.value, 0),
        "refused": counted.get(Outcome.REFUSED.value, 0) - ineligible,
        "ineligible": ineligible,
        "line": db.session.scalar(last),
    }


def lines_of_batch(batch: Batch) -> Iterator[tuple[int, RankedLine]]:
    """Return the id of each file of the ranking that a batch froze with its row, best first. One statement."""
    wanted = _lines(batch).add_columns(Application.id)
    for row in db.session.execute(wanted):
        *line, wishes, seat, number = row
        yield number, RankedLine(*(*line, tuple(wishes), seat))


def page_of_batch(
    batch: Batch,
    standing: Standing,
    place: ListPlace | None,
    around: int,
    *,
    down: bool = False,
    wished: str = "",
    total: int | None = None,
) -> Page:
    """Return a page of the ranking that a batch froze, from its end if `down`; without a place the one around the place
    of a row. With `wished`, the key of an offering, of those who asked for it, `total` in all."""
    rank = Decision.rank
    wanted = _lines(batch).order_by(None).order_by(rank.desc() if down else rank)
    if wished:
        wanted = wanted.where(wishing_for(Decision.wishes, wished))
    if place is not None:
        counted = total if wished else standing.ranked
        return paging.page_of(wanted, place, SIZE, paging.Total(counted) if counted is not None else None)
    return page_around(wanted, rank, standing.ranked, around)


def _lines(batch: Batch) -> sa.Select[Any]:
    place, mean = Decision.rank.label("place"), Decision.mean_thousandths.label("mean")
    # Where all seats are of one offering nobody asks in which.
    seat = sa.literal("") if batch.offering_id is not None else sa.func.coalesce(_SEAT, "")
    told = (Decision.totals, Decision.decided, Decision.knocked_out, Decision.knocked_out_mean)
    # In the order of a line's fields.
    return (
        sa.select(Application.reference, place, Application.number, NAME, Application.region, mean, *told,
                  Decision.outcome, Decision.position, Decision.added, Application.state, Decision.wishes,
                  seat.label("offering"))
        .select_from(Decision)
        .join(Application, Application.id == Decision.application_id)
        .where(Decision.batch_id == batch.id, Decision.rank.is_not(None))
        .order_by(Decision.rank)
    )  # fmt: skip


@dataclass(frozen=True)
class ChangedSince:
    """What is no longer as a batch found it: how many of its files are withdrawn, how many were sent since and have no
    decision, and the seats of today where they are others."""

    gone: int
    new: int
    seats: int | None

    def __bool__(self) -> bool:
        return bool(self.gone or self.new or self.seats is not None)


def changed_since(batch: Batch, intake: Intake, seats: int, sent: int) -> ChangedSince:
    """Return what changed since a batch was proposed. `seats` and `sent` are how many seats and sent files its offering
    has today, or all of them. One statement."""
    gone = sa.select(sa.func.count()).select_from(Application)
    gone = gone.join(Decision, Decision.application_id == Application.id)
    gone = gone.where(Application.intake_id == intake.id, Application.state.in_(_GONE))
    withdrawn = db.session.scalar(gone.where(Decision.batch_id == batch.id)) or 0
    new = max(0, sent - (int(batch.summary.get("all", 0)) - withdrawn))
    then = int(batch.summary.get("offered", batch.seats))
    return ChangedSince(withdrawn, new, seats if seats != then else None)
