"""What is said of marks and chances."""

from __future__ import annotations

from itertools import combinations
from math import comb, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.reviews.calibration.rules import (
    ChanceWord,
    PhaseMark,
    chance_of_as_many,
    chance_word,
    doubtful_names,
    filled_by_one,
    intake_mark,
    pieces,
)


def test_the_intake_s_mark_is_that_of_its_phases_by_weight() -> None:
    mark, error = intake_mark([PhaseMark(3, 12_000, 0.8), PhaseMark(1, 16_000, 1.2), PhaseMark(1, 10_000)])
    assert mark == 12_400
    assert error == pytest.approx(sqrt((3 * 0.8) ** 2 + 1.2**2) / 5)


@pytest.mark.parametrize(
    ("chance", "word"),
    [(0.95, "sure"), (0.9499, "open"), (0.0501, "open"), (0.05, "out"), (1.0, "sure"), (0.0, "out")],
)
def test_a_chance_has_one_of_three_names(chance: float, word: str) -> None:
    assert chance_word(chance) == ChanceWord(word)


def test_names_in_doubt_are_the_chances_that_are_missing() -> None:
    assert doubtful_names([1.0, 0.75, 0.5]) == pytest.approx(0.75)


@given(st.data())
def test_chance_fills_a_selection_as_counting_says(data: st.DataObject) -> None:
    files = data.draw(st.integers(1, 40))
    seats, read = data.draw(st.integers(0, files)), data.draw(st.integers(0, files))
    chosen = data.draw(st.integers(0, files))
    counted = sum(
        comb(read, k) * comb(files - read, seats - k) for k in range(chosen, seats + 1) if k <= read
    )
    expected = pytest.approx(counted / comb(files, seats), abs=1e-9)
    assert chance_of_as_many(files, seats, read, chosen) == expected


def test_a_selection_filled_by_one_reader_is_named() -> None:
    """One of eight readers read a quarter of 600 files, and 20 of the 30 chosen are among them; another has 8."""
    files = [f"F{number:03}" for number in range(600)]
    chosen = {*files[:20], *files[300:310]}
    read = {"A": files[:150], "B": [*files[200:308]], **{f"C{k}": files[k::6] for k in range(6)}}
    found = filled_by_one(read, chosen, len(files))
    assert list(found) == ["A"] and found["A"][0] == 20 and found["A"][1] < 1 / 8000
    assert filled_by_one({"A": files}, set(files[:30]), 600) == {}


@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=14))
def test_pieces_share_no_file_and_hang_together(pairs: set[tuple[int, int]]) -> None:
    given_pairs = [(f"F{file}", f"R{reader}") for file, reader in sorted(pairs)]
    groups = pieces(given_pairs)
    assert sorted(name for group in groups for name in group) == sorted({reader for _, reader in given_pairs})
    assert [len(group) for group in groups] == sorted(map(len, groups), reverse=True)
    files = [{file for file, reader in given_pairs if reader in group} for group in groups]
    assert all(not one & other for one, other in combinations(files, 2))
    for group in groups:
        reached, before = {group[0]}, set()
        while reached != before:
            before = set(reached)
            touched = {file for file, reader in given_pairs if reader in reached}
            reached |= {reader for file, reader in given_pairs if file in touched}
        assert reached == set(group)
