"""Marks by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.reviews.calibration.scores import PhaseScores
from cohortmgr.reviews.harmonising.rules import (
    FirstMark,
    MarkFormula,
    digest_of_marks,
    first_total,
    letter_of,
    lettered,
)

FORMULA = MarkFormula(mean=10_000, shrinkage=640, severities={"A": 1_200, "B": -400})


def test_a_mark_by_hand() -> None:
    """10 + ((14 - 1.2 - 10) + (12 + 0.4 - 10)) / (1 + 1 + 0.64) = 10 + 5.2 / 2.64 = 11.9697."""
    assert FORMULA.mark([("A", 14_000), ("B", 12_000)]) == 11_970


def test_a_weighted_mark_by_hand() -> None:
    """10 + (0.5 x 2.8 + 1.25 x 2.4) / (0.5 + 1.25 + 0.64) = 10 + 4.4 / 2.39 = 11.8410."""
    weighted = MarkFormula(10_000, 640, FORMULA.severities, {"A": 500, "B": 1_250})
    assert weighted.mark([("A", 14_000), ("B", 12_000)]) == 11_841


def test_halves_go_to_the_even_thousandth() -> None:
    level = MarkFormula(mean=0, shrinkage=1_000, severities={"A": 0})
    assert [level.mark([("A", mark)]) for mark in (1, 3, 5, -1, -3)] == [0, 2, 2, 0, -2]


def test_it_is_the_whole_mark_that_is_rounded() -> None:
    """1 + 1/2 goes to 2, and 1 + 3/2 too: rounding what is added to an odd mean would give 1 and 3."""
    odd = MarkFormula(mean=1, shrinkage=1_000, severities={"A": 0})
    assert [odd.mark([("A", mark)]) for mark in (2, 4)] == [2, 2]


def test_a_mark_is_not_cut_at_the_end_of_the_scale() -> None:
    strict = MarkFormula(mean=12_000, shrinkage=100, severities={"A": -3_000})
    assert strict.mark([("A", 20_000)]) == 12_000 + round(Fraction(11_000 * 1_000, 1_100)) == 22_000


def test_files_that_do_not_differ_have_the_mean() -> None:
    assert MarkFormula(9_500, None, {"A": 0}).mark([("A", 18_000)]) == 9_500
    assert FORMULA.mark([]) == 10_000


def test_a_reader_of_whom_nothing_was_found_is_neither_strict_nor_generous() -> None:
    assert FORMULA.mark([("C", 14_000)]) == 10_000 + round(Fraction(4_000 * 1_000, 1_640))


def test_a_formula_is_kept_as_whole_numbers() -> None:
    assert MarkFormula.of_json(FORMULA.as_json()) == FORMULA


def test_readers_are_called_by_letters_where_names_are_masked() -> None:
    assert [letter_of(place) for place in (0, 1, 25, 26, 27, 51, 52, 701, 702)] == [
        "A", "B", "Z", "AA", "AB", "AZ", "BA", "ZZ", "AAA",
    ]  # fmt: skip


def test_a_letter_stays_with_its_reader_and_goes_to_nobody_else() -> None:
    first = lettered(["r2", "r7"], {})
    assert first == {"r2": "A", "r7": "B"}
    later = lettered(["r1", "r7", "r3"], first)
    assert later == {"r2": "A", "r7": "B", "r1": "C", "r3": "D"}
    assert lettered(["r4"], later)["r4"] == "E"


@pytest.mark.parametrize(
    ("changes", "total", "first"),
    [
        ((), 12_000, 12_000),
        ((("corrected", 9_000),), 12_000, 9_000),
        ((("corrected", 9_000), ("corrected", 10_000)), 12_000, 9_000),
        ((("undone", 9_000),), 12_000, 12_000),
        ((("undone", 9_000), ("reopened", 10_000)), 12_000, 10_000),
        ((("recalled", None), ("corrected", 8_000)), 12_000, 8_000),
        ((("reopened", 9_000), ("regraded", None)), 12_000, 12_000),
        ((("reopened", 9_000), ("regraded", None), ("corrected", 7_000)), 12_000, 7_000),
        ((("abstained", 6_000),), None, 6_000),
        ((), None, None),
    ],
)
def test_the_mark_first_handed_in_is_that_before_anybody_spoke_of_it(
    changes: tuple[tuple[str, int | None], ...], total: int | None, first: int | None
) -> None:
    assert first_total([{"why": why, "total": was} for why, was in changes], total) == first


MARKS = st.lists(
    st.builds(FirstMark, st.text("ab1", max_size=3), st.text("xy,", max_size=2), st.integers(0, 20_000)),
    max_size=6,
)


@given(MARKS, MARKS)
def test_the_digest_is_that_of_the_calibration_and_of_no_other_marks(
    one: list[FirstMark], other: list[FirstMark]
) -> None:
    scores = PhaseScores.of((each.file, each.reader, each.mark) for each in one)
    assert digest_of_marks(one) == scores.digest
    assert (digest_of_marks(one) == digest_of_marks(other)) == (one == other)
