"""A stranger finds the certificate right of whom the jury gave a seat or kept out, knocked out or by right though they
were."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from cohortmgr.selection.bounded import HandMove
from cohortmgr.selection.certificate import canonical, verify
from cohortmgr.selection.certifying import certificate_of
from tests.unit.selection import test_bounded as bounded
from tests.unit.selection.test_bounded import board_of, name_of, numbers

_IN, _OUT = HandMove(True, "Portfolio"), HandMove(False, "Plagiat")


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        ({"hand": {"C3": _IN}}, ["C0", "C3"]),
        ({"hand": {"C3": _OUT}}, ["C0", "C1"]),
        ({"right": {"C3": "Convention"}}, ["C0", "C3"]),
        ({"right": {"C3": "Convention"}, "hand": {"C3": _OUT}}, ["C0", "C1"]),
        ({"right": {"C3": "Convention"}, "hand": {"C4": _IN}}, ["C3", "C4"]),
        ({"hand": {"C0": _OUT, "C1": _OUT, "C2": _OUT}}, []),
    ],
)
def test_the_hand_goes_past_a_knock_out_and_a_right(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], chosen: list[str]
) -> None:
    first, *others = bounded.RUBRIC.files.criteria
    files = replace(bounded.RUBRIC.files, criteria=(replace(first, knock_out_below=Decimal(2)), *others))
    monkeypatch.setattr(bounded, "RUBRIC", replace(bounded.RUBRIC, phases=(files,)))
    board = board_of([5, 4, 3, 1, 1], {3, 4}, seats=2, **given)
    assert [row.reference for row in board.ranking.rows if row.knocked_out] == ["C3", "C4"]
    assert sorted(numbers(board.cut.chosen)) == chosen
    made = json.loads(canonical(certificate_of(board)))
    assert verify(made) == []
    stated = {each["reference"]: each["in"] for each in made["hand"]}
    hand = given.get("hand", {})
    assert stated == {name_of(number): move.is_in for number, move in hand.items()}
    assert {each["reference"] for each in made["right"]} == {
        name_of(number) for number in given.get("right", {}) if number not in hand
    }
