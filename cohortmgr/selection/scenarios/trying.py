"""Tries a scenario out: the marks by other weights, then the choice under other bounds and seats. Exact, and pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import lcm

from cohortmgr.base.errors import N_, Problem
from cohortmgr.programmes.definition.bounds.attributes import FileAttribute
from cohortmgr.programmes.definition.bounds.wording import group_words
from cohortmgr.programmes.definition.rules import FULL_MARK_THOUSANDTHS, Rubric, RubricPhase
from cohortmgr.reviews.phases.marks import FileMarks, Reading, tie_order
from cohortmgr.reviews.rules import nearest
from cohortmgr.selection.board import SelectionBoard, SelectionFile, build
from cohortmgr.selection.bounded import AppliedRules, choose_from
from cohortmgr.selection.ranking import RankingEntry, cut, rank
from cohortmgr.selection.scenarios.rules import ScenarioChanges, reweighed

_GROUP = N_("%(group)s")
FileValues = Mapping[str, Mapping[str, str]]
"""Of each file, by its number, the values of the attributes that bounds may name."""


def try_out(
    board: SelectionBoard,
    changes: ScenarioChanges,
    known: Mapping[str, FileAttribute],
    values: FileValues,
) -> SelectionBoard:
    """Return the board that there would be under a scenario. Who was knocked out, who went further and who enters by
    right or by hand stays as it is: none of that follows from weights."""
    rubric = reweighed(board.rubric, changes)
    rules = _rules(board, rubric, changes, known, values)
    files = _remarked(board, rubric)
    if board.bounded is not None and rules is not None:
        if rubric == board.rubric:
            return _chosen_anew(board, changes, rules)
        if rubric.is_plain and _are_read_alone(files, board):
            return _chosen_anew(_ranked_anew(board, rubric, files, rules), changes, rules)
    return build(
        files,
        rubric,
        changes.seats,
        board.waiting,
        board.ranking.seed,
        board.open_phase,
        board.formulas,
        board.stale,
        rules,
    )


def _chosen_anew(board: SelectionBoard, changes: ScenarioChanges, rules: AppliedRules) -> SelectionBoard:
    """The choice from the same ranking: no mark moves, and the names under which lots are drawn stay."""
    bounded = choose_from(board.ranking, rules)
    among = bounded.chosen if bounded.choice is not None else None
    seats = changes.seats
    return replace(board, bounded=bounded, seats=seats, cut=cut(board.ranking, seats, board.waiting, among))


def _are_read_alone(files: Sequence[SelectionFile], board: SelectionBoard) -> bool:
    """Whether nothing but readings marks the files, and each has as many as before."""
    return all(
        file.marks is None and len(file.readings) == len(board.files[file.number].readings) for file in files
    )


def _ranked_anew(
    board: SelectionBoard, rubric: Rubric, files: Sequence[SelectionFile], rules: AppliedRules
) -> SelectionBoard:
    """The same files ranked by other totals. What tells equal marks apart are scores in the order that was sealed, and
    what knocks out are scores too: neither follows from weights, and finding them takes most of the time."""
    known = {file.number: file for file in files}
    entries = [
        RankingEntry(
            row.reference,
            tuple(each.total for each in known[row.reference].readings),
            row.tie,
            row.knocked_out,
            short=row.short,
        )
        for row in board.ranking.rows
    ]
    ranking = rank(entries, board.ranking.seed, rules.names, rules.outright, rules.kept_out)
    return replace(board, ranking=ranking, files=known, rubric=rubric)


def _rules(
    board: SelectionBoard,
    rubric: Rubric,
    changes: ScenarioChanges,
    known: Mapping[str, FileAttribute],
    values: FileValues,
) -> AppliedRules | None:
    """The rules of a scenario. Where nothing is sealed, lots are drawn by the files' numbers, as the ranking draws
    them; without any bound it then stays a ranking that is cut."""
    if board.bounded is not None:
        base = board.bounded.rules
    elif changes.bounds:
        ties = tuple(each.key for each in tie_order(rubric))
        base = AppliedRules((), (), {}, {number: number for number in board.files}, changes.seats, ties)
    else:
        return None
    labels = tuple(Problem(_GROUP, {"group": group_words(each.where, known)}) for each in changes.bounds)
    tried = replace(base, bounds=changes.bounds, labels=labels, attributes=values, seats=changes.seats)
    return replace(tried, gone=())  # what a scenario names was asked of the form of today


def _remarked(board: SelectionBoard, rubric: Rubric) -> Sequence[SelectionFile]:
    """The files with the totals of their readings by the weights of a rubric; those that it does not move stay."""
    scales = {
        phase.key: PhaseScale(phase)
        for was, phase in zip(board.rubric.phases, rubric.phases, strict=True)
        if was.criteria != phase.criteria
    }
    if not scales:
        return tuple(board.files.values())
    return [_file(file, board.rubric, scales) for file in board.files.values()]


def _file(file: SelectionFile, rubric: Rubric, scales: Mapping[str, PhaseScale]) -> SelectionFile:
    if file.marks is None:
        scale = scales.get(rubric.files.key)
        return file if scale is None else replace(file, readings=scale.remarked(file.readings))
    marks = file.marks
    readings = {
        key: scales[key].remarked(given) if key in scales else given for key, given in marks.readings.items()
    }
    return replace(file, marks=FileMarks(readings, marks.reached, marks.absent, marks.harmonised))


class PhaseScale:
    """What the scores of a phase's readings come to by its weights, out of twenty and in whole thousandths, halves to
    even, as `reviews.rules.total_thousandths` says it; in whole numbers: a board has 100 ms for all files."""

    def __init__(self, phase: RubricPhase) -> None:
        spans = [each.scale_max - each.scale_min for each in phase.criteria]
        self._whole = lcm(*spans)
        self._parts = [
            (each.key, each.scale_min, each.weight * (self._whole // span), each.weight)
            for each, span in zip(phase.criteria, spans, strict=True)
        ]
        self._weights = sum(each.weight for each in phase.criteria)

    def remarked(self, readings: Sequence[Reading]) -> tuple[Reading, ...]:
        """Return readings with their totals by these weights. A criterion that a reading does not have, since it could
        not be computed, counts nothing; a reading in which none with a weight is left says nothing any more."""
        found = [self._reading(each) for each in readings]
        return tuple(each for each in found if each is not None)

    def _reading(self, reading: Reading) -> Reading | None:
        scores, over, weights = reading.scores, 0, self._weights
        for key, low, part, weight in self._parts:
            if key not in scores:
                weights -= weight
            else:
                over += part * (scores[key] - low)
        if not weights:
            return None
        total = nearest(FULL_MARK_THOUSANDTHS * over, self._whole * weights)
        return Reading(total, scores, reading.reader)
