"""Further readings: where one more is likeliest to change the choice, and to whom it goes."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.reviews.next_readings import (
    FileStanding,
    doubtful_after,
    next_readings,
    variance_after,
    worth_of_reading,
)

NOISE = 5.76


def test_the_worth_of_a_reading_is_what_draws_say() -> None:
    """The choice of a file against its cut gains E max(mark after, cut) - max(mark now, cut)."""
    chance = np.random.default_rng(0)
    for distance in (0.0, 0.4, -1.1):
        standing = FileStanding("F", 12 + distance, 2.0, 12.0)
        lessened = sqrt(2.0 - 1 / (1 / 2.0 + 1 / NOISE))
        after = distance + lessened * chance.standard_normal(400_000)
        gain = np.maximum(after, 0).mean() - max(distance, 0)
        assert worth_of_reading(standing, NOISE) == pytest.approx(gain, abs=0.002)


@given(st.floats(0, 20), st.floats(0, 20), st.floats(0, 9), st.floats(0.1, 9), st.integers(0, 4))
def test_worth_falls_with_the_distance_and_with_what_is_pending(
    one: float, other: float, variance: float, noise: float, pending: int
) -> None:
    near, far = sorted((one, other))
    at = FileStanding("F", 10 + near, variance, 10.0, pending)
    assert worth_of_reading(replace(at, mark=10 + far), noise) <= worth_of_reading(at, noise) + 1e-12
    assert worth_of_reading(replace(at, mark=10 - near), noise) == pytest.approx(
        worth_of_reading(at, noise), abs=1e-9
    )
    assert variance_after(variance, pending + 1, noise) <= variance_after(variance, pending, noise)


def test_readings_go_first_to_the_files_at_the_cut_and_then_elsewhere() -> None:
    files = [FileStanding(f"F{k}", 10 + k, 2.0, 13.2) for k in range(8)]
    given_out = next_readings(files, {f"R{k}": 0 for k in range(5)}, 6, NOISE, "intake")
    assert given_out[0].file == "F3"
    assert [each.worth for each in given_out] == sorted((each.worth for each in given_out), reverse=True)
    assert {each.file for each in given_out} > {"F3"}, "what is pending counts"
    pairs = [(each.file, each.reviewer) for each in given_out]
    assert len(set(pairs)) == 6


def test_the_freest_who_is_not_barred_reads() -> None:
    file = FileStanding("F", 10.0, 2.0, 10.0, kept_from={"R0"})
    loads = {"R0": 0, "R1": 5, "R2": 3, "R3": 9}
    names = [each.reviewer for each in next_readings([file], loads, 9, NOISE, "intake")]
    assert names == ["R2", "R1", "R3"]
    limited = next_readings([file], loads, 9, NOISE, "intake", {"R2": 3, "R1": 6})
    assert [each.reviewer for each in limited] == ["R1", "R3"]


def test_loads_stay_level() -> None:
    files = [FileStanding(f"F{k:02}", 10.0, 2.0, 10.0) for k in range(40)]
    given_out = next_readings(files, {f"R{k}": 0 for k in range(4)}, 40, NOISE, "intake")
    assert [sum(each.reviewer == f"R{k}" for each in given_out) for k in range(4)] == [10] * 4


def test_what_cannot_change_is_not_read_again() -> None:
    sure = [FileStanding("F1", 10.0, 0.0, 10.0), FileStanding("F2", 90.0, 2.0, 10.0)]
    assert next_readings(sure, {"R": 0}, 5, NOISE, "intake") == []
    assert next_readings([FileStanding("F1", 10.0, 1.0, 10.0)], {}, 5, NOISE, "intake") == []


def test_the_same_input_gives_the_same_readings_in_any_order() -> None:
    files = [FileStanding(f"F{k:02}", 10.0 + k / 9, 2.0, 11.0) for k in range(30)]
    loads = {f"R{k}": 0 for k in range(5)}
    one = next_readings(files, loads, 25, NOISE, "intake")
    other = next_readings(files[::-1], dict(reversed(loads.items())), 25, NOISE, "intake")
    assert one == other != next_readings(files, loads, 25, NOISE, "another")


def test_more_readings_leave_fewer_names_in_doubt() -> None:
    chance = np.random.default_rng(1)
    files = [FileStanding(f"F{k:03}", 10 + 2.6 * chance.normal(), 2.0, 14.4) for k in range(200)]
    loads = {f"R{k}": 0 for k in range(8)}
    counts = (0, 60, 180)
    doubt = [
        doubtful_after(files, next_readings(files, loads, count, NOISE, "intake"), 10, NOISE, 15)
        for count in counts
    ]
    assert doubt[0] > doubt[1] + 0.5 > doubt[2] + 0.7
    assert doubtful_after(files, [], 200, NOISE, 15) == 0
