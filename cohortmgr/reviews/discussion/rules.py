"""The rules of a discussion: which readings of a file lie too far apart, and for whom it is open."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from cohortmgr.programmes.definition.rules import FULL_MARK_THOUSANDTHS
from cohortmgr.reviews.rules import ReviewState

# Totals are thousandths of a point, of which a rubric has twenty.
THOUSANDTHS = FULL_MARK_THOUSANDTHS // 20


def is_in_gap(total: int, totals: Collection[int], points: int) -> bool:
    """Whether a reading with this total lies further from another of its file than the phase allows. Of three, one that
    is near both others is no part of what these discuss."""
    return any(abs(total - other) > points * THOUSANDTHS for other in totals)


def is_open(
    state: str, discussed_at: datetime | None, settled_at: datetime | None, *, is_over: bool = False
) -> bool:
    """Whether a discussion waits for the reader of a reading: to say that their marks stand, or to correct them. None
    waits once marks change no more (`is_over`)."""
    return state == ReviewState.SUBMITTED and discussed_at is not None and settled_at is None and not is_over
