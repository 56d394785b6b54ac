"""Ranking by harmonised marks, and the certificate from which a stranger redoes them."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.base.errors import Refused
from cohortmgr.programmes.definition.rubric import Criterion, PhaseKind, Rubric, RubricPhase
from cohortmgr.reviews.harmonising.rules import ChosenFormula, MarkBasis, MarkFormula
from cohortmgr.reviews.phases.marks import FileMarks, Reading
from cohortmgr.reviews.rules import total_thousandths
from cohortmgr.selection.board import SelectionBoard, SelectionFile, build, require_read
from cohortmgr.selection.certificate import certificate, digest, verify
from cohortmgr.selection.deciding import decisions
from cohortmgr.selection.ranking import lot
from cohortmgr.selection.stating import rubric_of

NAME = {"fr": "Critère", "ar": "معيار", "en": "Criterion"}
FILES = RubricPhase("dossiers", (Criterion("d", NAME, 1, 0, 5), Criterion("e", NAME, 2, 0, 5)), readings=2)
ORAL = RubricPhase("entretien", (Criterion("o", NAME, 1, 0, 20),), PhaseKind.INTERVIEW, readings=1, weight=3)
PLAIN, PHASED = Rubric((FILES,)), Rubric((FILES, ORAL))
# References of persons, which no certificate may state.
ANNE, BRAHIM, CHAMA = "01ANNE", "01BRAHIM", "01CHAMA"
LETTERS = {ANNE: "A", BRAHIM: "B", CHAMA: "C"}
FORMULA = MarkFormula(10_000, 640, {ANNE: 1_200, BRAHIM: -400, CHAMA: -800}, {})


def chosen(formula: MarkFormula = FORMULA, basis: MarkBasis = MarkBasis.HARMONISED) -> ChosenFormula:
    return ChosenFormula(basis, formula, LETTERS, "the digest of the first marks")


def read(phase: RubricPhase, reader: str, *scores: int) -> Reading:
    given = dict(zip((each.key for each in phase.criteria), scores, strict=True))
    return Reading(total_thousandths(phase, given), given, reader)


def file(
    number: int,
    *readings: tuple[str, int, int],
    oral: list[Reading] | None = None,
    reached: int = 0,
    formulas: dict[str, ChosenFormula] | None = None,
) -> SelectionFile:
    found = {"dossiers": [read(FILES, reader, one, two) for reader, one, two in readings]}
    if oral is not None:
        found["entretien"] = oral
    wanted = {"dossiers": chosen()} if formulas is None else formulas
    harmonised = {
        key: each.formula.mark((reading.reader, reading.total) for reading in found[key])
        for key, each in wanted.items()
        if key in found and all(reading.reader for reading in found[key])
    }
    name = f"M-{number:03}"
    marks = FileMarks(found, reached, frozenset(), harmonised)
    return SelectionFile(number, number, name, name, None, True, reference=name, marks=marks)


def board(*files: SelectionFile, seats: int = 1, waiting: int = 1, **other: Any) -> SelectionBoard:
    formulas = other.pop("formulas", {"dossiers": chosen()})
    return build(files, other.pop("rubric", PLAIN), seats, waiting, "seed", None, formulas, **other)


def certified(found: SelectionBoard) -> dict[str, Any]:
    rubric = rubric_of(found.rubric, found.formulas)
    return certificate(found.ranking, found.seats, "seed", rubric, found.waiting, found.scores, found.parts)


THREE = (
    file(1, (ANNE, 4, 4), (BRAHIM, 3, 3)),
    file(2, (BRAHIM, 3, 3), (CHAMA, 4, 3)),
    file(3, (ANNE, 1, 1), (CHAMA, 1, 1)),
)


def test_the_order_follows_the_marks_that_a_calculator_gives() -> None:
    """File 1: 16 and 12 of twenty; 10 + (16 - 1.2 - 10 + 12 + 0.4 - 10) / 2.64 = 10 + 7.2 / 2.64 = 12.7273.
    File 2: 12 and 13.333; 10 + (2.4 + 4.133) / 2.64 = 12.4747. Raw they have 14 and 12.667."""
    rows = board(*THREE).ranking.rows
    assert [(row.reference, row.mean) for row in rows[:2]] == [("M-001", 12_727), ("M-002", 12_475)]
    assert rows[0].totals == (16_000, 12_000), "the page still shows the readings"
    generous = MarkFormula(10_000, 640, {ANNE: 3_200, BRAHIM: -400, CHAMA: -800})
    other = {"dossiers": chosen(generous)}
    files = [
        file(number, *readings, formulas=other)
        for number, readings in ((1, ((ANNE, 4, 4), (BRAHIM, 3, 3))), (2, ((BRAHIM, 3, 3), (CHAMA, 4, 3))))
    ]
    found = board(*files, formulas=other)
    assert [row.reference for row in found.ranking.rows] == ["M-002", "M-001"]
    assert verify(certified(found)) == []


def test_a_certificate_of_harmonised_marks_says_its_format_and_no_name() -> None:
    found = certified(board(*THREE))
    assert found["format"] == 5 and verify(found) == []
    assert verify(json.loads(json.dumps(found))) == []
    (phase,) = found["rubric"]["phases"]
    assert phase["marks"] == {
        "basis": "harmonised", "mean": 10_000, "shrinkage": 640,
        "severities": {"A": 1_200, "B": -400, "C": -800}, "weights": {"A": 1_000, "B": 1_000, "C": 1_000},
    }  # fmt: skip
    assert found["rows"][0]["phases"][0] == {
        "key": "dossiers", "mark": 12_727, "readers": ["A", "B"],
        "scores": [{"d": 4, "e": 4}, {"d": 3, "e": 3}], "totals": [16_000, 12_000],
    }  # fmt: skip
    assert not [name for name in LETTERS if name in json.dumps(found)]


def changed(made: dict[str, Any], change: Any) -> dict[str, Any]:
    copied = deepcopy(made)
    change(copied)
    copied["sha256"] = digest(copied)
    return copied


def _first(made: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = made["rows"][0]["phases"][0]
    return found


def _numbers(made: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = made["rubric"]["phases"][0]["marks"]
    return found


@pytest.mark.parametrize(
    "change",
    [
        lambda each: _first(each).update(mark=12_728),
        lambda each: _first(each).pop("mark"),
        lambda each: (_first(each).pop("mark"), _first(each).pop("readers")),
        lambda each: _first(each).update(readers=["A", "C"]),
        lambda each: _first(each).update(readers=["A", "A"]),
        lambda each: _first(each).update(readers=["A"]),
        lambda each: _first(each).update(readers=["A", "D"]),
        lambda each: _first(each)["scores"][0].update(d=5),
        lambda each: _first(each)["totals"].__setitem__(0, 16_001),
        lambda each: each["rows"][0].update(totals=[12_727]),
        lambda each: each["rows"][0].update(mean=12_728),
        lambda each: _numbers(each).update(mean=10_010),
        lambda each: _numbers(each).update(shrinkage=700),
        lambda each: _numbers(each).update(shrinkage=None),
        lambda each: _numbers(each).update(shrinkage=-640),
        lambda each: _numbers(each).update(basis="raw"),
        lambda each: _numbers(each)["severities"].update(A=1_210),
        lambda each: _numbers(each)["severities"].pop("A"),
        lambda each: _numbers(each)["weights"].update(A=1_100),
        lambda each: _numbers(each)["weights"].update(C=999),
        lambda each: each["rubric"]["phases"][0].pop("marks"),
        lambda each: each["rubric"]["phases"][0].update(marks=None),
        lambda each: each.update(format=4),
        lambda each: each["rows"].reverse(),
        lambda each: each.update(seats=2),
        lambda each: each["rows"][0]["phases"].clear(),
    ],
)
def test_whatever_is_changed_in_it_shows(change: Any) -> None:
    assert verify(changed(certified(board(*THREE)), change)) != []


def test_where_files_do_not_differ_each_has_the_mean() -> None:
    formulas = {"dossiers": chosen(replace(FORMULA, shrinkage=None))}
    files = [file(number, (ANNE, number, 4), (CHAMA, 2, 2), formulas=formulas) for number in (1, 2)]
    found = board(*files, formulas=formulas)
    assert {row.mean for row in found.ranking.rows} == {10_000} and verify(certified(found)) == []


def test_a_phase_with_its_weight_and_the_nought_of_who_did_not_come() -> None:
    """Nobody gave the nought: it is no mark to be harmonised, or an absence would be drawn towards the mean."""
    formulas = {"dossiers": chosen(), "entretien": chosen(replace(FORMULA, mean=12_000))}
    nought = [Reading(0, {"o": 0})]
    files = (
        file(1, (ANNE, 4, 4), (BRAHIM, 3, 3), oral=[read(ORAL, CHAMA, 15)], reached=1, formulas=formulas),
        file(2, (ANNE, 4, 4), (BRAHIM, 3, 3), oral=nought, reached=1, formulas=formulas),
    )
    found = board(*files, rubric=PHASED, formulas=formulas)
    heard = 12_000 + round(Fraction((15_000 + 800 - 12_000) * 1_000, 1_640))
    exact = {row.reference: row.exact for row in found.ranking.rows}
    assert exact == {"M-001": Fraction(12_727 + 3 * heard, 4), "M-002": Fraction(12_727, 4)}
    made = certified(found)
    assert verify(made) == []
    assert made["rows"][0]["totals"] == [12_727, heard], "of several phases a row has their marks"
    absent = made["rows"][1]["phases"][1]
    assert "mark" not in absent and "readers" not in absent
    assert (
        verify(changed(made, lambda each: each["rows"][1]["phases"][1].update(mark=0, readers=["A"]))) != []
    )


def test_knock_outs_and_ties_stay_with_what_readers_gave() -> None:
    strict = replace(
        FILES, criteria=(replace(FILES.criteria[0], knock_out_below=Decimal(3)), FILES.criteria[1])
    )
    found = board(*THREE, rubric=Rubric((strict,)))
    out = [row for row in found.ranking.rows if row.knocked_out]
    assert [row.reference for row in out] == ["M-003"] and verify(certified(found)) == []
    assert found.ranking.rows[0].tie == (14_000, 14_000)


def test_nothing_is_decided_on_harmonised_marks_of_before() -> None:
    require_read(board(*THREE))
    with pytest.raises(Refused, match="datent d’avant") as refusal:
        require_read(board(*THREE, stale=("dossiers",)))
    assert refusal.value.problems[0].where == "stale"


def test_the_refused_are_told_what_a_harmonised_mark_is() -> None:
    told = {
        each.file.number: [str(reason) for reason in each.reasons] for each in decisions(board(*THREE), ())
    }
    assert "Votre note harmonisée est de 5.30 sur 20 ; le seuil se situait entre" in told["M-003"][1]
    assert "péréquation" in told["M-003"][2] and "commission" in told["M-003"][2]
    assert told["M-003"][3].startswith("d: "), "what cost most comes after it"
    raw = [replace(each, marks=None, readings=tuple(each.marks.of(FILES))) for each in THREE if each.marks]
    plain = [str(reason) for reason in decisions(board(*raw, formulas={}), ())[-1].reasons]
    assert "Votre moyenne est de" in plain[1] and not any("harmonis" in each for each in plain)


def test_raw_marks_make_the_certificates_that_they_always_made() -> None:
    """The digests were taken before there were harmonised marks."""
    known = {
        None: (2, "09dc7859a8f058f8c6c7cff1a91b372fc1a0b03d0fbf938a8fb2561a1efa98b3"),
        Decimal(3): (3, "1832ad7fef67d20bf6452a94939660e23d52b5d1de2beec83af28b8f99b8c86b"),
    }
    for limit, (number, sha256) in known.items():
        first, second = FILES.criteria
        rubric = Rubric((replace(FILES, criteria=(replace(first, knock_out_below=limit), second)),))
        files = [
            replace(
                file(each, ("", each % 5, each % 3), ("", (each + 2) % 6, each % 4), formulas={}), marks=None,
                readings=(read(FILES, "", each % 5, each % 3), read(FILES, "", (each + 2) % 6, each % 4)),
            )
            for each in range(1, 10)
        ]  # fmt: skip
        made = certified(board(*files, seats=3, waiting=2, rubric=rubric, formulas={}))
        assert (made["format"], made["sha256"]) == (number, sha256)


def stranger(made: dict[str, Any]) -> list[tuple[str, int]]:
    """Redo a selection from its certificate as somebody would who has read what the format says, and nothing else."""
    found = []
    for row in made["rows"]:
        over, weights = Fraction(0), 0
        for phase in made["rubric"]["phases"]:
            for part in row["phases"]:
                if part["key"] != phase["key"]:
                    continue
                totals = []
                for scores in part["scores"]:
                    whole = sum(each["weight"] for each in phase["criteria"])
                    parts = [
                        Fraction(
                            each["weight"] * (scores[each["key"]] - each["min"]), each["max"] - each["min"]
                        )
                        for each in phase["criteria"]
                    ]
                    totals.append(round(20_000 * sum(parts) / whole))
                mark = Fraction(sum(totals), len(totals))
                if "mark" in part:
                    numbers = phase["marks"]
                    top, bottom = Fraction(0), numbers["shrinkage"]
                    for reader, total in zip(part["readers"], totals, strict=True):
                        weight = numbers["weights"][reader]
                        top += weight * (total - numbers["severities"][reader] - numbers["mean"])
                        bottom = None if bottom is None else bottom + weight
                    mark = Fraction(round(numbers["mean"] + (top / bottom if bottom else 0)))
                over, weights = over + phase["weight"] * mark, weights + phase["weight"]
        mean = over / weights
        ties = [-value for value in row["tie"]]
        found.append((row["short"], -mean, ties, lot(made["seed"], row["reference"]), row["reference"]))
    return [(row[-1], round(-row[1])) for row in sorted(found)]


SCORES = st.tuples(
    st.integers(0, 5), st.integers(0, 5), st.integers(0, 5), st.integers(0, 5), st.integers(0, 20)
)
FORMULAS = st.builds(
    MarkFormula,
    st.integers(0, 20_000),
    st.none() | st.integers(0, 3_000),
    st.fixed_dictionaries({name: st.integers(-7_000, 7_000) for name in LETTERS}),
    st.fixed_dictionaries({name: st.integers(500, 2_000) for name in LETTERS}),
)
PAIRS = ((ANNE, BRAHIM), (BRAHIM, CHAMA), (CHAMA, ANNE))


@given(
    st.lists(SCORES, min_size=1, max_size=7), FORMULAS, FORMULAS, st.booleans(), st.integers(0, 4), st.data()
)
def test_a_stranger_finds_the_same_and_any_changed_number_shows(
    given: list[tuple[int, ...]], one: MarkFormula, other: MarkFormula, is_plain: bool, seats: int, data: Any
) -> None:
    formulas = {"dossiers": chosen(one, MarkBasis.WEIGHTED)}
    if not is_plain:
        formulas["entretien"] = chosen(other, MarkBasis.WEIGHTED)
    files = []
    for number, (a, b, c, d, heard) in enumerate(given, start=1):
        first, second = PAIRS[number % 3]
        oral = None if is_plain else [read(ORAL, first, heard)]
        reached = 0 if is_plain else 1
        files.append(
            file(number, (first, a, b), (second, c, d), oral=oral, reached=reached, formulas=formulas)
        )
    rubric = PLAIN if is_plain else PHASED
    made = certified(board(*files, seats=seats, rubric=rubric, formulas=formulas))
    assert verify(made) == []
    assert stranger(made) == [(row["reference"], row["mean"]) for row in made["rows"]]
    places = list(_places(made["rows"]))
    holder, key = data.draw(st.sampled_from(places))
    more = data.draw(st.sampled_from([-1, 1, 999]))
    holder[key] += more
    made["sha256"] = digest(made)
    assert verify(made) != []
    holder[key] -= more
    if one.shrinkage is not None:
        reader = data.draw(st.sampled_from(made["rows"][0]["phases"][0]["readers"]))
        _numbers(made)["severities"][reader] += 2_000
        made["sha256"] = digest(made)
        assert verify(made) != []


def _places(value: Any) -> Any:
    """Where each whole number stands."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in pairs:
        if isinstance(each, (dict, list)):
            yield from _places(each)
        elif isinstance(each, int):
            yield value, key
