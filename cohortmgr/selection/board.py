"""The ranking board: the files of an offering in order, the cut, and the decision that each file would get.

Pure: it takes files with their readings and returns decisions with reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

from cohortmgr.base.errors import N_, NN_, Problem, Quantity, Refused
from cohortmgr.programmes.definition.rules import Criterion, EligibilityRule, Rubric
from cohortmgr.reviews.rules import mark_out_of_twenty
from cohortmgr.selection.ranking import (
    LOST_TIE,
    Cut,
    RankedCandidate,
    Ranking,
    RankingEntry,
    RankingRefusal,
    cut,
    rank,
)
from cohortmgr.selection.rules import CriterionMark, Outcome, reason_for, reason_to_knock_out

_FILES = NN_("%(num)s dossier", "%(num)s dossiers")
_READINGS = NN_("%(num)s lecture par dossier", "%(num)s lectures par dossier")


@dataclass(frozen=True)
class Reading:
    """A reading that was handed in: its total in thousandths out of twenty, and its scores by criterion."""

    total: int
    scores: Mapping[str, int]


@dataclass(frozen=True)
class SelectionFile:
    """A file that was sent; `reasons` are the keys of the conditions that it does not meet. `reference` is the public
    one, which addresses bear."""

    application_id: int
    person_id: int
    number: str
    name: str
    region: str | None
    eligible: bool | None
    reasons: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = ()
    reference: str = ""
    language: str = ""


@dataclass(frozen=True)
class SelectionBoard:
    """The ranked files of an offering, where the ranking is cut, and the files that are not ranked.

    `files` are keyed by number. `unread` files lack readings; `ineligible` files are refused without being
    read; `undecided` ones wait for a person to say whether they meet the conditions."""

    ranking: Ranking
    cut: Cut
    files: Mapping[str, SelectionFile]
    unread: tuple[SelectionFile, ...]
    ineligible: tuple[SelectionFile, ...]
    rubric: Rubric
    seats: int
    waiting: int
    undecided: tuple[SelectionFile, ...] = ()

    @property
    def scores(self) -> dict[str, list[Mapping[str, int]]]:
        """The readings of each ranked file, by criterion, without the names of the readers."""
        return {
            row.reference: [reading.scores for reading in self.files[row.reference].readings]
            for row in self.ranking.rows
        }

    @property
    def near(self) -> frozenset[str]:
        """The numbers of the files whose mean is within a quarter of a point of the cut line."""
        if self.cut.line is None or not (self.cut.waiting or self.cut.refused):
            return frozenset()
        rows = (row for row in self.ranking.rows if not row.knocked_out)
        return frozenset(row.reference for row in rows if abs(row.mean - self.cut.line) <= 250)


@dataclass(frozen=True)
class DecidedFile:
    """The decision of a batch about one file (see `models.Decision`). Its reasons are found when they are asked
    for: those of 200,000 files weigh more than the files."""

    file: SelectionFile
    outcome: Outcome
    rank: int | None = None
    mean: int | None = None
    position: int | None = None
    because: Callable[[], Iterable[Problem]] = tuple

    @property
    def reasons(self) -> tuple[Problem, ...]:
        """Why it is so, for its person to read."""
        return tuple(self.because())


def tie_order(rubric: Rubric) -> tuple[Criterion, ...]:
    """Return the criteria that decide between equal means, the heaviest first."""
    return tuple(sorted(rubric.criteria, key=lambda criterion: -criterion.weight))


def build(
    files: Sequence[SelectionFile], rubric: Rubric, seats: int, waiting: int, seed: str
) -> SelectionBoard:
    """Rank the files that have all their readings, and cut after the seats and the waiting list."""
    eligible = [file for file in files if file.eligible]
    read = [file for file in eligible if file.readings and len(file.readings) >= rubric.readings]
    entries = [
        RankingEntry(
            file.number,
            tuple(reading.total for reading in file.readings),
            tuple(_mark(file, criterion) for criterion in tie_order(rubric)),
            next((each.key for each in rubric.criteria if knocks_out(file.readings, each)), ""),
        )
        for file in read
    ]
    ranking = rank(entries, seed)
    known = {file.number for file in read}
    return SelectionBoard(
        ranking=ranking,
        cut=cut(ranking, seats, waiting),
        files={file.number: file for file in files},
        unread=tuple(file for file in eligible if file.number not in known),
        ineligible=tuple(file for file in files if file.eligible is False),
        undecided=tuple(file for file in files if file.eligible is None),
        rubric=rubric,
        seats=seats,
        waiting=waiting,
    )


def knocks_out(readings: Sequence[Reading], criterion: Criterion) -> bool:
    """Whether the mean of the readings, two at least, is below the score that a criterion asks for."""
    limit = criterion.knock_out_below
    if limit is None or len(readings) < 2:
        return False
    return _mean(readings, criterion) < Fraction(limit)


def mean_on(readings: Sequence[Reading], criterion: Criterion) -> int:
    """The mean of the readings on a criterion, in thousandths of a point of its scale."""
    return round(_mean(readings, criterion) * 1000)


def _mean(readings: Sequence[Reading], criterion: Criterion) -> Fraction:
    return Fraction(sum(reading.scores[criterion.key] for reading in readings), len(readings))


def require_read(board: SelectionBoard) -> None:
    """Refuse to decide while an eligible file lacks readings, or one waits for a person to say whether it meets the
    conditions. The problem says how many do and names the first."""
    if board.undecided:
        what = N_(
            "Dites d’abord si les conditions sont remplies par %(files)s, en commençant par %(first)s : rien ne se "
            "propose avant."
        )
        values = {"files": Quantity(*_FILES, len(board.undecided)), "first": board.undecided[0].number}
        raise Refused(Problem(what, values, "undecided"))
    if board.unread:
        raise Refused(
            Problem(
                N_(
                    "Faites lire d’abord %(files)s, en commençant par %(first)s : il faut %(readings)s avant de "
                    "proposer."
                ),
                {
                    "files": Quantity(*_FILES, len(board.unread)),
                    "readings": Quantity(*_READINGS, board.rubric.readings),
                    "first": board.unread[0].number,
                },
                "unread",
            )
        )
    if not board.ranking.rows:
        raise Refused(Problem(N_("Aucun dossier n’est classé : il n’y a rien à proposer.")))


def rubric_of(rubric: Rubric) -> dict[str, Any]:
    """Return how totals and ties were made, as the certificate states it: keys and whole numbers."""
    return {
        "criteria": [_stated(each) for each in rubric.criteria],
        "readings": rubric.readings,
        "ties": [each.key for each in tie_order(rubric)],
    }


def _stated(criterion: Criterion) -> dict[str, Any]:
    """A criterion in whole numbers; the score below which it knocks out in thousandths of a point of its scale."""
    stated = {"key": criterion.key, "max": criterion.scale_max, "min": criterion.scale_min}
    if criterion.knock_out_below is not None:
        stated["knock_out_below"] = round(criterion.knock_out_below * 1000)
    return {**stated, "weight": criterion.weight}


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
    row = refusal.row
    if row.knocked_out:
        each = board.rubric.criterion(row.knocked_out)
        mean, limit = _mean(board.files[row.reference].readings, each), each.knock_out_below or Decimal(0)
        return [reason_to_knock_out(each.title, mean, limit, each.scale_max, _advice(each))]
    marks = _marks(board.files[row.reference], board.rubric, chosen)
    return reason_for(row.rank, of, row.mean, board.cut.line, marks, tied=refusal.reason == LOST_TIE)


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
    return DecidedFile(board.files[row.reference], outcome, row.rank, row.mean, position, because)


def _mark(file: SelectionFile, criterion: Criterion) -> int:
    """Return the mean of the readings on one criterion, in thousandths out of twenty."""
    return mark_out_of_twenty(_mean(file.readings, criterion), criterion.scale_min, criterion.scale_max)


def _means_of_chosen(board: SelectionBoard) -> dict[str, int]:
    files = [board.files[row.reference] for row in board.cut.chosen]
    if not files:
        return {}
    return {
        criterion.key: round(Fraction(sum(_mark(file, criterion) for file in files), len(files)))
        for criterion in board.rubric.criteria
    }


def _marks(file: SelectionFile, rubric: Rubric, chosen: Mapping[str, int]) -> list[CriterionMark]:
    return [
        CriterionMark(each.key, each.title, _mark(file, each), chosen.get(each.key, 0), _advice(each))
        for each in rubric.criteria
    ]


def _advice(criterion: Criterion) -> str | Problem:
    """Return what the best mark asks for, in the rubric's own words."""
    if criterion.scale_max not in criterion.anchors:
        return ""
    best = criterion.anchors[criterion.scale_max]
    return Problem(N_("La meilleure note demande : %(anchor)s."), {"anchor": best})
