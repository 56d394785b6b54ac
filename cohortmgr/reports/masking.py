"""How a report is masked for those who may see figures only, and from how few people on a figure is hidden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cohortmgr.reports.figures import STAGES, FigureGroup, Figures
from cohortmgr.reports.rules import Contents, Month

SMALL = 5


def mask(whole: Figures, k: int = SMALL) -> Figures:
    """Return the figures for an observer: no count from 1 to k − 1, nor any that subtraction would give back.

    Where a column has only one hidden cell, or its hidden cells add up to less than `k`, the next smallest is
    hidden too (complementary suppression). A mean is hidden if fewer than `k` files were read or if that
    count is hidden.
    """
    funnel = dict(_hidden_small(whole.funnel.counts, k))
    return Figures(
        funnel=_remean(replace(whole.funnel, counts=funnel), k),
        shares={stage: share if funnel[stage] is not None else None for stage, share in whole.shares.items()},
        regions=_mask_groups(whole.regions, k),
        sexes=_mask_groups(whole.sexes, k),
        licences=_mask_groups(whole.licences, k),
        companies=mask_column(whole.companies, k),
    )


def mask_column(counts: Mapping[str, int | None], k: int) -> dict[str, int | None]:
    """Hide small counts of a column whose total is known, and as many others as are needed to protect them."""
    known = {key: count for key, count in counts.items() if count is not None}
    hidden = [key for key in known if 0 < known[key] < k]
    spare = sorted((key for key in known if known[key] >= k), key=lambda key: (known[key], key))
    while hidden and spare and (len(hidden) < 2 or sum(known[key] for key in hidden) < k):
        hidden.append(spare.pop(0))
    return {key: None if key in hidden else count for key, count in counts.items()}


def mask_counts(counts: Mapping[str, int], k: int = SMALL) -> dict[str, int | None]:
    """Return the counts of an intake's files for an observer, as a home page shows them.

    Sent files are eligible, not eligible or not judged yet: none of the three is small, nor can be worked out from
    the others and their sum. The other counts are no part of a sum that is shown."""
    shown = _hidden_small(counts, k)
    return shown | mask_column({key: counts[key] for key in ("eligible", "ineligible", "undecided")}, k)


def _hidden_small(counts: Mapping[str, int | None], k: int) -> dict[str, int | None]:
    return {key: None if count is not None and 0 < count < k else count for key, count in counts.items()}


def _remean(group: FigureGroup, k: int) -> FigureGroup:
    read = group.counts["read"]
    return replace(group, mean=group.mean if read is not None and read >= k else None)


def _mask_groups(groups: Sequence[FigureGroup], k: int) -> tuple[FigureGroup, ...]:
    columns = {
        stage: mask_column({group.key: group.counts[stage] for group in groups}, k) for stage in STAGES
    }
    return tuple(
        _remean(replace(group, counts={stage: columns[stage][group.key] for stage in STAGES}), k)
        for group in groups
    )


def masked(whole: Contents, k: int = SMALL) -> Contents:
    """Return the report for observers: no small count, and none from which a small one could be worked out."""
    return replace(
        whole,
        figures=mask(whole.figures, k),
        marks=mask_column(whole.marks, k),
        offers=mask_column(whole.offers, k),
        stipends=tuple(_masked_month(month, k) for month in whole.stipends),
        line=None,
    )


def _masked_month(month: Month, k: int) -> Month:
    small = month.people is not None and 0 < month.people < k
    return Month(month.month, None, None) if small else month


def is_masked(contents: Contents) -> bool:
    """Whether any figure is hidden; the page then explains the sign."""
    funnel = contents.figures.funnel.counts.values()
    groups = [*contents.figures.regions, *contents.figures.sexes, *contents.figures.licences]
    columns = [contents.marks, contents.offers, contents.figures.companies, *(g.counts for g in groups)]
    hidden = any(count is None for column in columns for count in column.values())
    return hidden or None in funnel or any(month.people is None for month in contents.stipends)
