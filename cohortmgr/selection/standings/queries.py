"""Reading kept rankings: whether one still holds, its rows by pages, and what lists show of it and of offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application, IntakeCount
from cohortmgr.applications.file.queries import NAME, counts
from cohortmgr.applications.lists.columns import LentColumn
from cohortmgr.applications.lists.queries.lent import LentOrder
from cohortmgr.base import paging
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem
from cohortmgr.base.paging import ListPlace, Page
from cohortmgr.jobs.queries import kept_of
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews.assignment.queries.giving import closed_with_files
from cohortmgr.reviews.jury.queries.kept import filled_by_one
from cohortmgr.reviews.jury.rules import FilledSelection
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.progress import queries as progress
from cohortmgr.reviews.rules import COUNTING, OPEN
from cohortmgr.selection.board import SelectionBoard, mean_on
from cohortmgr.selection.models import Batch, Offer
from cohortmgr.selection.rules import AT_ONCE, LIVE, OFFER_TAGS, OFFER_WORDS
from cohortmgr.selection.standings.models import RankingChange, Standing, StandingRow

SIZE = 50
"""The rows of one page."""
KIND = "selection.rank"
"""The worker's job that ranks a large intake, and the kind of what it keeps beside the rows."""


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


def undecided(viewer: Viewer) -> Sequence[Intake]:
    """Return the intakes that have closed, of which every reading that the rubric asks for is handed in, and with an
    offering for whose files the viewer may propose decisions and nobody has; the one that promised its answers first
    comes first."""
    first = sa.orm.aliased(Offering)
    least = sa.select(sa.func.min(first.id)).where(first.intake_id == Intake.id).scalar_subquery()
    own = (IntakeCount.offering_id == Offering.id) | ((IntakeCount.offering_id == 0) & (Offering.id == least))
    of_kind = (IntakeCount.state == "submitted", IntakeCount.eligible == "yes", IntakeCount.files > 0)
    sent = sa.exists().where(IntakeCount.intake_id == Intake.id, *of_kind, own)
    live = [state.value for state in LIVE]
    proposed = sa.exists().where(Batch.offering_id == Offering.id, Batch.state.in_(live))
    lacking = sa.exists().where(Offering.intake_id == Intake.id, ~proposed, sent)
    waiting = sa.exists().where(
        Review.intake_id == Intake.id,
        Review.state.in_([state.value for state in OPEN]),
        Review.application_id == Application.id,
        Application.state == "submitted",
    )
    read = sa.exists().where(
        Review.intake_id == Intake.id, Review.state.in_([state.value for state in COUNTING])
    )
    closed = closed_with_files(viewer, "selection.propose", lacking, read, ~waiting)
    unread = progress.lacking_in(closed)
    return [intake for intake in closed if not unread[intake.id]]


def outdated() -> list[tuple[Intake, Offering]]:
    """Return the offerings of small intakes with readings whose last kept ranking rests on anything else than there is
    now, or that have none; not those whose ranking is being computed, or could not be. Beside the counters of each it
    takes one statement."""
    changes = sa.select(sa.func.coalesce(sa.func.sum(RankingChange.changes), 0))
    counted = sa.cast(changes.where(RankingChange.intake_id == Intake.id).scalar_subquery(), sa.BigInteger)
    other = sa.orm.aliased(Offering)
    first = sa.select(sa.func.min(other.id)).where(other.intake_id == Intake.id).scalar_subquery()
    is_first = sa.case((first == Offering.id, 1), else_=0)
    now: sa.ColumnElement[str] = sa.cast(counted, sa.String)
    for part in (Intake.definition_version_id, Offering.seats, is_first):  # as `rests_on` says it
        now = now.concat("-").concat(sa.cast(part, sa.String))
    kept = sa.select(Standing.rests_on).where(
        Standing.offering_id == Offering.id, Standing.made_at.is_not(None)
    )
    kept = kept.order_by(Standing.id.desc()).limit(1)
    making = sa.select(Standing.id).where(
        Standing.offering_id == Offering.id, sa.text("standings.made_at IS NULL")
    )
    read = sa.select(Review.id).where(
        Review.intake_id == Intake.id, Review.state.in_([each.value for each in COUNTING])
    )
    stale = sa.func.coalesce(kept.scalar_subquery(), "") != now
    rows = db.session.execute(
        sa.select(Intake, Offering)
        .join(Offering, Offering.intake_id == Intake.id)
        .where(read.exists(), stale, ~making.exists())
        .order_by(Offering.id)
    ).all()
    return [(row[0], row[1]) for row in rows if is_done_at_once(row[0])]


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
    knocked_out: str = ""
    knocked_out_mean: int | None = None


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
        file, out = board.files[row.reference], row.knocked_out
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
                out,
                mean_on(file, board.rubric, out) if out else None,
            )
        )
    return found


def filled_by_board(intake: Intake, board: SelectionBoard) -> FilledSelection | None:
    """Return that the files which one person read fill more of the chosen than chance would, of a ranking that was
    computed this moment. One statement."""
    able = [board.files[row.reference].application_id for row in board.ranking.rows if row.is_in]
    chosen = [board.files[row.reference].application_id for row in board.cut.chosen]
    return filled_by_one(intake, chosen, able)


def filled_in(offering: Offering, standing: Standing) -> FilledSelection | None:
    """Return the same of a kept ranking, as it was found with it: no page counts the readings of a large intake. One
    statement."""
    kept = kept_of(KIND, offering.reference)
    if kept is None or kept.figures.get("standing") != standing.reference or not kept.figures.get("filled"):
        return None
    return FilledSelection(**kept.figures["filled"])


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


def page_of_rows(standing: Standing, place: ListPlace | None, around: int, *, down: bool = False) -> Page:
    """Return a page of a kept ranking, from its end if `down`; without a place the one around the place of a row."""
    inside = sa.select(StandingRow).where(StandingRow.standing_id == standing.id).subquery()
    kept = sa.orm.aliased(StandingRow, inside)
    rows = (
        sa.select(kept.reference, kept.place, Application.number, NAME, Application.region,
                  kept.mean, kept.totals, kept.decided, kept.knocked_out, kept.knocked_out_mean)
        .join(Application, Application.id == kept.application_id)
        .order_by(kept.place.desc() if down else kept.place)
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


def _standings_in(intake_id: int) -> Sequence[sa.ColumnElement[bool]]:
    """The conditions on rows of rankings that choose the newest of each offering of an intake. One statement."""
    made = (Standing.intake_id == intake_id, Standing.made_at.is_not(None))
    newest_ids = sa.select(sa.func.max(Standing.id)).where(*made).group_by(Standing.offering_id)
    return [StandingRow.standing_id == number for number in sorted(db.session.scalars(newest_ids))]


def _of_the_newest(column: Any) -> sa.ScalarSelect[Any]:
    """A figure of a file in the newest ranking that holds it, beside the file's row in a list."""
    row = sa.orm.aliased(StandingRow)
    held = sa.select(getattr(row, column)).join(Standing, Standing.id == row.standing_id)
    mine = (row.application_id == Application.id, Standing.made_at.is_not(None))
    return held.where(*mine).order_by(Standing.id.desc()).limit(1).scalar_subquery()


def as_of(intake_id: int) -> datetime | None:
    """Return of which moment the kept rankings of an intake are, the oldest of its offerings; None without one."""
    made = sa.select(sa.func.max(Standing.made_at).label("made_at")).where(Standing.intake_id == intake_id)
    newest_ones = made.group_by(Standing.offering_id).subquery()
    return db.session.scalar(sa.select(sa.func.min(newest_ones.c.made_at)))


def knocked_out_in(intake: Intake, references: Sequence[str]) -> dict[str, Problem]:
    """Return why files, by reference, stand behind everybody else in the newest rankings whatever their mean: the
    criterion that knocks them out. Two statements."""
    standings = _standings_in(intake.id)
    if not standings or not references:
        return {}
    wanted = sa.select(StandingRow.reference, StandingRow.knocked_out).where(
        sa.or_(*standings), StandingRow.reference.in_(references), StandingRow.knocked_out != ""
    )
    titles = {each.key: each.title for each in definition_of(intake).rubric.criteria}
    what = N_("éliminatoire : %(criterion)s")
    return {
        row.reference: Problem(what, {"criterion": titles.get(row.knocked_out, row.knocked_out)})
        for row in db.session.execute(wanted)
    }


def _answer() -> sa.ScalarSelect[str]:
    """The state of a file's offer, beside the file's row in a list that may be ordered by offers."""
    offer = sa.orm.aliased(Offer)
    return sa.select(offer.state).where(offer.application_id == Application.id).scalar_subquery()


def _offers_in(intake_id: int) -> Sequence[sa.ColumnElement[bool]]:
    offerings = sa.select(Offering.id).where(Offering.intake_id == intake_id).order_by(Offering.id)
    return [Offer.offering_id == number for number in db.session.scalars(offerings)]


_RANKED: dict[str, Any] = {
    "permission": "selection.read",
    "group": "ranked",
    "having": N_("Dossiers classés"),
}
_PLACED: dict[str, Any] = {
    "table": StandingRow, "column": StandingRow.place, "file_id": StandingRow.application_id, "parts": _standings_in,
    "as_of": as_of,
}  # fmt: skip
LENT = (
    (LentColumn("rank", N_("Rang"), **_RANKED), _of_the_newest("place"), LentOrder(**_PLACED)),
    # The best mean has the first place: one order, told from its other end.
    (
        LentColumn("score", N_("Note de lecture"), scale=1000, **_RANKED),
        _of_the_newest("mean"),
        LentOrder(**_PLACED, is_turned=True, remarks=knocked_out_in),
    ),
    (
        LentColumn(
            "answer",
            N_("Réponse"),
            "selection.read",
            "offered",
            N_("Dossiers avec une offre"),
            OFFER_WORDS,
            OFFER_TAGS,
        ),
        _answer(),
        LentOrder(Offer, Offer.state.expression, Offer.application_id.expression, _offers_in),
    ),
)
"""What selection lends to the list of applications: a column, what its cells are read from, and its order."""
