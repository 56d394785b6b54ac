"""Seats that are free although people wait: nobody on the list may have them under the bounds of the choice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cohortmgr.base.db import acting_in, db
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.selection.models import Batch
from cohortmgr.selection.queries import OwnDecision, offers_are_over, waiting_in
from cohortmgr.selection.rules import BatchState
from cohortmgr.selection.standings.queries.called import held_groups, next_decisions


@dataclass(frozen=True)
class UncalledSeats:
    """How many seats stay empty, and the hard bounds for which they do, as the batch keeps them: floors that lack
    somebody and ceilings that are reached."""

    number: int
    bounds: Sequence[Mapping[str, Any]]


def bounds_of(batch: Batch) -> Sequence[Mapping[str, Any]]:
    """Return the bounds under which a batch was chosen and its waiting list is called; none without sealed rules."""
    rules = batch.summary.get("rules")
    return rules["bounds"] if rules else ()


def is_called_within_bounds(mine: OwnDecision) -> bool:
    """Whether the list on which somebody waits is called within bounds, so that who stands behind may come before."""
    decision = mine.decision
    if mine.place is None:
        return False
    with acting_in(decision.institution_id):
        return bool(bounds_of(db.session.get_one(Batch, decision.batch_id)))


def uncalled_seats(batch: Batch, intake: Intake, offering: Offering | None) -> UncalledSeats | None:
    """Return the seats of an approved batch of an offering that nobody who waits may have; None while there are none,
    and of a batch of all offerings, whose people wait for different ones. Four statements at most, and none without
    bounds or without a free seat."""
    if offering is None:
        return None
    bounds = bounds_of(batch)
    free = min(offering.seats, batch.seats) - offering.taken
    if batch.state != BatchState.APPROVED or not bounds or free <= 0 or offers_are_over(intake):
        return None
    empty = free - len(next_decisions(batch, offering, free))
    if empty <= 0 or not waiting_in(batch):
        return None
    counts = Counter(place for groups in held_groups(offering) for place in groups)
    met = [bound for place, bound in enumerate(bounds) if bound["hard"] and _stops(bound, counts[place])]
    return UncalledSeats(empty, met)


def _stops(bound: Mapping[str, Any], count: int) -> bool:
    floor, ceiling = bound["at_least"], bound["at_most"]
    return (floor is not None and count < floor) or (ceiling is not None and count >= ceiling)
