"""Severity: the mean gap with colleagues on the same files."""

from __future__ import annotations

from cohortmgr.reviews.rules import severities


def test_who_gives_less_than_colleagues_is_below_zero() -> None:
    read = [("f1", "a", 10_000), ("f1", "b", 14_000), ("f2", "a", 8_000), ("f2", "b", 10_000)]
    assert severities(read) == {"a": -3_000, "b": 3_000}


def test_three_readers_are_held_against_the_mean_of_the_others() -> None:
    assert severities([("f", "a", 12_000), ("f", "b", 9_000), ("f", "c", 9_000)])["a"] == 3_000


def test_files_read_once_say_nothing() -> None:
    assert severities([("f1", "a", 10_000)]) == {}
