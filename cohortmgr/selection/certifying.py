"""The certificate of a board: that of its cut, or under sealed rules that of its choice, with proof and prices.

Pure: a board and what its seal says in, the certificate out.
"""

from __future__ import annotations

from typing import Any

from cohortmgr.selection.board import SelectionBoard
from cohortmgr.selection.bounded import BoundedChoice
from cohortmgr.selection.certificate import certificate
from cohortmgr.selection.choosing.rules import Choice
from cohortmgr.selection.proofs.choice import (
    StatedFile,
    StatedMove,
    StatedSeal,
    StatedTerms,
    choice_certificate,
)
from cohortmgr.selection.ranking import RankedCandidate
from cohortmgr.selection.stating import marks_stated, phased_rubric, rubric_of
from cohortmgr.selection.verify import KNOCKED_OUT, SHORT


def certificate_of(board: SelectionBoard, seal: StatedSeal | None = None) -> dict[str, Any]:
    """Return the certificate of a board. Under rules, which `seal` says who sealed, files have the names that nobody
    can trace to a person. Raises ValueError where nobody can be chosen under them."""
    bounded = board.bounded
    if bounded is None:
        rubric = rubric_of(board.rubric, board.formulas)
        seed = board.ranking.seed
        return certificate(board.ranking, board.seats, seed, rubric, board.waiting, board.scores, board.parts)
    if bounded.choice is None:
        raise ValueError("nobody can be chosen under these rules")
    files = [_stated(board, bounded, row) for row in board.ranking.rows]
    return choice_certificate(
        bounded.problem, bounded.choice, files, _terms(board, bounded, bounded.choice, seal)
    )


def _stated(board: SelectionBoard, bounded: BoundedChoice, row: RankedCandidate) -> StatedFile:
    marks = marks_stated(board.rubric, board.files[row.reference].marked(board.rubric), board.formulas)
    out = KNOCKED_OUT if row.knocked_out else SHORT if row.short else ""
    attributes = bounded.rules.attributes.get(row.reference, {})
    return StatedFile(bounded.rules.names[row.reference], row.mean, row.tie, attributes, out, marks)


def _terms(
    board: SelectionBoard, bounded: BoundedChoice, choice: Choice, seal: StatedSeal | None
) -> StatedTerms:
    rules, ranked = bounded.rules, {row.reference for row in board.ranking.rows}
    hand = {number: move for number, move in rules.hand.items() if number in ranked}
    right = {number: why for number, why in rules.right.items() if number in ranked and number not in hand}
    return StatedTerms(
        board.ranking.seed,
        board.waiting,
        rules.ties,
        {rules.names[number]: reason for number, reason in right.items()},
        tuple(StatedMove(rules.names[number], move.is_in, move.reason) for number, move in hand.items()),
        seal,
        phased_rubric(board.rubric, board.formulas, rules.ties),
    )
