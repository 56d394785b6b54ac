"""Counts of a cohort against plain counting, and masking that subtraction cannot undo."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.reports.figures import STAGES, FileRecord, Marks, figures, per_thousand
from cohortmgr.reports.masking import mask, mask_column, mask_counts


def _record(depth: int, mean: int | None = None, **kinds: object) -> FileRecord:
    """A file; its mark counts once it was read."""
    stages = frozenset(STAGES[:depth])
    marks = Marks(mean // 1000, 1, mean) if mean is not None and "read" in stages else None
    return FileRecord(stages=stages, marks=marks, **kinds)  # type: ignore[arg-type]


RECORDS = st.lists(
    st.builds(
        _record,
        st.integers(1, 8),
        region=st.sampled_from([None, "MA-04", "MA-06"]),
        sex=st.sampled_from(["f", "m"]),
        licence=st.sampled_from(["maths", "physics", "cs"]),
        company=st.sampled_from(["Inwi", "Managem"]),
        mean=st.one_of(st.none(), st.integers(0, 20_000)),
    ),
    max_size=40,
)


def test_the_real_intake() -> None:
    records = (
        [_record(1, sex="f") for _ in range(58)]
        + [_record(3, sex="f", mean=11_000) for _ in range(512)]
        + [_record(8, sex="m", mean=16_000, company="Inwi") for _ in range(30)]
    )
    made = figures(records)
    assert list(made.funnel.counts.values()) == [600, 542, 542, 30, 30, 30, 30, 30]
    assert made.shares["chosen"] == 50
    assert made.companies == {"Inwi": 30}
    assert made.funnel.mean == round((512 * 11_000 + 30 * 16_000) / 542)


@given(RECORDS)
def test_every_breakdown_adds_up_to_the_funnel(records: list[FileRecord]) -> None:
    made = figures(records)
    for groups in (made.regions, made.sexes, made.licences):
        for stage in STAGES:
            assert sum(group.counts[stage] or 0 for group in groups) == made.funnel.counts[stage]
    assert sum(count or 0 for count in made.companies.values()) == made.funnel.counts["placed"]


@given(RECORDS)
def test_files_of_one_kind_may_come_as_one_record_and_their_marks_as_another(
    records: list[FileRecord],
) -> None:
    files = Counter(replace(each, marks=None) for each in records)
    summed = [replace(each, files=count) for each, count in files.items()]
    marks = [replace(each, files=0, stages=frozenset(), company=None) for each in records if each.marks]
    assert figures([*summed, *marks]) == figures(records)


@given(RECORDS)
def test_no_small_count_is_left_for_an_observer(records: list[FileRecord]) -> None:
    whole, shown = figures(records), mask(figures(records))
    for group in (shown.funnel, *shown.regions, *shown.sexes, *shown.licences):
        assert all(count is None or count == 0 or count >= 5 for count in group.counts.values())
        assert group.mean is None or (group.counts["read"] or 0) >= 5
    assert [group.key for group in shown.regions] == [group.key for group in whole.regions]


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 30), max_size=8))
def test_the_hidden_cannot_be_worked_out_from_the_total(counts: dict[str, int]) -> None:
    shown = mask_column(counts, 5)
    hidden = [key for key, count in shown.items() if count is None]
    assert all(shown[key] == count for key, count in counts.items() if key not in hidden)
    if hidden and sum(counts.values()) >= 5:
        together = sum(counts[key] for key in hidden)
        assert together >= 5
        # With a single cell hidden, the total would tell it.
        assert len(hidden) >= 2


@pytest.mark.parametrize(("part", "whole", "share"), [(30, 600, 50), (1, 3, 333), (0, 0, 0), (1, 2000, 0)])
def test_shares_are_tenths_of_a_percent(part: int, whole: int, share: int) -> None:
    assert per_thousand(part, whole) == share


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30), st.integers(0, 12))
def test_counts_of_an_intake_hide_small_ones_and_what_gives_them_back(
    eligible: int, ineligible: int, open_ones: int, drafts: int
) -> None:
    sent = eligible + ineligible + open_ones
    counts = {
        "submitted": sent,
        "eligible": eligible,
        "ineligible": ineligible,
        "undecided": open_ones,
        "draft": drafts,
    }
    shown = mask_counts(counts)
    assert all(each is None or each == 0 or each >= 5 for each in shown.values())
    assert all(shown[key] in (None, counts[key]) for key in counts)
    parts = [shown[key] for key in ("eligible", "ineligible", "undecided")]
    if shown["submitted"] is not None:
        assert parts.count(None) != 1, "the third would be what is left"
