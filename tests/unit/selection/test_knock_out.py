"""A criterion that knocks out: who is kept from a seat by it, what they are told, and that a stranger can check it."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohortmgr.programmes.definition.rules import Rubric
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.reviews.phases.marks import Reading
from cohortmgr.reviews.rules import total_thousandths
from cohortmgr.selection.board import SelectionBoard, SelectionFile, build
from cohortmgr.selection.certificate import certificate, digest, verify
from cohortmgr.selection.deciding import decisions
from cohortmgr.selection.rules import Outcome
from cohortmgr.selection.stating import rubric_of

DEFINITION = read_known("mdia")


def with_limit(limit: Decimal | None, readings: int = 2) -> Rubric:
    """The master's rubric, whose first criterion knocks out below a score."""
    phase = DEFINITION.rubric.files
    first, *rest = phase.criteria
    criteria = (replace(first, knock_out_below=limit), *rest)
    return replace(DEFINITION.rubric, phases=(replace(phase, criteria=criteria, readings=readings),))


def file_of(number: int, rubric: Rubric, firsts: Sequence[int], others: int = 5) -> SelectionFile:
    """A file with a reading for each score on the first criterion; the other criteria have the same score."""
    readings = []
    for score in firsts:
        scores = {each.key: others for each in rubric.criteria} | {rubric.criteria[0].key: score}
        readings.append(Reading(total_thousandths(rubric, scores), scores))
    return SelectionFile(number, number, f"F{number}", f"N{number}", None, True, (), tuple(readings))


def stated(board: SelectionBoard) -> dict[str, Any]:
    return certificate(
        board.ranking, board.seats, "graine", rubric_of(board.rubric), board.waiting, board.scores
    )


def test_who_is_knocked_out_takes_no_seat_though_one_is_free() -> None:
    rubric = with_limit(Decimal("2.5"))
    files = [
        file_of(1, rubric, (2, 2)),
        file_of(2, rubric, (3, 2), others=0),
        file_of(3, rubric, (4, 4), others=3),
    ]
    board = build(files, rubric, 3, 1, "graine")
    assert [row.reference for row in board.ranking.rows] == ["F3", "F2", "F1"]
    found = {each.file.number: each for each in decisions(board, ())}
    assert [found[f"F{n}"].outcome for n in (1, 2, 3)] == [Outcome.REFUSED, Outcome.OFFER, Outcome.OFFER]
    (reason,) = found["F1"].reasons
    assert (reason.where, reason.values["mark"], reason.values["limit"]) == (
        "knocked_out", Decimal("2.00"), Decimal("2.5")
    )  # fmt: skip
    assert reason.values["criterion"] == rubric.criteria[0].title


def test_a_single_reading_knocks_nobody_out() -> None:
    rubric = with_limit(Decimal(3), readings=1)
    board = build([file_of(1, rubric, (0,))], rubric, 1, 0, "graine")
    assert [row.reference for row in board.cut.chosen] == ["F1"]


def test_a_mean_at_the_limit_stays_and_one_just_below_is_told_apart() -> None:
    rubric = with_limit(Decimal("2.67"), readings=3)
    board = build([file_of(1, rubric, (3, 3, 2))], rubric, 1, 0, "graine")  # 2.6666… is below 2.67
    (decided,) = decisions(board, ())
    assert decided.outcome is Outcome.REFUSED
    assert decided.reasons[0].values["mark"] < Decimal("2.67")
    even = with_limit(Decimal("2.5"))
    assert build([file_of(1, even, (2, 3))], even, 1, 0, "graine").cut.refused == ()


@pytest.mark.parametrize("spoil", ["limit", "outcome", "format", "rank"])
def test_a_changed_certificate_shows(spoil: str) -> None:
    rubric = with_limit(Decimal(3))
    board = build([file_of(1, rubric, (2, 2)), file_of(2, rubric, (4, 4), others=0)], rubric, 2, 0, "graine")
    made = copy.deepcopy(stated(board))
    assert made["format"] == 3 and verify(made) == []
    if spoil == "limit":
        made["rubric"]["criteria"][0]["knock_out_below"] = 1000
    elif spoil == "outcome":
        made["rows"][1]["outcome"] = "chosen"
    elif spoil == "format":
        made["format"] = 2
    else:
        made["rows"].reverse()
    made["sha256"] = digest(made)
    assert verify(made)


def test_a_certificate_without_a_limit_is_as_it_was() -> None:
    rubric = with_limit(None)
    board = build([file_of(1, rubric, (2, 2))], rubric, 1, 0, "graine")
    made = stated(board)
    assert made["format"] == 2 and "knock_out_below" not in made["rubric"]["criteria"][0]
    assert verify(made) == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 5), min_size=2, max_size=3), min_size=1, max_size=8),
    st.integers(1, 500),
    st.integers(0, 5),
)
def test_nobody_below_the_limit_is_chosen_or_waits_and_the_certificate_holds(
    scores: list[list[int]], hundredths: int, seats: int
) -> None:
    rubric = with_limit(Decimal(hundredths) / 100)
    files = [file_of(number, rubric, firsts, others=number % 6) for number, firsts in enumerate(scores)]
    board = build(files, rubric, seats, 2, "graine")
    below = {f"F{n}" for n, firsts in enumerate(scores) if 100 * sum(firsts) < hundredths * len(firsts)}
    kept = {row.reference for row in (*board.cut.chosen, *board.cut.waiting)}
    assert not kept & below
    assert len(kept) == min(seats + 2, len(files) - len(below))
    assert verify(stated(board)) == []
