"""A report kept and read again is the same, its marks are counted once, and observers learn no small count."""

import json

from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.programmes.definition.rules import FULL_MARK_POINTS
from cohortmgr.reports.figures import FileRecord, Marks, figures
from cohortmgr.reports.masking import is_masked, masked
from cohortmgr.reports.rules import (
    OFFER_NAMES,
    REPORT_STATES,
    TAGS,
    Contents,
    Month,
    ReportState,
    from_json,
    marks_by_point,
    to_json,
)

EMPTY: dict[str, dict[str, str]] = {}


def contents(marks: dict[str, int | None], offers: tuple[int, ...], people: int, files: int) -> Contents:
    record = FileRecord(
        stages=frozenset({"received", "eligible"}), region="MA-04", sex="f", licence="physique"
    )
    return Contents(
        figures=figures([record] * files),
        marks=marks,
        offers=dict(zip(OFFER_NAMES, offers, strict=True)),
        stipends=(Month("2026-01", people, people * 400_000),),
        region_names={"MA-04": {"fr": "Rabat", "ar": "الرباط", "en": "Rabat"}},
        sex_names=EMPTY,
        licence_names=EMPTY,
        company_names=EMPTY,
        line=15_920,
    )


def points(*means: int) -> dict[str, int | None]:
    return marks_by_point(Marks(mean // 1000, 1, mean) for mean in means)


def test_each_mark_is_counted_in_one_point() -> None:
    counts = points(0, 999, 1000, 19_999, 20_000)
    assert (counts["0"], counts["1"], counts["19"], len(counts)) == (2, 1, 2, FULL_MARK_POINTS)
    assert marks_by_point([Marks(12, 5, 61_000)])["12"] == 5


@given(st.lists(st.integers(0, 20_000), max_size=60))
def test_the_points_add_up(means: list[int]) -> None:
    assert sum(count or 0 for count in points(*means).values()) == len(means)


@given(st.tuples(*[st.integers(0, 12)] * 5), st.integers(0, 9), st.integers(0, 9))
def test_kept_as_json_and_read_again(offers: tuple[int, ...], people: int, files: int) -> None:
    made = contents(points(*[12_500] * files), offers, people, files)
    assert from_json(json.loads(json.dumps(to_json(made), sort_keys=True))) == made
    shown = masked(made)
    assert shown.line is None, "the mark of one person"
    for column in (shown.marks, shown.offers, shown.figures.funnel.counts):
        assert not [count for count in column.values() if count is not None and 0 < count < 5]
    assert (shown.stipends[0].cents is None) == (0 < people < 5)
    small = any(0 < count < 5 for count in (*offers, people, files))
    assert is_masked(shown) == small
    assert not is_masked(made)


def test_a_report_that_was_kept_before_there_was_a_line_is_read() -> None:
    kept = to_json(contents(points(), (0, 0, 0, 0, 0), 0, 0))
    del kept["line"]
    assert from_json(kept).line is None


def test_every_state_has_a_name_and_a_tag() -> None:
    assert set(REPORT_STATES.names) == set(TAGS) == set(ReportState)
