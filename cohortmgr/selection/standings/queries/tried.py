"""What moves by hand would change of the ranking of today, computed with the move tried."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.selection import queries
from cohortmgr.selection.moves.effects import MoveEffect, effect_of
from cohortmgr.selection.moves.rules import MoveDirection
from cohortmgr.selection.sealing.queries import covers_all
from cohortmgr.selection.standings.queries.kept import RankedLine, lines_of


@dataclass(frozen=True)
class TriedMoves:
    """The row of a file in the ranking of today, None while it is not ranked, and what each move would change."""

    line: RankedLine | None
    effects: Mapping[MoveDirection, MoveEffect]


def tried(
    intake: Intake, offering: Offering, number: str, directions: Collection[MoveDirection]
) -> TriedMoves:
    """Return what moves of a file would change, read and ranked this moment; nothing without sealed rules. `offering`
    is the file's, or where seats are given by wishes that in which one would be given."""
    board = queries.ranking_of(intake, None if covers_all(intake) else offering)
    line = next((each for each in lines_of(board) if each.number == number), None)
    if board.ruled is None:
        return TriedMoves(line, {})
    return TriedMoves(line, {each: effect_of(board, number, each, offering.key) for each in directions})
