"""The decision that each file of a board gets, with the reasons that its person reads.

Pure: it takes a ranked board and returns decisions; reasons are found when they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import partial

from cohortmgr.base.errors import N_, Problem
from cohortmgr.programmes.definition.rubric_changes import title_of
from cohortmgr.programmes.definition.rules import Criterion, EligibilityRule, Rubric
from cohortmgr.reviews.phases.marks import (
    counted_phases,
    counted_place,
    mark_on,
    readings_on,
    score_of,
)
from cohortmgr.selection.board import SelectionBoard, SelectionFile
from cohortmgr.selection.bounded import BoundedChoice
from cohortmgr.selection.joint.preferred import reasons_by_wish
from cohortmgr.selection.ranking import KEPT_OUT, LOST_TIE, STAYED, RankedCandidate, RankingRefusal
from cohortmgr.selection.reasons.priced import PricedMark, reasons_by_price
from cohortmgr.selection.reasons.refusing import (
    CriterionMark,
    reason_for,
    reason_of_absence,
    reason_to_knock_out,
    reasons_to_stay,
)
from cohortmgr.selection.rules import Outcome

_KEPT_OUT = N_("La commission n’a pas retenu ce dossier, pour ce motif : %(reason)s")


@dataclass(frozen=True)
class DecidedFile:
    """The decision of a batch about one file (see `models.Decision`). Its reasons are found when they are asked
    for: those of 200,000 files weigh more than the files. `offering` is the key of that in which it has a seat, where
    seats of several were given by wishes."""

    file: SelectionFile
    outcome: Outcome
    rank: int | None = None
    mean: int | None = None
    position: int | None = None
    because: Callable[[], Iterable[Problem]] = tuple
    offering: str | None = None

    @property
    def reasons(self) -> tuple[Problem, ...]:
        """Why it is so, for its person to read."""
        return tuple(self.because())


def decisions(board: SelectionBoard, conditions: Sequence[EligibilityRule]) -> list[DecidedFile]:
    """Return the decision on every file: offers, the waiting list in order, refusals with reasons, the ineligible."""
    of = len(board.ranking.rows)
    chosen = _means_of_chosen(board)
    found = [_ranked(board, row, Outcome.OFFER) for row in board.cut.chosen]
    found += [
        _ranked(board, row, Outcome.WAITING, position=index)
        for index, row in enumerate(board.cut.waiting, start=1)
    ]
    for refusal in board.cut.refused:
        because = partial(_reasons, board, refusal, of, chosen)
        found.append(_ranked(board, refusal.row, Outcome.REFUSED, because=because))
    return found + [
        DecidedFile(file, Outcome.REFUSED, because=partial(unmet, file.reasons, conditions))
        for file in board.ineligible
    ]


def _reasons(
    board: SelectionBoard, refusal: RankingRefusal, of: int, chosen: Mapping[str, int]
) -> list[Problem]:
    row, file = refusal.row, board.files[refusal.row.reference]
    if refusal.reason == KEPT_OUT and board.ruled is not None:
        return [Problem(_KEPT_OUT, {"reason": board.ruled.rules.hand[row.reference].reason}, "hand")]
    if row.knocked_out:
        each = board.rubric.criterion(row.knocked_out)
        mean = score_of(readings_on(board.rubric, file.marked(board.rubric), each), each)
        limit = each.knock_out_below or Decimal(0)
        return [reason_to_knock_out(each.title, mean, limit, each.scale_max, _advice(each))]
    marks = _marks(file, board.rubric, chosen)
    if refusal.reason == STAYED:
        return _why_stayed(board, row, of, marks)
    if board.allotted is not None:
        return reasons_by_wish(board.allotted, row, of, marks, harmonised=_is_harmonised(file, board.rubric))
    tied, harmonised = refusal.reason == LOST_TIE, _is_harmonised(file, board.rubric)
    if board.bounded is not None:
        priced = _priced(board.bounded, row)
        return reasons_by_price(
            row.rank, of, priced, marks, chosen=len(board.cut.chosen), harmonised=harmonised
        )
    return reason_for(row.rank, of, row.mean, board.parting, marks, tied=tied, harmonised=harmonised)


def _priced(bounded: BoundedChoice, row: RankedCandidate) -> PricedMark:
    """A mark with the prices that its groups have: the sum tells the decision."""
    found = bounded.prices_of(row.reference)
    prices = tuple((bounded.rules.labels[place], price) for place, price in found if place >= 0)
    whole = sum((price for place, price in found if place < 0), Fraction(0))
    return PricedMark(row.mean, prices, bounded.threshold, whole, bounded.is_all_taken)


def _is_harmonised(file: SelectionFile, rubric: Rubric) -> bool:
    """Whether a harmonised mark counts in that of a file."""
    marks = file.marked(rubric)
    return any(phase.key in marks.harmonised for phase in counted_phases(rubric, marks))


def _why_stayed(
    board: SelectionBoard, row: RankedCandidate, of: int, marks: Sequence[CriterionMark]
) -> list[Problem]:
    """Why somebody stopped before the last phase: they did not come, or others had better marks so far."""
    phases, file = board.rubric.phases, board.files[row.reference].marked(board.rubric)
    place = counted_place(board.rubric, file)
    following = phases[place + 1]
    if following.key in file.absent:
        return [reason_of_absence(title_of(following))]
    line, harmonised = board.lines.get(place), _is_harmonised(board.files[row.reference], board.rubric)
    return reasons_to_stay(
        row.rank, of, title_of(phases[place]), row.mean, line, marks, harmonised=harmonised
    )


def unmet(keys: Sequence[str], conditions: Sequence[EligibilityRule]) -> list[Problem]:
    """Return each condition that is not met, with what the person can still do about it."""
    found = []
    for rule in conditions:
        if rule.key in keys:
            found.append(Problem(N_("Condition non remplie : %(reason)s"), {"reason": rule.reason}, rule.key))
            found.append(
                Problem(N_("Ce que vous pouvez faire : %(advice)s"), {"advice": rule.advice}, rule.key)
            )
    return found


def _ranked(
    board: SelectionBoard,
    row: RankedCandidate,
    outcome: Outcome,
    position: int | None = None,
    because: Callable[[], Iterable[Problem]] = tuple,
) -> DecidedFile:
    file, seat = board.files[row.reference], None
    if board.allotted is not None:
        seat = board.allotted.offering_of.get(row.reference)
    return DecidedFile(file, outcome, row.rank, row.mean, position, because, seat)


def _means_of_chosen(board: SelectionBoard) -> dict[str, int]:
    files, found = [board.files[row.reference] for row in board.cut.chosen], {}
    for criterion in board.rubric.every_criterion:
        marks = [
            mark
            for file in files
            if (mark := mark_on(board.rubric, file.marked(board.rubric), criterion)) is not None
        ]
        if marks:
            found[criterion.key] = round(Fraction(sum(marks), len(marks)))
    return found


def _marks(file: SelectionFile, rubric: Rubric, chosen: Mapping[str, int]) -> list[CriterionMark]:
    return [
        CriterionMark(each.key, each.title, mark, chosen.get(each.key, 0), _advice(each))
        for each in rubric.every_criterion
        if (mark := mark_on(rubric, file.marked(rubric), each)) is not None
    ]


def _advice(criterion: Criterion) -> str | Problem:
    """Return what the best mark asks for, in the rubric's own words."""
    if criterion.scale_max not in criterion.anchors:
        return ""
    best = criterion.anchors[criterion.scale_max]
    return Problem(N_("La meilleure note demande : %(anchor)s."), {"anchor": best})
