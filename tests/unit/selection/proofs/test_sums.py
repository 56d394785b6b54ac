"""The sum that a candidate reads tells the decision of their line, to the last place that is written."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.selection.proofs.lines import CandidateLines
from cohortmgr.selection.proofs.sheet import public_sheet
from cohortmgr.selection.proofs.sums import places_of, prices_of, sum_of
from cohortmgr.selection.reasons.priced import points
from tests.unit.selection.proofs.worlds import certificates


def line(**changed: Any) -> dict[str, Any]:
    prices = {"scale": 1, "threshold": 12_000, "bounds": [], "split": 0, "drawn": False}
    prices |= changed.pop("prices", {})
    return {"mark": 12_500, "outcome": "chosen", "prices": prices, **changed}


def test_every_sum_of_drawn_choices_tells_its_outcome() -> None:
    told = 0
    for made in certificates(range(40)):
        lines = CandidateLines(made)
        for row in made["rows"]:
            found = sum_of(lines.line(row["reference"]))
            if not found.is_compared or found.threshold is None or found.total == found.threshold:
                continue
            told += 1
            assert (found.total > found.threshold) == (row["outcome"] == "chosen")
            said, limit = points(found.total, found.places), points(found.threshold, found.places)
            assert (said > limit) == (row["outcome"] == "chosen")
    assert told > 30


@given(st.integers(0, 20_000), st.integers(1, 10**6), st.integers(0, 2 * 10**7))
def test_sum_and_threshold_are_written_apart_whenever_they_are(mark: int, scale: int, limit: int) -> None:
    found = sum_of(line(mark=mark, prices={"scale": scale, "threshold": limit, "bounds": [], "split": 0}))
    if found.total != found.threshold and found.threshold is not None:
        close = abs(found.total - found.threshold) < Fraction(1, 10**8)
        assert points(found.total, found.places) != points(found.threshold, found.places) or close


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"by": "right"}, "Une place de droit"),
        ({"by": "hand", "outcome": "refused"}, "La commission"),
        ({"out": "knocked_out", "outcome": "refused"}, "éliminatoire"),
        ({"out": "short", "outcome": "refused"}, "dernière étape"),
        ({"prices": {"threshold": None}}, "pas de seuil"),
        ({"prices": {"threshold": 12_500, "drawn": True}}, "juste le seuil"),
        ({}, "est retenu"),
        ({"mark": 11_000, "outcome": "waiting"}, "liste d’attente"),
        ({"mark": 11_000, "outcome": "refused"}, "n’est pas retenu"),
    ],
)
def test_words_say_what_decided(changed: dict[str, Any], said: str) -> None:
    assert said in str(sum_of(line(**changed)).telling)


def test_prices_are_exact_with_few_places_where_few_are_enough() -> None:
    assert places_of(Fraction(12_500)) == 2 and places_of(Fraction(25_001, 2)) == 4
    assert places_of(Fraction(12_500), Fraction(1, 20)) == 5 and places_of(Fraction(1, 3)) == 6
    for made in certificates(range(6)):
        found = prices_of(public_sheet(made, "00"))
        assert len(found.bounds) == len(made["rules"]["bounds"]) and 2 <= found.places <= 6
        scale = made["prices"]["scale"]
        assert [each * scale for each in found.bounds] == made["prices"]["bounds"]


def test_the_sheet_does_not_name_who_sealed_and_who_changed_the_rules() -> None:
    made = next(made for made in certificates(range(1, 12, 2)))
    assert made["rules"]["sealed_by"] and made["rules"]["changes"]
    rules = public_sheet(made, "00")["rules"]
    assert "sealed_by" not in rules and rules["changes"] == [{"on": "2026-11-09"}]
    assert rules["digest"] == made["rules"]["digest"] and rules["bounds"] == made["rules"]["bounds"]
