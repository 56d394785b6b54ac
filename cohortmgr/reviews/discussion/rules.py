"""The rules of a discussion: when two readings of a file lie too far apart."""

from __future__ import annotations

from collections.abc import Collection

from cohortmgr.programmes.definition.rules import FULL_MARK_THOUSANDTHS

# Totals are thousandths of a point, of which a rubric has twenty.
THOUSANDTHS = FULL_MARK_THOUSANDTHS // 20


def gap_of(totals: Collection[int]) -> int:
    """The difference between the greatest and the least total, in thousandths; 0 of fewer than two."""
    return max(totals) - min(totals) if len(totals) > 1 else 0


def is_too_wide(totals: Collection[int], points: int) -> bool:
    """Whether readings lie further apart than as many points of twenty as the phase allows."""
    return gap_of(totals) > points * THOUSANDTHS
