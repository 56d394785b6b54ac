"""Keeping rankings: asking for one, and writing what the worker computed, in chunks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.base import clock
from cohortmgr.base.db import db, insert_or_leave, table_of
from cohortmgr.base.errors import Refused, as_json
from cohortmgr.base.text import new_reference
from cohortmgr.jobs.actions import keeping, queue
from cohortmgr.jobs.actions.keeping import ResultWanted
from cohortmgr.jobs.queries import advance_of
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.reviews.jury.queries.kept import filled_by_one
from cohortmgr.reviews.jury.rules import FilledSelection
from cohortmgr.reviews.queries import require_unconcerned
from cohortmgr.selection.board import SelectionBoard, require_read
from cohortmgr.selection.models import Batch
from cohortmgr.selection.ranking import BY_KNOCK_OUT, BY_PHASE
from cohortmgr.selection.rules import Outcome
from cohortmgr.selection.standings.models import Standing, StandingRow
from cohortmgr.selection.standings.queries import decided, kept
from cohortmgr.selection.standings.queries.kept import KIND, RankedLine

CHUNK = 1_000
"""How many rows are written, or forgotten, in one transaction."""
_ROWS = table_of(StandingRow)


def ask(viewer: Viewer, intake: Intake, offering: Offering | None) -> Standing | None:
    """Ask for the ranking of an offering, or of all of an intake, as it is now. If one is being computed, that one is
    returned; one whose computation failed gives way to another."""
    require(viewer, "selection.read", intake.path)
    require_unconcerned(viewer, intake, "selection.read")
    known = kept.being_made(intake, offering)
    if known is not None and advance_of(known.job_reference).goes_on:
        return known
    if known is not None:
        db.session.delete(known)
        db.session.flush()
    values: dict[str, Any] = {
        "reference": new_reference(),
        "institution_id": intake.institution_id,
        "intake_id": intake.id,
        "offering_id": offering.id if offering is not None else None,
        "job_reference": "",
        "rests_on": "",
        "asked_at": clock.now(),
        "refusal": [],
        **kept.NOTHING,
    }
    insert_or_leave(db.session, Standing, [values])  # of two at once, both get the first one's ranking
    found = kept.being_made(intake, offering)
    if found is not None and found.reference == values["reference"]:
        payload = {"standing": found.reference}
        found.job_reference = queue.request(viewer, KIND, payload, intake.institution_id)
    return found


@dataclass(frozen=True)
class Ranked:
    """A ranking as it was computed, before it is kept: its rows and numbers, why nothing can be proposed from it,
    whether the files that one person read fill more of it than chance would, and what sealed rules made of it."""

    rests_on: str
    rows: Sequence[dict[str, Any]]
    figures: Mapping[str, Any]
    refusal: Sequence[Any] = ()
    filled: FilledSelection | None = None
    rules: Mapping[str, Any] | None = None


def ranked(viewer: Viewer, standing: Standing, rests_on: str, board: SelectionBoard) -> Ranked:
    """Lay out the rows of a board that was read after `rests_on` was asked for."""
    ids = {file.reference: file.application_id for file in board.files.values()}
    rows = [_row(standing, ids[line.reference], line) for line in kept.lines_of(board)]
    filled = kept.filled_by_board(db.session.get_one(Intake, standing.intake_id), board)
    rules = board.ruled.told if board.ruled is not None else None
    return Ranked(rests_on, rows, kept.figures_of(board), _refusal_of(board), filled, rules)


def ranked_by_batch(viewer: Viewer, standing: Standing, rests_on: str, batch: Batch) -> Ranked:
    """Lay out the rows of the ranking that a batch froze: lists show what was decided."""
    lines = list(decided.lines_of_batch(batch))
    rows = [_row(standing, number, line) for number, line in lines]
    able = [number for number, line in lines if line.decided not in (BY_KNOCK_OUT, BY_PHASE)]
    chosen = [number for number, line in lines if line.outcome == Outcome.OFFER]
    filled = filled_by_one(db.session.get_one(Intake, standing.intake_id), chosen, able)
    figures = decided.figures_of_batch(batch)
    return Ranked(rests_on, rows, figures, filled=filled, rules=batch.summary.get("rules"))


def _row(standing: Standing, application_id: int, line: RankedLine) -> dict[str, Any]:
    return {
        "standing_id": standing.id,
        "place": line.place,
        "institution_id": standing.institution_id,
        "application_id": application_id,
        "reference": line.reference,
        "mean": line.mean,
        "totals": list(line.totals),
        "decided": line.decided,
        "knocked_out": line.knocked_out,
        "knocked_out_mean": line.knocked_out_mean,
        "outcome": line.outcome,
        "position": line.position,
        "added": line.added,
        "wishes": list(line.wishes),
        "offering": line.offering,
    }


def begin(viewer: Viewer, standing: Standing) -> None:
    """Forget what a start that was lost had written of a ranking."""
    db.session.execute(sa.delete(_ROWS).where(_ROWS.c.standing_id == standing.id))


def write(viewer: Viewer, reference: str, rows: Sequence[dict[str, Any]]) -> bool:
    """Write some rows of a ranking. Returns False if it is kept already, by another start."""
    wanted = (Standing.reference == reference, Standing.made_at.is_(None))
    if db.session.scalar(sa.select(Standing.id).where(*wanted).with_for_update()) is None:
        return False
    if rows:
        db.session.execute(sa.insert(_ROWS), list(rows))
    return True


def keep(viewer: Viewer, reference: str, found: Ranked) -> bool:
    """Let a ranking whose rows are written be the newest one. Returns False if it is kept already."""
    wanted = sa.select(Standing).where(Standing.reference == reference, Standing.made_at.is_(None))
    standing = db.session.scalar(wanted.with_for_update().execution_options(populate_existing=True))
    if standing is None:
        return False
    counted = sa.select(sa.func.count()).select_from(_ROWS).where(_ROWS.c.standing_id == standing.id)
    if db.session.scalar(counted) != len(found.rows):
        raise RuntimeError(f"another start wrote into the ranking {reference}")
    for name, value in found.figures.items():
        setattr(standing, name, value)
    standing.rests_on, standing.refusal = found.rests_on, list(found.refusal)
    standing.made_at = clock.now()
    reference = _named(standing)
    filled = asdict(found.filled) if found.filled else None
    figures = {"standing": standing.reference, "filled": filled, "rules": found.rules}
    keeping.keep(viewer, ResultWanted(KIND, reference, standing.institution_id), figures)
    return True


def _named(standing: Standing) -> str:
    """The reference of the offering of a ranking, or of the intake for one of all."""
    if standing.offering_id is None:
        return db.session.get_one(Intake, standing.intake_id).reference
    return db.session.get_one(Offering, standing.offering_id).reference


def _refusal_of(board: SelectionBoard) -> list[Any]:
    """Return why nothing can be proposed from a ranking, as rows keep problems; empty if something can."""
    try:
        require_read(board)
    except Refused as refusal:
        return [as_json(problem) for problem in refusal.problems]
    return []


def forget_some(viewer: Viewer, intake: Intake, offering: Offering | None) -> bool:
    """Forget a chunk of the rankings of an offering that a newer one replaced; of one of all offerings, of those of
    each too. Returns whether there were any."""
    same = Standing.offering_id == offering.id if offering is not None else Standing.offering_id.is_(None)
    replaced = same if offering is not None else sa.true()
    made = (Standing.intake_id == intake.id, Standing.made_at.is_not(None))
    newest = sa.select(sa.func.max(Standing.id)).where(*made, same)
    old = sa.select(Standing.id).where(*made, replaced, Standing.id < newest.scalar_subquery())
    first = db.session.scalar(old.order_by(Standing.id).limit(1))
    if first is None:
        return False
    lowest = db.session.scalar(sa.select(sa.func.min(_ROWS.c.place)).where(_ROWS.c.standing_id == first))
    if lowest is None:
        db.session.execute(sa.delete(table_of(Standing)).where(table_of(Standing).c.id == first))
    else:
        part = (_ROWS.c.standing_id == first, _ROWS.c.place < lowest + CHUNK)
        db.session.execute(sa.delete(_ROWS).where(*part))
    return True
