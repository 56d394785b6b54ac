"""Severity: the mean gap with colleagues on the same files."""

from __future__ import annotations

from cohortmgr.reviews.rules import severity_of


def test_who_gives_less_than_colleagues_is_below_zero() -> None:
    """Of two files with two readings: 10 and 14, 8 and 10."""
    whole = (10_000 + 14_000) + (8_000 + 10_000)
    assert severity_of([(2, 2, 2 * (10_000 + 8_000) - whole)]) == -3_000
    assert severity_of([(2, 2, 2 * (14_000 + 10_000) - whole)]) == 3_000


def test_three_readers_are_held_against_the_mean_of_the_others() -> None:
    assert severity_of([(3, 1, 3 * 12_000 - 30_000)]) == 3_000
    assert severity_of([(2, 1, 0), (3, 1, 3 * 12_000 - 30_000)]) == 1_500


def test_files_read_once_say_nothing() -> None:
    assert severity_of([]) is None
