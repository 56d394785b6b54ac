"""Positions of charts: round ticks, a scale that the data do not move, columns that fill it, intervals that hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.base.printed import charts


def ticks(axis: charts.Axis) -> list[float]:
    return [tick.value for tick in axis.ticks]


def test_a_scale_of_marks_is_that_of_marks_whatever_the_marks_are() -> None:
    scale = charts.axis(0, 20, 4)
    assert ticks(scale) == [0, 5, 10, 15, 20]
    assert [tick.at for tick in scale.ticks] == [0, 25, 50, 75, 100]
    assert (scale.at(12), scale.at(-3), scale.at(25)) == (60, 0, 100)


def test_an_axis_is_mirrored_as_arabic_is_read() -> None:
    scale = charts.axis(0, 20, 4, mirrored=True)
    assert [tick.at for tick in scale.ticks] == [100, 75, 50, 25, 0]
    assert scale.at(5) == 75


@pytest.mark.parametrize(
    ("most", "expected"),
    [(0, [0, 1]), (1, [0, 1]), (3, [0, 1, 2, 3]), (30, [0, 10, 20, 30]), (126, [0, 50, 100, 150])],
)
def test_counts_end_at_a_round_number(most: int, expected: list[float]) -> None:
    assert ticks(charts.reaching(most)) == expected


@given(st.integers(0, 2_000_000))
def test_an_axis_of_counts_holds_them_and_has_few_ticks(most: int) -> None:
    scale = charts.reaching(most)
    assert scale.most >= most and scale.ticks[0].value == 0 and scale.ticks[-1].value == scale.most
    assert 2 <= len(scale.ticks) <= 6
    assert all(value == int(value) for value in ticks(scale)), "half a file is counted nowhere"


@given(st.floats(0.001, 100))
def test_an_axis_of_rates_holds_them(most: float) -> None:
    scale = charts.reaching(most, whole=False)
    assert scale.most >= most * 0.999 and 2 <= len(scale.ticks) <= 6


def test_equal_marks_are_one_column_of_a_twentieth_not_a_slab() -> None:
    """Twenty files of 12 were drawn as a chart from 12 to 12."""
    counts = [0] * 12 + [20] + [0] * 7
    drawn = charts.columns(counts, charts.axis(0, 20), charts.reaching(20))
    assert [column.height for column in drawn] == [0] * 12 + [100] + [0] * 7
    assert (drawn[12].x, drawn[12].width) == (60.3, 4.4)


def test_what_lies_below_the_line_is_told() -> None:
    drawn = charts.columns([1] * 20, charts.axis(0, 20), charts.reaching(1), cut=14.5)
    assert [column.is_below for column in drawn] == [True] * 14 + [False] * 6


@given(st.lists(st.integers(0, 500), min_size=1, max_size=20), st.booleans())
def test_columns_stay_within_the_drawing(counts: list[int], mirrored: bool) -> None:
    across = charts.axis(0, 20, mirrored=mirrored)
    for column, count in zip(
        charts.columns(counts, across, charts.reaching(max(counts))), counts, strict=True
    ):
        assert column.x >= 0 and column.x + column.width <= 100.01
        assert column.y + column.height == pytest.approx(100)
        assert (column.height > 0) == (count > 0)


def test_steps_have_the_rate_of_the_beginning_and_of_the_step_before() -> None:
    made = charts.steps([600, 542, 0, None, 30])
    assert [each.share for each in made] == [1, 542 / 600, 0, None, 0.05]
    assert [each.kept for each in made] == [None, 542 / 600, 0, None, None]


def test_the_interval_of_a_share_is_that_of_the_books() -> None:
    women = charts.share(10, 30)
    assert women is not None
    assert (round(women.low, 3), round(women.high, 3)) == (0.192, 0.512)
    nobody, all_of_them = charts.share(0, 5), charts.share(5, 5)
    assert nobody is not None and all_of_them is not None
    assert (nobody.low, round(nobody.high, 3)) == (0, 0.434)
    assert (round(all_of_them.low, 3), all_of_them.high) == (0.566, 1)
    assert charts.share(None, 5) is charts.share(2, None) is charts.share(0, 0) is None


@given(st.integers(0, 1000), st.integers(1, 1000), st.booleans())
def test_a_dot_lies_in_its_interval(part: int, whole: int, mirrored: bool) -> None:
    given = charts.share(min(part, whole), whole)
    assert given is not None
    scale = charts.shared_by([given, None], mirrored=mirrored)
    drawn = charts.dot(100 * given.low, 100 * given.mid, 100 * given.high, scale)
    assert drawn.start - 0.02 <= drawn.mid <= drawn.start + drawn.length + 0.02
    assert drawn.start >= 0 and drawn.start + drawn.length <= 100.01


def test_charts_beside_each_other_have_one_scale() -> None:
    women, men = charts.share(238, 600), charts.share(362, 600)
    assert charts.shared_by([women, men]).most == charts.shared_by([men]).most == 80


def test_a_share_of_a_column_is_told_only_if_the_whole_column_is() -> None:
    assert charts.part_of(1, [1, 3]) == charts.share(1, 4)
    assert charts.part_of(6, [6, None]) is None
