"""The certificate of a board: that of its cut, under sealed rules of its choice, of several offerings of their seats.

Pure: a board and what its seal says in, the certificate out.
"""

from __future__ import annotations

from typing import Any

from cohortmgr.selection.allocation.rules import Applicant
from cohortmgr.selection.allocation.statement import AllocationContext, UnplacedFile, allocation_statement
from cohortmgr.selection.board import SelectionBoard
from cohortmgr.selection.bounded import AppliedRules, BoundedChoice, HandMove
from cohortmgr.selection.certificate import certificate, digest
from cohortmgr.selection.choosing.rules import Choice
from cohortmgr.selection.joint.allotted import Allotment
from cohortmgr.selection.proofs.choice import (
    StatedFile,
    StatedMove,
    StatedSeal,
    StatedTerms,
    choice_certificate,
)
from cohortmgr.selection.ranking import BY_HAND, RankedCandidate, lot
from cohortmgr.selection.stating import marks_stated, phased_rubric, rubric_of
from cohortmgr.selection.verify import KNOCKED_OUT, SHORT, fault


def certificate_of(board: SelectionBoard, seal: StatedSeal | None = None) -> dict[str, Any]:
    """Return the certificate of a board. Under rules, which `seal` says who sealed, files have the names that nobody
    can trace to a person. Raises ValueError where nobody can be chosen under them."""
    bounded = board.bounded
    if board.allotted is not None:
        return _of_allotment(board, board.allotted, seal)
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
    marks = _marks(board, row)
    attributes = bounded.rules.attributes.get(row.reference, {})
    return StatedFile(bounded.rules.names[row.reference], row.mean, row.tie, attributes, _out(row), marks)


def _marks(board: SelectionBoard, row: RankedCandidate) -> dict[str, Any]:
    return marks_stated(board.rubric, board.files[row.reference].marked(board.rubric), board.formulas)


def _out(row: RankedCandidate) -> str:
    """Why a file may not be chosen by its mark; empty where it may."""
    return KNOCKED_OUT if row.knocked_out else SHORT if row.short else ""


def _terms(
    board: SelectionBoard, bounded: BoundedChoice, choice: Choice, seal: StatedSeal | None
) -> StatedTerms:
    rules = bounded.rules
    right, hand = _whatever_the_mark(board, rules)
    return StatedTerms(
        board.ranking.seed,
        board.waiting,
        rules.ties,
        right,
        tuple(StatedMove(rules.names[number], move.is_in, move.reason) for number, move in hand.items()),
        seal,
        phased_rubric(board.rubric, board.formulas, rules.ties),
    )


def _whatever_the_mark(
    board: SelectionBoard, rules: AppliedRules
) -> tuple[dict[str, str], dict[str, HandMove]]:
    """Why each ranked file enters by right, by its name in the certificate; and the moves by hand, by number."""
    ranked = {row.reference for row in board.ranking.rows}
    hand = {number: move for number, move in rules.hand.items() if number in ranked}
    right = {number: why for number, why in rules.right.items() if number in ranked and number not in hand}
    return {rules.names[number]: reason for number, reason in right.items()}, hand


def _of_allotment(board: SelectionBoard, allotted: Allotment, seal: StatedSeal | None) -> dict[str, Any]:
    """That of several offerings, whose seats were given by wishes: there is neither proof nor price, since stability is
    checked offering by offering."""
    if allotted.allocation is None:
        raise ValueError("nobody can be chosen under these rules")
    context = _context(board, allotted, seal)
    content = allocation_statement(allotted.problem, allotted.allocation, context)
    if fault(content):
        raise ValueError("a certificate holds integers and texts only")
    return {**content, "sha256": digest(content)}


def _context(board: SelectionBoard, allotted: Allotment, seal: StatedSeal | None) -> AllocationContext:
    rules, seed = allotted.rules, board.ranking.seed
    right, hand = _whatever_the_mark(board, rules)
    taken = {each.reference for each in allotted.problem.taken}
    placed = taken | {each.reference for each in allotted.problem.applicants}
    rows = {rules.names[row.reference]: row for row in board.ranking.rows}
    unplaced = tuple(
        UnplacedFile(name, BY_HAND if row.decided == BY_HAND else "", _out(row))
        for name, row in rows.items()
        if name not in placed
    )
    return AllocationContext(
        seed=seed,
        ties=rules.ties,
        sealed=seal.as_json() if seal is not None else {},
        others={
            name: _person(row, seed, allotted) for name, row in rows.items() if name not in placed - taken
        },
        unplaced=unplaced,
        right=right,
        hand={rules.names[number]: move.reason for number, move in hand.items()},
        outs={name: out for name in taken if (out := _out(rows[name]))},
        rubric=phased_rubric(board.rubric, board.formulas, rules.ties),
        marks={name: _marks(board, row) for name, row in rows.items()},
    )


def _person(row: RankedCandidate, seed: str, allotted: Allotment) -> Applicant:
    name, number = allotted.rules.names[row.reference], row.reference
    attributes, wishes = allotted.rules.attributes.get(number, {}), allotted.rules.wished(number)
    return Applicant(name, row.mean, row.tie, int(lot(seed, name), 16), wishes, attributes)
