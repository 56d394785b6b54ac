"""The board: who is ranked, in what order, and what each is told."""

from __future__ import annotations

import json

import pytest

from cohortmgr.base.errors import Refused, as_json, from_json
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.reviews.phases.marks import Reading, tie_order
from cohortmgr.reviews.rules import total_thousandths
from cohortmgr.selection.board import SelectionBoard, SelectionFile, build, require_read
from cohortmgr.selection.certificate import certificate, digest, verify
from cohortmgr.selection.deciding import decisions
from cohortmgr.selection.rules import Outcome
from cohortmgr.selection.stating import rubric_of

DEFINITION = read_known("mdia")
RUBRIC = DEFINITION.rubric


def _file(number: int, *marks: int, eligible: bool = True) -> SelectionFile:
    readings = []
    for mark in marks:
        scores = {criterion.key: mark for criterion in RUBRIC.criteria}
        readings.append(Reading(total_thousandths(RUBRIC, scores), scores))
    reasons = () if eligible else ("licence",)
    return SelectionFile(number, number, f"F{number}", f"N{number}", None, eligible, reasons, tuple(readings))


def _board(*files: SelectionFile, seats: int = 1, waiting: int = 1) -> SelectionBoard:
    return build(files, RUBRIC, seats, waiting, "graine")


def test_files_without_their_readings_are_listed_and_stop_the_decision() -> None:
    board = _board(_file(1, 5, 4), _file(2, 5), _file(3), _file(4, eligible=False))
    assert [row.reference for row in board.ranking.rows] == ["F1"]
    assert [file.number for file in board.unread] == ["F2", "F3"]
    assert [file.number for file in board.ineligible] == ["F4"]
    with pytest.raises(Refused):
        require_read(board)


def test_nothing_to_rank_is_nothing_to_propose() -> None:
    with pytest.raises(Refused):
        require_read(_board(_file(1, eligible=False)))


def test_each_file_gets_one_decision_with_reasons_for_refusals() -> None:
    board = _board(_file(1, 5, 5), _file(2, 4, 4), _file(3, 2, 2), _file(4, eligible=False))
    require_read(board)
    found = {each.file.number: each for each in decisions(board, DEFINITION.eligibility)}
    assert [found[f"F{n}"].outcome for n in (1, 2, 3, 4)] == [
        Outcome.OFFER,
        Outcome.WAITING,
        *[Outcome.REFUSED] * 2,
    ]
    assert (found["F2"].position, found["F3"].rank, found["F4"].rank) == (1, 3, None)
    assert [problem.where for problem in found["F3"].reasons][:2] == ["rank", "line"]
    assert len(found["F3"].reasons) == 4 and len(found["F4"].reasons) == 2


def test_reasons_survive_json() -> None:
    board = _board(_file(1, 5, 5), _file(2, 3, 3), _file(3, 1, 1))
    for each in decisions(board, DEFINITION.eligibility):
        for reason in each.reasons:
            assert from_json(json.loads(json.dumps(as_json(reason)))) == reason


def test_near_the_line_is_a_quarter_of_a_point() -> None:
    board = _board(_file(1, 5, 5), _file(2, 5, 5), _file(3, 1, 1))
    assert board.near == {"F1", "F2"}
    assert _board(_file(1, 5, 5)).near == frozenset()


def test_ties_are_told_by_the_heaviest_criterion_first() -> None:
    assert [criterion.key for criterion in tie_order(RUBRIC)] == ["resultats", "bases", "projet", "langues"]
    assert rubric_of(RUBRIC)["ties"][0] == "resultats"


def test_a_mean_that_only_rounds_to_the_line_is_no_tie() -> None:
    scores = [{criterion.key: 3 for criterion in RUBRIC.criteria}] * 2
    near = [Reading(12_001, scores[0]), Reading(12_000, scores[1])]
    below = [Reading(12_000, scores[0]), Reading(12_000, scores[1])]
    files = [
        SelectionFile(n, n, f"F{n}", "", None, True, (), tuple(given))
        for n, given in enumerate((near, below))
    ]
    board = build(files, RUBRIC, 1, 0, "graine")
    assert [row.mean for row in board.ranking.rows] == [12_000, 12_000]
    (refused,) = [each for each in decisions(board, ()) if each.outcome is Outcome.REFUSED]
    assert "départage" not in str(refused.reasons[1])


def test_the_certificate_of_a_board_follows_from_its_scores_alone() -> None:
    board = _board(_file(1, 5, 3), _file(2, 4, 4), _file(3, 2, 1))
    made = certificate(board.ranking, 1, "graine", rubric_of(RUBRIC), 1, board.scores)
    assert verify(json.loads(json.dumps(made))) == []
    for change in ("scores", "totals", "tie", "scale", "ties", "readings", "none"):
        forged = json.loads(json.dumps(made))
        row, rubric = forged["rows"][2], forged["rubric"]
        if change == "scores":
            row["scores"][0]["bases"] += 1
        elif change == "none":
            row["scores"] = []
        elif change == "scale":
            rubric["criteria"][0]["max"] += 3
        elif change == "ties":
            rubric["ties"].pop()
        elif change == "readings":
            rubric["readings"] = 3
        else:
            row[change][0] -= 1
        forged["sha256"] = digest(forged)
        assert verify(forged), change
