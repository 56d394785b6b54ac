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
from cohortmgr.selection.joint.allotted import Allotment, allot
from cohortmgr.selection.moves.rules import MoveDirection
from cohortmgr.selection.ranking import BY_KNOCK_OUT, BY_MEAN, BY_PHASE, RankedCandidate


@dataclass(frozen=True)
class MoveEffect:
    """The numbers of the files that get a seat by a move and of those that lose one. `conflict` says which hard bounds
    cannot hold with it; `breaks` that they could without it. `is_ranked` is whether the file is ranked at all.
    `elsewhere` are those that keep a seat, in another offering."""

    enters: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    conflict: tuple[Problem, ...] = ()
    breaks: bool = False
    is_ranked: bool = True
    elsewhere: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON, for the row that keeps it."""
        return {
            "enters": list(self.enters),
            "leaves": list(self.leaves),
            "conflict": [as_json(each) for each in self.conflict],
            "breaks": self.breaks,
            "is_ranked": self.is_ranked,
            "elsewhere": list(self.elsewhere),
        }

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> MoveEffect:
        """What `as_json` wrote."""
        conflict = tuple(from_json(each) for each in kept["conflict"])
        changed, others = (tuple(kept["enters"]), tuple(kept["leaves"])), tuple(kept.get("elsewhere", ()))
        return cls(*changed, conflict, kept["breaks"], kept["is_ranked"], others)


def moved(
    hand: Mapping[str, HandMove], number: str, direction: MoveDirection, reason: str = "", offering: str = ""
) -> dict[str, HandMove]:
    """Moves in force with one more, by the number of its file; the one before it of that file counts no more.
    `offering` is the key of that in which a seat is given, where there are several."""
    others = {each: move for each, move in hand.items() if each != number}
    if direction is MoveDirection.MARK:
        return others
    return {**others, number: HandMove(direction is MoveDirection.IN, reason, offering)}


def effect_of(board: SelectionBoard, number: str, direction: MoveDirection, offering: str = "") -> MoveEffect:
    """Return what a move of the file with this number would change of a board under rules. Raises ValueError for one
    without."""
    if board.allotted is not None:
        return _effect_on_all(
            board, board.allotted, number, moved(board.allotted.rules.hand, number, direction, "", offering)
        )
    if board.bounded is None:
        raise ValueError("a move by hand needs sealed rules")
    rules = replace(board.bounded.rules, hand=moved(board.bounded.rules.hand, number, direction))
    rows = _moved_rows(board, rules, number)
    after = choose_from(replace(board.ranking, rows=rows), rules)
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


def _effect_on_all(
    board: SelectionBoard, before: Allotment, number: str, hand: Mapping[str, HandMove]
) -> MoveEffect:
    """The same where seats of several offerings are given by wishes."""
    rules = replace(before.rules, hand=hand)
    rows = _moved_rows(board, rules, number)
    after = allot(replace(board.ranking, rows=rows), rules)
    is_ranked = number in before.marks
    if after.conflict:
        breaks = before.allocation is not None
        return MoveEffect(conflict=after.conflict, breaks=breaks, is_ranked=is_ranked)
    had, has = before.offering_of, after.offering_of
    return MoveEffect(
        tuple(each for each in before.marks if each in has and each not in had),
        tuple(each for each in before.marks if each in had and each not in has),
        is_ranked=is_ranked,
        elsewhere=tuple(
            each for each in before.marks if each in had and has.get(each, had[each]) != had[each]
        ),
    )


def _moved_rows(board: SelectionBoard, rules: AppliedRules, number: str) -> tuple[RankedCandidate, ...]:
    return tuple(_moved_row(row, rules) if row.reference == number else row for row in board.ranking.rows)


def _moved_row(row: RankedCandidate, rules: AppliedRules) -> RankedCandidate:
    """The row of a moved file as choosing looks at it: its place stays, since marks decide it."""
    of_itself = BY_KNOCK_OUT if row.knocked_out else BY_PHASE if row.short else BY_MEAN
    decided = rules.outright.get(row.reference, of_itself)
    return replace(row, decided=decided, kept_out=row.reference in rules.kept_out)
