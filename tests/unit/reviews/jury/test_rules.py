"""The rules of the jury's page: who explains a crossing, whose files fill a selection."""

from __future__ import annotations

import pytest

from cohortmgr.reviews.harmonising.rules import MarkBasis, MarkFormula
from cohortmgr.reviews.jury.rules import (
    FilledSelection,
    FormulaReading,
    RibbonFile,
    compared_basis,
    filled_by_reader,
    ordered_readings,
    reason_to_cross,
)


def _file(*, was: bool, now: bool, moved: int | None = None) -> RibbonFile:
    by = moved if moved is not None else (-2_000 if was else 2_000)
    return RibbonFile("MDIA-000001", 12_000, 12_000 + by, 800, was, now, 4_000)


def _read(*severities: int) -> list[FormulaReading]:
    return [FormulaReading(f"R{place}", 10_000, each, 1000) for place, each in enumerate(severities)]


def test_a_crossing_is_explained_by_who_gives_most_or_least() -> None:
    leaving, entering = _file(was=True, now=False), _file(was=False, now=True)
    assert leaving.crosses and entering.crosses and not _file(was=True, now=True).crosses
    readings = _read(-2_000, 7_300)
    assert reason_to_cross(leaving, readings) == readings[1]
    assert reason_to_cross(entering, readings) == readings[0]


@pytest.mark.parametrize(("was", "moved"), [(True, 300), (False, -300), (True, 0), (False, 0)])
def test_nobody_explains_a_mark_that_moved_the_other_way(was: bool, moved: int) -> None:
    """The line fell further than the file, or rose further: whoever read it is not why."""
    assert reason_to_cross(_file(was=was, now=not was, moved=moved), _read(-2_000, 7_300)) is None


@pytest.mark.parametrize(("was", "severities"), [(True, (-2_000, 100)), (False, (-100, 3_000)), (True, ())])
def test_where_readers_hardly_differ_nobody_explains_it(was: bool, severities: tuple[int, ...]) -> None:
    assert reason_to_cross(_file(was=was, now=not was), _read(*severities)) is None


def test_a_reader_whom_the_formula_does_not_know_has_neither_severity_nor_weight() -> None:
    formula = MarkFormula(10_000, 500, {"R0": 700}, {"R0": 900})
    assert ordered_readings(formula, [("R0", 9_000), ("new", 8_000)]) == [
        FormulaReading("R0", 9_000, 700, 900),
        FormulaReading("new", 8_000, 0, 1000),
    ]


@pytest.mark.parametrize(
    ("chosen", "asked", "shown"),
    [
        (MarkBasis.RAW, "", MarkBasis.HARMONISED),
        (MarkBasis.WEIGHTED, "", MarkBasis.WEIGHTED),
        (MarkBasis.WEIGHTED, "harmonised", MarkBasis.HARMONISED),
        (MarkBasis.RAW, "weighted", MarkBasis.WEIGHTED),
        (MarkBasis.HARMONISED, "x", MarkBasis.HARMONISED),
    ],
)
def test_the_page_compares_what_is_asked_or_chosen(chosen: MarkBasis, asked: str, shown: MarkBasis) -> None:
    assert compared_basis(chosen, asked) is shown


def test_who_fills_a_selection_beyond_chance_is_found_and_chance_is_left_alone() -> None:
    even = [(15, 4)] * 7
    assert filled_by_reader([(15, 12), *even], 60, 15) == FilledSelection(12, 15, 15, 60)
    # Once in a thousand for all eight together: nine of fifteen still happen.
    assert filled_by_reader([(15, 9), *even], 60, 15) is None
    assert filled_by_reader([(15, 9)], 60, 15) == FilledSelection(9, 15, 15, 60)
    assert filled_by_reader([(60, 15)], 60, 15) is None
    assert filled_by_reader([], 60, 15) is filled_by_reader([(15, 15)], 15, 15) is None
    assert filled_by_reader([(15, 0)], 60, 0) is None
