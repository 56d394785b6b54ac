"""What the page of the jury shows: rows of pictures, letters, a mark worked out step by step."""

from __future__ import annotations

from fractions import Fraction

import pytest
from flask import Flask

from cohortmgr.base.catalogues import ROOT
from cohortmgr.base.errors import Problem, as_json
from cohortmgr.base.i18n import init_i18n, say
from cohortmgr.reviews.harmonising.rules import MarkBasis, MarkFormula
from cohortmgr.reviews.jury import display
from cohortmgr.reviews.jury.rules import RibbonFile

FORMULA = MarkFormula(10_118, 182, {"ra": 5_136, "rh": -2_375, "rf": -1_082}, {"ra": 800})
LETTERS = {"ra": "A", "rf": "F", "rh": "H"}
READINGS = {"MDIA-000001": [("rh", 12_000), ("rf", 11_000)], "MDIA-000002": [("ra", 14_000)]}
FILES = [
    RibbonFile("MDIA-000003", 15_000, 15_500, 700, True, True, 9_990),
    RibbonFile("MDIA-000001", 11_500, 12_969, 700, False, True, 8_200),
    RibbonFile("MDIA-000002", 14_000, 9_000, 700, True, False, 300),
]


@pytest.fixture(autouse=True)
def _speaking() -> object:
    app = Flask("cohortmgr")
    app.config["ROOT"] = ROOT
    init_i18n(app)
    with app.test_request_context():
        yield


def test_severities_are_ordered_and_the_middle_is_left_out_where_there_are_many() -> None:
    readers = [
        {"reference": f"r{place}", "readings": 12, "severity": place, "error": 500, "weighted_severity": -place,
         "weighted_error": 250, "weight": 900}
        for place in range(100)
    ]  # fmt: skip
    labels = {f"r{place}": f"L{place}" for place in range(100)}
    rows, left_out = display.severity_rows(readers, MarkBasis.HARMONISED, labels)
    assert (len(rows), left_out) == (80, 20)
    assert [rows[0].label, rows[39].label, rows[40].label, rows[-1].label] == ["L99", "L60", "L39", "L0"]
    assert {row.margin for row in rows} == {980} and {row.weight for row in rows} == {1000}
    weighted, _ = display.severity_rows(readers[:3], MarkBasis.WEIGHTED, labels)
    assert [(row.label, row.severity, row.margin, row.weight) for row in weighted] == [
        ("L0", 0, 490, 900), ("L1", -1, 490, 900), ("L2", -2, 490, 900)
    ]  # fmt: skip
    told = display.told_severities(rows[:1], MarkBasis.HARMONISED)
    assert told[0]["figures"] == ["12", "\u2066+0,099\u2069", "\u2066± 1,0\u2069"]


def test_the_scale_of_severities_lies_about_nought_and_holds_all_margins() -> None:
    rows = [display.SeverityRow("A", 12, 5_136, 1_900, 1000), display.SeverityRow("B", 12, -500, 300, 1000)]
    assert display.severity_reach(rows) == 8 and display.severity_reach([]) == 1


def test_the_ribbon_says_who_crosses_and_why() -> None:
    rows = display.ribbon_rows(FILES, READINGS, FORMULA, LETTERS)
    told = display.told_ribbon(rows)
    assert [row["way"] for row in told] == ["", "in", "out"]
    assert told[1]["note"] == "lu par H, qui donne 2,4 de moins"
    assert told[2]["note"] == "lu par A, qui donne 5,1 de plus"
    assert [row["is_last"] for row in told] == [False, True, False]
    assert told[2]["figures"] == ["14,00", "\u20669,00 ± 1,4\u2069", "\u20663\u00a0%\u2069"]
    assert display.line_of(FILES) == pytest.approx((12.969 + 9) / 2)
    assert display.line_of(FILES[:2]) is None
    assert display.ribbon_reach(rows) == (7, 17) and display.ribbon_reach([]) == (0, 20)


def test_one_that_crosses_since_others_move_says_so() -> None:
    (row,) = display.ribbon_rows([FILES[1]], {}, FORMULA, LETTERS)
    assert (
        row.reason is not None
        and say(row.reason).replace("\xa0", " ") == "sa note tient : d’autres dossiers bougent"
    )


def test_files_that_one_has_yet_to_read_are_left_out() -> None:
    kept = [["MDIA-000003", 1, 2, 3, True, True, 4], ["MDIA-000001", 1, 2, 3, True, False, 4]]
    assert [each.number for each in display.ribbon_of(kept, {"MDIA-000003"})] == ["MDIA-000001"]


def test_the_worked_example_is_of_a_file_that_crosses_and_ends_with_its_mark() -> None:
    found = display.worked_example(FILES, READINGS, FORMULA, LETTERS)
    assert found is not None and found.number == "MDIA-000001"
    assert [(each.label, each.product) for each in found.readings] == [("H", 4.257), ("F", 1.964)]
    assert found.over == pytest.approx(6.221) and (found.weights, found.shrinkage) == (2_000, 182)
    exact = Fraction(10_118) + Fraction(6_221 * 1000, 2_182)
    assert found.mark == round(exact)
    assert display.worked_example(FILES, {}, FORMULA, LETTERS) is None
    assert display.worked_example(FILES, READINGS, MarkFormula(10_000, None, {}), LETTERS) is None


def test_cautions_name_letters_and_keep_what_names_nobody() -> None:
    named = Problem("Évaluateurs : %(count)s (%(names)s).", {"count": 2, "names": ("ra", "rf")})
    plain = Problem("Les dossiers ne se distinguent pas.")
    found = display.cautions_of([as_json(named), as_json(plain)], LETTERS)
    assert say(found[0]) == "Évaluateurs : 2 (A, F)." and found[1] == plain
