"""Reading kept rankings: whether one still holds, and its rows by pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import NAME, counts
from cohortmgr.base import paging
from cohortmgr.base.db import db
from cohortmgr.base.paging import ListPlace, Page
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.selection.board import SelectionBoard
from cohortmgr.selection.rules import AT_ONCE
from cohortmgr.selection.standings.models import RankingChange, Standing, StandingRow

SIZE = 50
"""The rows of one page."""


def is_done_at_once(intake: Intake) -> bool:
    """Whether an intake has so few sent files that it is ranked and decided within a request. Counters say it."""
    return counts([intake.id])[intake.id]["submitted"] <= AT_ONCE


def rests_on(intake: Intake, offering: Offering) -> str:
    """Return a text that changes with whatever the ranking of an offering rests on.

    Whoever computes a ranking asks before reading: what comes in between makes it one that no longer holds."""
    changes = sa.select(sa.func.coalesce(sa.func.sum(RankingChange.changes), 0))
    first = sa.select(sa.func.min(Offering.id)).where(Offering.intake_id == intake.id)
    row = db.session.execute(
        sa.select(
            changes.where(RankingChange.intake_id == intake.id).scalar_subquery(), first.scalar_subquery()
        )
    ).one()
    parts = (int(row[0]), intake.definition_version_id, offering.seats, row[1] == offering.id)
    return "-".join(str(int(part)) for part in parts)


def newest(offering: Offering) -> Standing | None:
    """Return the last ranking of an offering that was kept, or None."""
    made = (Standing.offering_id == offering.id, Standing.made_at.is_not(None))
    return db.session.scalar(sa.select(Standing).where(*made).order_by(Standing.id.desc()).limit(1))


def being_made(offering: Offering) -> Standing | None:
    """Return the ranking of an offering that is being computed, or whose computation failed; None without one."""
    # The condition of the partial index, as a text.
    wanted = sa.select(Standing).where(Standing.offering_id == offering.id, sa.text("made_at IS NULL"))
    return db.session.scalar(wanted)


def to_make(reference: str) -> Standing | None:
    """Return the ranking that the worker is to compute; None if it is kept already, or given up."""
    wanted = (Standing.reference == reference, Standing.made_at.is_(None))
    return db.session.scalar(sa.select(Standing).where(*wanted))


@dataclass(frozen=True)
class RankedLine:
    """One row of a ranking, as the page shows it."""

    reference: str
    place: int
    number: str
    name: str
    region: str | None
    mean: int
    totals: tuple[int, ...]
    decided: str


NUMBERS = ("ranked", "chosen", "waiting", "refused", "ineligible", "undecided", "unread", "least", "most")
NOTHING: Mapping[str, int | None] = {**dict.fromkeys(NUMBERS, 0), "line": None}
"""The numbers of a ranking that was never computed."""


def figures_of(board: SelectionBoard) -> dict[str, Any]:
    """Return the numbers of a ranking, by the columns of `Standing`."""
    totals = [total for row in board.ranking.rows for total in row.totals]
    return {
        "ranked": len(board.ranking.rows),
        "chosen": len(board.cut.chosen),
        "waiting": len(board.cut.waiting),
        "refused": len(board.cut.refused),
        "ineligible": len(board.ineligible),
        "undecided": len(board.undecided),
        "unread": len(board.unread),
        "line": board.cut.line,
        "least": min(totals, default=0),
        "most": max(totals, default=1),
    }


def lines_of(board: SelectionBoard) -> list[RankedLine]:
    """Return the rows of a ranking that was computed this moment."""
    found = []
    for row in board.ranking.rows:
        file = board.files[row.reference]
        found.append(
            RankedLine(
                file.reference,
                row.rank,
                file.number,
                file.name,
                file.region,
                row.mean,
                row.totals,
                row.decided,
            )
        )
    return found


def page_of_lines(lines: list[RankedLine], place: ListPlace | None, around: int) -> Page:
    """Return a page of rows that are in memory; without a place the one around the place of a row."""
    if place is not None:
        return paging.cut(lines, place, SIZE, lambda line: line.reference)
    start = _start(around, len(lines))
    shown = lines[start : start + SIZE]
    return Page(
        shown,
        0,
        SIZE,
        len(lines),
        before=shown[0].reference if start and shown else None,
        after=shown[-1].reference if start + SIZE < len(lines) else None,
    )


def page_of_rows(standing: Standing, place: ListPlace | None, around: int) -> Page:
    """Return a page of a kept ranking; without a place the one around the place of a row."""
    inside = sa.select(StandingRow).where(StandingRow.standing_id == standing.id).subquery()
    kept = sa.orm.aliased(StandingRow, inside)
    rows = (
        sa.select(kept.reference, kept.place, Application.number, NAME, Application.region,
                  kept.mean, kept.totals, kept.decided)
        .join(Application, Application.id == kept.application_id)
        .order_by(kept.place)
    )  # fmt: skip
    if place is not None:
        return paging.page_of(rows, place, SIZE, paging.Total(standing.ranked))
    start = _start(around, standing.ranked)
    before = db.session.scalar(sa.select(kept.reference).where(kept.place == start))
    page = paging.page_of(rows, ListPlace(after=before or ""), SIZE, paging.Total(standing.ranked))
    return replace(page, number=0)


def _start(around: int, of: int) -> int:
    """How many rows stand before the page that has a row in its middle."""
    return max(0, min(around - SIZE // 2, of - SIZE))
