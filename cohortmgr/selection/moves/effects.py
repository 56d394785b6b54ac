"""What a move by hand would change of a ranking: who gets a seat, who loses one, and which bounds it would break.

Pure: a board and a move in, the change out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cohortmgr.base.errors import Problem, as_json, from_json
from cohortmgr.selection.board import SelectionBoard
from cohortmgr.selection.bounded import AppliedRules, HandMove, choose_from
from cohortmgr.selection.moves.rules import MoveDirection
from cohortmgr.selection.ranking import BY_KNOCK_OUT, BY_MEAN, BY_PHASE, RankedCandidate


@dataclass(frozen=True)
class MoveEffect:
    """The numbers of the files that get a seat by a move and of those that lose one. `conflict` says which hard bounds
    cannot hold with it; `breaks` that they could without it. `is_ranked` is whether the file is ranked at all."""

    enters: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    conflict: tuple[Problem, ...] = ()
    breaks: bool = False
    is_ranked: bool = True

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON, for the row that keeps it."""
        return {
            "enters": list(self.enters),
            "leaves": list(self.leaves),
            "conflict": [as_json(each) for each in self.conflict],
            "breaks": self.breaks,
            "is_ranked": self.is_ranked,
        }

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> MoveEffect:
        """What `as_json` wrote."""
        conflict = tuple(from_json(each) for each in kept["conflict"])
        return cls(tuple(kept["enters"]), tuple(kept["leaves"]), conflict, kept["breaks"], kept["is_ranked"])


def moved(
    hand: Mapping[str, HandMove], number: str, direction: MoveDirection, reason: str = ""
) -> dict[str, HandMove]:
    """Moves in force with one more, by the number of its file; the one before it of that file counts no more."""
    others = {each: move for each, move in hand.items() if each != number}
    if direction is MoveDirection.MARK:
        return others
    return {**others, number: HandMove(direction is MoveDirection.IN, reason)}


def effect_of(board: SelectionBoard, number: str, direction: MoveDirection) -> MoveEffect:
    """Return what a move of the file with this number would change of a board under rules. Raises ValueError for one
    without."""
    if board.bounded is None:
        raise ValueError("a move by hand needs sealed rules")
    rules = replace(board.bounded.rules, hand=moved(board.bounded.rules.hand, number, direction))
    rows = [_moved_row(row, rules) if row.reference == number else row for row in board.ranking.rows]
    after = choose_from(replace(board.ranking, rows=tuple(rows)), rules)
    is_ranked = any(row.reference == number for row in rows)
    if after.conflict:
        return MoveEffect(
            conflict=after.conflict, breaks=board.bounded.choice is not None, is_ranked=is_ranked
        )
    before = {row.reference for row in board.cut.chosen}
    return MoveEffect(
        tuple(row.reference for row in rows if row.reference in after.chosen - before),
        tuple(row.reference for row in rows if row.reference in before - after.chosen),
        is_ranked=is_ranked,
    )


def _moved_row(row: RankedCandidate, rules: AppliedRules) -> RankedCandidate:
    """The row of a moved file as choosing looks at it: its place stays, since marks decide it."""
    of_itself = BY_KNOCK_OUT if row.knocked_out else BY_PHASE if row.short else BY_MEAN
    decided = rules.outright.get(row.reference, of_itself)
    return replace(row, decided=decided, kept_out=row.reference in rules.kept_out)
