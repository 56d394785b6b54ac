"""A certificate says all that is needed to recompute a selection, and any change to it shows."""

import copy
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohortmgr.selection.certificate import canonical, certificate, digest, verify
from cohortmgr.selection.ranking import RankingEntry, rank

RUBRIC = {"high": 20, "low": 0, "weights": {"level": 3, "project": 2}}


def _certificate(count: int = 9, seats: int = 3) -> dict[str, Any]:
    entries = [RankingEntry(f"C{n}", (n % 4 * 1000, 12_345), (n % 2,)) for n in range(count)]
    return certificate(rank(entries, "2025"), seats, "2025", RUBRIC, waiting=2)


def test_a_certificate_holds_after_a_journey_through_json() -> None:
    made = _certificate()
    assert verify(json.loads(canonical(made))) == []
    assert [row["outcome"] for row in made["rows"]] == ["chosen"] * 3 + ["waiting"] * 2 + ["refused"] * 4
    assert canonical(made) == canonical(json.loads(json.dumps(made)))


@pytest.mark.parametrize("resealed", [False, True])
@pytest.mark.parametrize("key", ["seats", "waiting", "seed", "rows"])
def test_any_change_shows_even_under_a_new_digest(key: str, resealed: bool) -> None:
    made = copy.deepcopy(_certificate())
    if key == "rows":
        made["rows"][0]["totals"][0] -= 1
    else:
        made[key] = "other" if key == "seed" else made[key] + 1
    if resealed:
        made["sha256"] = digest(made)
    assert verify(made)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 8), st.integers(0, 8))
def test_two_outcomes_exchanged_show(one: int, other: int) -> None:
    made = copy.deepcopy(_certificate())
    rows = made["rows"]
    alike = rows[one]["outcome"] == rows[other]["outcome"]
    rows[one]["outcome"], rows[other]["outcome"] = rows[other]["outcome"], rows[one]["outcome"]
    made["sha256"] = digest(made)
    assert (verify(made) == []) is alike


@pytest.mark.parametrize(
    "broken",
    [{}, {"rows": 3}, {"rows": [[]]}, {"rows": [{}]}, {"seats": "x"}, {"seats": None}, {"rule": "other"}],
)
def test_what_is_no_certificate_is_said_so(broken: dict[str, Any]) -> None:
    made = {**_certificate(), **broken} if broken else {}
    if broken:
        made["sha256"] = digest(made)
    assert verify(made)


def test_a_certificate_holds_integers_only() -> None:
    ranking = rank([RankingEntry("A", (1,))], "s")
    with pytest.raises(ValueError, match="integers"):
        certificate(ranking, 1, "s", {"weight": 0.5})
    with pytest.raises(ValueError, match="seed"):
        certificate(ranking, 1, "other", RUBRIC)
    assert verify({**certificate(ranking, 1, "s", RUBRIC), "seats": 1.0})


@pytest.mark.parametrize(
    "content", [{}, {"rows": []}, {"b": [1, {"d": "é", "c": []}], "a": {"y": [None], "x": 2}, "ج": "\n"}]
)
def test_a_digest_fed_in_pieces_is_that_of_the_canonical_text(content: dict[str, Any]) -> None:
    whole = hashlib.sha256(canonical(content).encode()).hexdigest()
    assert digest(content) == digest({**content, "sha256": "0"}) == whole
