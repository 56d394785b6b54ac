"""Reading kept rankings: whether one still holds, and its rows by pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application, IntakeCount
from cohortmgr.applications.file.queries import NAME, counted_files, counts
from cohortmgr.base import paging
from cohortmgr.base.db import db
from cohortmgr.base.paging import ListPlace, Page
from cohortmgr.jobs.queries import kept_of
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.reviews.assignment.queries.giving import closed_with_files
from cohortmgr.reviews.jury.queries.kept import filled_by_one
from cohortmgr.reviews.jury.rules import FilledSelection
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.progress import queries as progress
from cohortmgr.reviews.rules import COUNTING, OPEN
from cohortmgr.selection.board import SelectionBoard, mean_on
from cohortmgr.selection.models import Batch
from cohortmgr.selection.moves.queries import moves_number, moves_number_in
from cohortmgr.selection.queries import covering
from cohortmgr.selection.rules import AT_ONCE, LIVE, SETTLED, Outcome
from cohortmgr.selection.sealing.queries import covering_all, sealed_number
from cohortmgr.selection.standings.models import RankingChange, Standing, StandingRow

SIZE = 50
"""The rows of one page."""
KIND = "selection.rank"
"""The worker's job that ranks a large intake, and the kind of what it keeps beside the rows."""


def is_done_at_once(intake: Intake) -> bool:
    """Whether an intake has so few sent files that it is ranked and decided within a request. Counters say it."""
    return counts([intake.id])[intake.id]["submitted"] <= AT_ONCE


def sent_to(intake: Intake, offering: Offering | None) -> int:
    """Return how many sent files an offering has today, or all of an intake, by the counters: those that name none are
    the first one's."""
    if offering is None:
        return counts([intake.id])[intake.id]["submitted"]
    first = db.session.scalar(sa.select(sa.func.min(Offering.id)).where(Offering.intake_id == intake.id))
    mine = (offering.id, 0) if offering.id == first else (offering.id,)
    return sum(counted_files(intake.id, {"state": "submitted", "offering_id": number}) for number in mine)


def state_of(intake: Intake, offering: Offering | None) -> str:
    """Return a text that changes with whatever the ranking of an offering rests on, or that of all of an intake.

    Whoever computes a ranking asks before reading: what comes in between makes it one that no longer holds."""
    if offering is None:
        number = sa.literal(intake.definition_version_id)
        return db.session.execute(sa.select(_said(_state_of_all(intake.id, number)))).scalar_one()
    changes = _changes(intake.id)
    first = sa.select(sa.func.min(Offering.id)).where(Offering.intake_id == intake.id)
    row = db.session.execute(
        sa.select(
            changes,
            first.scalar_subquery(),
            sealed_number(intake.id),
            moves_number(offering.id),
        )
    ).one()
    is_first = row[1] == offering.id
    parts = (int(row[0]), intake.definition_version_id, offering.seats, is_first, row[2], row[3])
    return "-".join(str(int(part)) for part in parts)


def _changes(intake_id: Any) -> sa.ColumnElement[int]:
    counted = sa.select(sa.func.coalesce(sa.func.sum(RankingChange.changes), 0))
    return sa.cast(counted.where(RankingChange.intake_id == intake_id).scalar_subquery(), sa.BigInteger)


def _said(parts: Sequence[Any]) -> sa.ColumnElement[str]:
    said: sa.ColumnElement[str] = sa.cast(parts[0], sa.String)
    for part in parts[1:]:
        said = said.concat("-").concat(sa.cast(part, sa.String))
    return said


def _state_of_all(intake_id: Any, version_id: Any) -> Sequence[Any]:
    """The parts of the state of all offerings at once. Sums tell their seats: there may be a thousand of them."""
    offered = sa.orm.aliased(Offering)
    sums = [
        sa.cast(
            sa.select(sa.func.coalesce(sa.func.sum(figure), 0))
            .where(offered.intake_id == intake_id)
            .scalar_subquery(),
            sa.BigInteger,
        )
        for figure in (offered.seats, offered.id * offered.seats, offered.seats * offered.seats)
    ]
    return (
        _changes(intake_id),
        version_id,
        *sums,
        sealed_number(intake_id),
        moves_number_in(intake_id),
    )


def rests_on(intake: Intake, offering: Offering | None) -> str:
    """Return a text that changes with what the ranking of an offering shows, or that of all: once decisions are
    proposed they stand, whatever comes after them, until they are cancelled."""
    settled = _settled(covering(intake, offering))
    return db.session.scalar(settled) or state_of(intake, offering)


def _settled(covered: sa.ColumnElement[bool]) -> sa.Select[str]:
    said = sa.literal("batch-").concat(Batch.reference)
    return sa.select(said).where(covered, Batch.state.in_([state.value for state in SETTLED]))


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
    batch = sa.or_(Batch.offering_id == Offering.id, Batch.offering_id.is_(None))
    proposed = sa.exists().where(Batch.intake_id == Offering.intake_id, batch, Batch.state.in_(live))
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


def outdated() -> list[tuple[Intake, Offering | None]]:
    """Return the offerings of small intakes with readings whose last kept ranking rests on anything else than there is
    now, or that have none; not those whose ranking is being computed, or could not be. An intake whose seats are given
    by wishes has one ranking of all. Beside the counters of each it takes two statements."""
    read = sa.select(Review.id).where(
        Review.intake_id == Intake.id, Review.state.in_([each.value for each in COUNTING])
    )
    other = sa.orm.aliased(Offering)
    first = sa.select(sa.func.min(other.id)).where(other.intake_id == Intake.id).scalar_subquery()
    is_first = sa.case((first == Offering.id, 1), else_=0)
    # As `state_of` says it.
    own = _said([_changes(Intake.id), Intake.definition_version_id, Offering.seats, is_first,
                 sealed_number(Intake.id), moves_number(Offering.id)])  # fmt: skip
    of_all = _said(_state_of_all(Intake.id, Intake.definition_version_id))
    kept, batch = Standing.offering_id == Offering.id, Batch.offering_id == Offering.id
    kept_of_all = sa.and_(Standing.intake_id == Intake.id, Standing.offering_id.is_(None))
    batch_of_all = sa.and_(Batch.intake_id == Intake.id, Batch.offering_id.is_(None))
    several = covering_all(Intake.id)
    each = (
        sa.select(Intake, Offering)
        .join(Offering, Offering.intake_id == Intake.id)
        .where(read.exists(), ~several, *_is_outdated(own, kept, batch))
        .order_by(Offering.id)
    )
    found: list[tuple[Intake, Offering | None]] = [(row[0], row[1]) for row in db.session.execute(each)]
    joint = sa.select(Intake).where(read.exists(), several, *_is_outdated(of_all, kept_of_all, batch_of_all))
    found += [(intake, None) for intake in db.session.scalars(joint.order_by(Intake.id))]
    return [(intake, offering) for intake, offering in found if is_done_at_once(intake)]


def _is_outdated(
    state: sa.ColumnElement[str], kept: sa.ColumnElement[bool], batch: sa.ColumnElement[bool]
) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """Whether the last of these kept rankings rests on something else, and none is being made."""
    last = sa.select(Standing.rests_on).where(kept, Standing.made_at.is_not(None))
    last = last.order_by(Standing.id.desc()).limit(1)
    making = sa.select(Standing.id).where(kept, sa.text("standings.made_at IS NULL"))
    now = sa.func.coalesce(_settled(batch).scalar_subquery(), state)
    return sa.func.coalesce(last.scalar_subquery(), "") != now, ~making.exists()


def _of(intake: Intake, offering: Offering | None) -> tuple[sa.ColumnElement[bool], ...]:
    """The conditions of the rankings of an offering, or of all of an intake."""
    if offering is not None:
        return (Standing.offering_id == offering.id,)
    return Standing.intake_id == intake.id, Standing.offering_id.is_(None)


def newest(intake: Intake, offering: Offering | None) -> Standing | None:
    """Return the last ranking of an offering, or of all, that was kept, or None."""
    made = (*_of(intake, offering), Standing.made_at.is_not(None))
    return db.session.scalar(sa.select(Standing).where(*made).order_by(Standing.id.desc()).limit(1))


def being_made(intake: Intake, offering: Offering | None) -> Standing | None:
    """Return the ranking of an offering, or of all, that is being computed, or whose computation failed; None without
    one."""
    # The condition of the partial index, as a text.
    wanted = sa.select(Standing).where(*_of(intake, offering), sa.text("made_at IS NULL"))
    return db.session.scalar(wanted)


def to_make(reference: str) -> Standing | None:
    """Return the ranking that the worker is to compute; None if it is kept already, or given up."""
    wanted = (Standing.reference == reference, Standing.made_at.is_(None))
    return db.session.scalar(sa.select(Standing).where(*wanted))


@dataclass(frozen=True)
class RankedLine:
    """One row of a ranking, as the page shows it: `outcome` in the words of decisions, `position` on the waiting list,
    what the prices of bounds `added` to the mean, and the `state` of its file today; where seats are given by wishes,
    the keys of the offerings that it asked for, and of that in which it has a seat."""

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
    outcome: str = Outcome.REFUSED.value
    position: int | None = None
    added: int | None = None
    state: str = "submitted"
    wishes: tuple[str, ...] = ()
    offering: str = ""


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
    found, outcomes = [], board.outcomes
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
                *outcomes[row.reference],
                board.added(row.reference),
                wishes=board.wishes(row.reference),
                offering=board.seat(row.reference),
            )
        )
    return found


def filled_by_board(intake: Intake, board: SelectionBoard) -> FilledSelection | None:
    """Return that the files which one person read fill more of the chosen than chance would, of a ranking that was
    computed this moment. One statement."""
    able = [board.files[row.reference].application_id for row in board.ranking.rows if row.is_in]
    chosen = [board.files[row.reference].application_id for row in board.cut.chosen]
    return filled_by_one(intake, chosen, able)


def kept_with(intake: Intake, offering: Offering | None, standing: Standing | None) -> Mapping[str, Any]:
    """Return what was found with a kept ranking: whether the files that one person read fill more of it than chance
    would (`filled`), since no page counts the readings of a large intake, and what sealed rules made of it (`rules`).
    One statement."""
    kept = kept_of(KIND, (offering or intake).reference) if standing is not None else None
    is_its = kept is not None and standing is not None and kept.figures.get("standing") == standing.reference
    found: Mapping[str, Any] = kept.figures if kept is not None and is_its else {}
    filled = FilledSelection(**found["filled"]) if found.get("filled") else None
    return {"filled": filled, "rules": found.get("rules")}


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


def wishing_for(wishes: Any, key: str) -> sa.ColumnElement[bool]:
    """Whether a column of wishes names an offering: keys are written in quotes."""
    return sa.cast(wishes, sa.Text).contains(f'"{key}"', autoescape=True)


def page_of_rows(
    standing: Standing,
    place: ListPlace | None,
    around: int,
    *,
    down: bool = False,
    wished: str = "",
    total: int | None = None,
) -> Page:
    """Return a page of a kept ranking, from its end if `down`; without a place the one around the place of a row. With
    `wished`, the key of an offering, of those who asked for it, `total` in all."""
    inside = sa.select(StandingRow).where(StandingRow.standing_id == standing.id).subquery()
    kept = sa.orm.aliased(StandingRow, inside)
    rows = (
        sa.select(kept.reference, kept.place, Application.number, NAME, Application.region,
                  kept.mean, kept.totals, kept.decided, kept.knocked_out, kept.knocked_out_mean,
                  kept.outcome, kept.position, kept.added, Application.state, kept.wishes, kept.offering)
        .join(Application, Application.id == kept.application_id)
        .order_by(kept.place.desc() if down else kept.place)
    )  # fmt: skip
    if wished:
        rows = rows.where(wishing_for(kept.wishes, wished))
    if place is not None:
        counted = total if wished else standing.ranked
        return paging.page_of(rows, place, SIZE, paging.Total(counted) if counted is not None else None)
    return page_around(rows, kept.place, standing.ranked, around)


def page_around(rows: sa.Select[Any], place: Any, of: int, around: int) -> Page:
    """Return the page of ranked rows that has a row in its middle, of which `place` is the column of places."""
    start = _start(around, of)
    before = db.session.execute(rows.order_by(None).where(place == start)).first()
    after = before.reference if before is not None else ""
    return replace(paging.page_of(rows, ListPlace(after=after), SIZE, paging.Total(of)), number=0)


def _start(around: int, of: int) -> int:
    """How many rows stand before the page that has a row in its middle."""
    return max(0, min(around - SIZE // 2, of - SIZE))
