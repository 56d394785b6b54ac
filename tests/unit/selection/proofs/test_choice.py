"""The certificate of a choice: what it says, that it holds, and that every change of it is judged as an oracle does."""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohortmgr.selection.certificate import canonical, outcomes_of, verify
from cohortmgr.selection.choosing.rules import Bound, Choice, ChoiceProblem, Contender, Leaf, Prices, Split
from cohortmgr.selection.proofs.choice import (
    StatedFile,
    StatedMove,
    StatedTerms,
    choice_certificate,
    lot_number,
    salted,
)
from cohortmgr.selection.proofs.lines import CandidateLines
from cohortmgr.selection.proofs.sheet import public_sheet
from cohortmgr.selection.stating import marks_stated, phased_rubric
from cohortmgr.selection.verify import findings, line_findings
from tests.unit.selection.proofs.judging import agrees
from tests.unit.selection.proofs.oracle import choose_by_force, sealed
from tests.unit.selection.proofs.worlds import certificate_of, certificates, triangle, world
from tests.unit.selection.test_harmonised import ANNE, BRAHIM, CHAMA, PLAIN
from tests.unit.selection.test_harmonised import board as read_board
from tests.unit.selection.test_harmonised import chosen as formula_of
from tests.unit.selection.test_harmonised import file as read_file
from tests.unit.selection.test_verify import places


def cases() -> list[dict[str, Any]]:
    """A proof with splits, people placed whatever the mark, soft bounds that miss, ties, lots, empty seats, a seal."""
    split = certificate_of(*triangle(1))
    assert split is not None
    drawn = next(each for each in certificates(range(50), files=6, seats=3, ties=0, placed=False, step=2_000)
                 if len(each["prices"]["by_lot"]) > 1)  # fmt: skip
    placed = next(each for each in certificates(range(50), files=7, seats=3) if each["shortfall"])
    empty = next(each for each in certificates(range(99), files=7, seats=3) if each["proof"]["fuller"])
    under_seal = next(each for each in certificates(range(1, 50, 2), files=5, seats=2) if each["right"])
    assert "sealed" in under_seal["rules"]
    return [split, drawn, placed, empty, under_seal]


def others(value: Any) -> list[Any]:
    """What might stand in a value's place."""
    if isinstance(value, bool):
        return [not value, int(value), None]
    if isinstance(value, int):
        return [value + 1, value - 1, -value, 0, None, True, str(value), value + 10**30]
    if isinstance(value, str):
        return [value + "x", "", None, 0, "chosen", "refused", "F01", "hand", "a", "F"]
    if isinstance(value, list):
        return [
            [*value, *copy.deepcopy(value[:1])],
            value[1:],
            value[:-1],
            value[::-1],
            {},
            None,
            [*value, 0],
        ]
    return [{}, [], None, {**(value or {}), "new": 1}]


def mutants(made: dict[str, Any], draw: random.Random, share: float) -> Iterator[tuple[dict[str, Any], str]]:
    """A share of all copies with one value changed, or one key taken away."""
    for place, (holder, key) in enumerate(list(places(made))):
        changes: list[Any] = [*others(holder[key]), *([Ellipsis] if isinstance(holder, dict) else [])]
        for change in changes:
            if key == "sha256" or draw.random() > share:
                continue
            changed = copy.deepcopy(made)
            where, name = list(places(changed))[place]
            if change is Ellipsis:
                del where[name]
            else:
                where[name] = change
            if json.dumps(changed) != json.dumps(made):
                yield changed, f"{name}: {holder[key]!r} became {change!r}"


@pytest.mark.parametrize("case", range(5))
def test_every_mutant_is_refused_and_resealed_it_holds_exactly_when_an_oracle_agrees(case: int) -> None:
    made = cases()[case]
    assert findings(made) == [] and agrees(made)
    judged = []
    for changed, what in mutants(made, random.Random(case), 0.25):
        assert findings(changed), what
        holds = findings(sealed(changed)) == []
        assert holds == agrees(sealed(changed)), what
        judged.append(holds)
    assert True in judged and False in judged, "some changes say the same, most do not"


KINDS: tuple[dict[str, Any], ...] = (
    {},
    {"ties": 0, "step": 2_000, "placed": False},
    {"bounds": 7, "files": 8, "hard": 1.0},
    {"ties": 2, "step": 4_000, "hard": 0.0},
)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(KINDS))
def test_a_choice_by_brute_force_has_a_certificate_that_holds(seed: int, kind: dict[str, Any]) -> None:
    made = certificate_of(*world(seed, **kind))
    if made is not None:
        assert verify(json.loads(canonical(made))) == []


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.data())
def test_any_other_choice_is_refused_though_all_its_sums_are_said(seed: int, data: Any) -> None:
    """One chosen gives way to one who was not, and everything is reckoned again but the proof."""
    problem, stated, terms = world(seed, placed=False)
    choice = choose_by_force(problem)
    if choice is None or not 0 < len(choice.chosen) < len(problem.contenders):
        return
    rest = sorted({each.reference for each in problem.contenders} - {*choice.chosen})
    swapped = {*choice.chosen, data.draw(st.sampled_from(rest))} - {data.draw(st.sampled_from(choice.chosen))}
    assert findings(choice_certificate(problem, replace(choice, chosen=tuple(swapped)), stated, terms))


def test_it_says_who_is_chosen_who_waits_and_who_is_placed_whatever_the_mark() -> None:
    files = [
        StatedFile("A", 15_000, (), {"sex": "F", "city": "x"}),
        StatedFile("B", 14_000, (), {"sex": "M"}),
        StatedFile("C", 13_000, (), {"sex": "M"}),
        StatedFile("D", 9_000, (), {"sex": "F"}),
        StatedFile("E", 19_000, (), {"sex": "F"}),
        StatedFile("F", 18_000, (), {"sex": "F"}, "knocked_out"),
    ]
    groups = {each.reference: (0,) if each.attributes["sex"] == "F" else () for each in files}
    contenders = tuple(Contender(each, mark, (), lot_number("seed", each), groups[each]) for each, mark in
                       (("A", 15_000), ("B", 14_000), ("C", 13_000)))  # fmt: skip
    problem = ChoiceProblem(contenders, 2, (Bound({"sex": "F"}, 1),), {"D": (0,)})
    units = 1 + 1 * 2
    choice = Choice(("A",), 2, 0, Leaf(1, (0,), 14_500 * units), Prices(1, (0,), 14_500))
    hand = (StatedMove("E", False, "withdrawn"),)
    made = choice_certificate(problem, choice, files, StatedTerms("seed", 1, (), {"D": "medal"}, hand))
    assert findings(made) == []
    said = {row["reference"]: (row["outcome"], row.get("by"), row.get("out")) for row in made["rows"]}
    assert said == {
        "A": ("chosen", None, None), "B": ("waiting", None, None), "C": ("refused", None, None),
        "D": ("chosen", "right", None), "E": ("refused", "hand", None), "F": ("refused", None, "knocked_out"),
    }  # fmt: skip
    assert made["rows"][1]["attributes"] == {"sex": "F"}, "what no bound names is not told"
    assert outcomes_of(made)["A"] == ("offer", 2) and outcomes_of(made)["B"] == ("waiting", 3)
    with pytest.raises(ValueError, match="no file"):
        choice_certificate(problem, choice, files[1:], StatedTerms("seed"))


def by_rubric() -> dict[str, Any]:
    """Two files whose marks follow from scores, one of them knocked out."""
    criteria = [
        {"key": "d", "max": 5, "min": 0, "weight": 1, "knock_out_below": 2_000},
        {"key": "e", "max": 20, "min": 0, "weight": 2},
    ]
    rubric = {"phases": [{"criteria": criteria, "key": "f", "kind": "files", "readings": 2, "weight": 1}],
              "ties": ["d"]}  # fmt: skip
    files = []
    for name, scores, totals, mark, tie, out in (
        ("A", ((4, 10), (5, 11)), [12_000, 14_000], 13_000, 18_000, ""),
        ("B", ((1, 20), (2, 20)), [14_667, 16_000], 15_334, 6_000, "knocked_out"),
        ("C", ((3, 10), (3, 10)), [10_667, 10_667], 10_667, 12_000, ""),
    ):
        given = [dict(zip("de", each, strict=True)) for each in scores]
        marks = {"phases": [{"key": "f", "scores": given, "totals": totals}], "short": 0}
        files.append(StatedFile(name, mark, (tie,), {}, out, marks))
    contenders = (
        Contender("A", 13_000, (18_000,), lot_number("seed", "A")),
        Contender("C", 10_667, (12_000,), lot_number("seed", "C")),
    )
    unit = (1 + 1) * (1 + 6_000)
    choice = Choice(("A",), 1, 0, Leaf(1, (), 12_000 * unit), Prices(1, (), 12_000))
    terms = StatedTerms("seed", 1, ("d",), rubric=rubric)
    return choice_certificate(ChoiceProblem(contenders, 1), choice, files, terms)


def test_marks_follow_from_scores_where_a_rubric_says_how() -> None:
    made = by_rubric()
    assert findings(made) == []
    assert [row["reference"] for row in made["rows"]] == ["A", "C", "B"]
    count = len(list(places(made["rows"])))
    for place in range(count):
        changed = copy.deepcopy(made)
        holder, key = list(places(changed["rows"]))[place]
        if isinstance(holder[key], int):
            holder[key] += 1
            assert findings(sealed(changed)), (key, holder)
    del made["rows"][2]["out"]
    assert findings(sealed(made))


def test_more_seats_are_disproved_for_every_number_that_there_could_be() -> None:
    """One of X and Z, one of Y and Z, one of Z and W: Z alone fills one seat, the others three, and nobody two. What
    proves that two cannot be filled must not pass for a proof that three cannot."""
    kinds = [{"p": "1"}, {"q": "1"}, {"p": "1", "q": "1", "r": "1"}, {"r": "1"}]
    files = [StatedFile(name, 10_000, (), kind) for name, kind in zip("XYZW", kinds, strict=True)]
    bounds = tuple(Bound({key: "1"}, 1, 1) for key in "pqr")
    contenders = tuple(
        Contender(
            each.reference,
            10_000,
            (),
            lot_number("s", each.reference),
            tuple(n for n, bound in enumerate(bounds) if bound.counts(each.attributes)),
        )
        for each in files
    )
    best = Leaf(1, (-(10**6),) * 3, 2 * 10**6)
    fuller = Split(
        (0, 1, 2), 0,
        Leaf(1, (-1, -1, -1), 1, (2,), impossible=True), Leaf(1, (1, 1, 1), -1, (-2,), impossible=True),
    )  # fmt: skip
    choice = Choice(("Z",), 1, 0, best, Prices(1, (0, 0, 0), None), fuller)
    found = {
        seats: findings(
            choice_certificate(ChoiceProblem(contenders, seats, bounds), choice, files, StatedTerms("s"))
        )
        for seats in (2, 3)
    }
    assert found[2] == []
    assert [(each.code, each.values) for each in found[3]] == [("fuller", {"leaf": 1})]


def test_a_salted_reference_is_an_hmac_of_the_number() -> None:
    expected = hmac.new(b"salt", b"M-001", hashlib.sha256).hexdigest()
    assert salted(b"salt", "M-001") == expected != salted(b"other", "M-001")
    assert len(expected) == 64


@pytest.mark.parametrize("harmonised", [False, True])
def test_the_house_s_own_rubric_and_marks_make_rows_that_hold(harmonised: bool) -> None:
    formulas = {"dossiers": formula_of()} if harmonised else {}
    files = [
        read_file(1, (ANNE, 4, 4), (BRAHIM, 3, 3), formulas=formulas),
        read_file(2, (BRAHIM, 3, 3), (CHAMA, 4, 3), formulas=formulas),
    ]
    marks = {each.reference: each.marks for each in files}
    stated, contenders = [], []
    for row in read_board(*files, formulas=formulas).ranking.rows:
        found = marks[row.reference]
        assert found is not None
        stated.append(
            StatedFile(row.reference, row.mean, row.tie, marks=marks_stated(PLAIN, found, formulas))
        )
        contenders.append(Contender(row.reference, row.mean, row.tie, lot_number("seed", row.reference)))
    problem = ChoiceProblem(tuple(contenders), 1)
    choice = choose_by_force(problem)
    assert choice is not None
    rubric = phased_rubric(PLAIN, formulas)
    made = choice_certificate(
        problem, choice, stated, StatedTerms("seed", 1, tuple(rubric["ties"]), rubric=rubric)
    )
    assert findings(made) == []


@pytest.mark.parametrize("names", [(), ("A", "B")])
@pytest.mark.parametrize("seats", [0, 3])
def test_no_seats_nobody_and_more_seats_than_files_are_no_fault(names: tuple[str, ...], seats: int) -> None:
    contenders = tuple(Contender(each, 12_000, (), lot_number("s", each), (0,)) for each in names)
    problem = ChoiceProblem(contenders, seats, (Bound({"sex": "F"}, None, 9, hard=False),))
    choice = choose_by_force(problem)
    assert choice is not None and choice.filled == min(seats, len(names))
    files = [StatedFile(each, 12_000, (), {"sex": "F"}) for each in names]
    made = choice_certificate(problem, choice, files, StatedTerms("s", 1))
    assert findings(made) == []
    lines = CandidateLines(made)
    assert all(line_findings(lines.line(each), lines.root) == [] for each in names)
    assert public_sheet(made, lines.root)["groups"] == [{"files": None, "chosen": None}]
