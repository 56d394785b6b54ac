"""Marks by hand."""

from __future__ import annotations

from fractions import Fraction

from cohortmgr.reviews.harmonising.rules import MarkFormula, letter_of

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
