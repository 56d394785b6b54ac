"""Candidates in somebody's table: what is read, and what is said of each line that cannot be."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.base.errors import FaultyLines, Refused
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.desk.candidates import (
    DeskCandidate,
    desk_candidates,
    lookalikes,
    nobody_has,
    thousandths,
    without_value,
)
from cohortmgr.selection.desk.rules import DeskRules

NORTH = Bound({"region": "N"}, at_least=1)
ONE = DeskRules(3, "s", (NORTH,))
SEVERAL = DeskRules({"X": 1, "Y": 1}, "s")
HEADER = ("application", "score", "region")
WISHING = ("application", "score", "wish_1", "wish_2")


def _read(rules: DeskRules, *rows: Sequence[str]) -> tuple[DeskCandidate, ...]:
    return desk_candidates(iter(enumerate(rows, 1)), rules)


def _faults(rules: DeskRules, *rows: Sequence[str]) -> list[str]:
    with pytest.raises(FaultyLines) as caught:
        _read(rules, *rows)
    return [f"{fault.line}: {fault.problem}" for fault in caught.value.faults]


def _refusals(rules: DeskRules, *rows: Sequence[str]) -> list[str]:
    with pytest.raises(Refused) as caught:
        _read(rules, *rows)
    return [str(problem) for problem in caught.value.problems]


def test_names_marks_and_the_attributes_that_bounds_name_are_read() -> None:
    header = (" Region ", "SCORE", "note", "Application", "region")
    found = _read(
        ONE,
        header,
        ("?", "12,5", "x", "=A1", " N "),
        ("", "", ""),
        ("?", "7", "", "A2", ""),
        ("", "8.125", "", "A3"),
    )
    assert found == (
        DeskCandidate("=A1", 12_500, {"region": "N"}),
        DeskCandidate("A2", 7_000, {}),
        DeskCandidate("A3", 8_125, {}),
    )


def test_wishes_are_read_in_the_order_of_their_numbers() -> None:
    header = ("wish_10", "application", "Wish_2", "score", "wish_1")
    found = _read(SEVERAL, header, ("", "A", "X", "1", "Y"), ("X", "B", "", "1", ""))
    assert [each.wishes for each in found] == [("Y", "X"), ("X",)]
    assert _read(ONE, (*header, "region"), ("Q", "A", "Q", "1", "", "N"))[0].wishes == ()


def test_each_line_with_a_fault_is_told() -> None:
    found = _faults(
        ONE,
        HEADER,
        ("A1", "12", "N"),
        ("A2", "", "N"),
        ("", "13", "N"),
        ("A1", "12", "N"),
        ("A3", "douze", "N"),
        ("A4", "20.0005", "N"),
        ("A5", "nan", "N"),
        ("A6", "1e1", "N"),
        ("A7", "٣", "N"),
        ("A2", "12", "N"),
        ("", "", "N"),
        ("A\0", "12", "N"),
    )
    assert found == [
        "3: La colonne « score » est vide.",
        "4: La colonne « application » est vide.",
        "5: Cette candidature est déjà à la ligne 2.",
        "6: « douze » n’est pas un nombre.",
        "7: La note 20.0005 a plus de trois décimales.",
        "8: « nan » n’est pas un nombre.",
        "9: « 1e1 » n’est pas un nombre.",
        "10: « ٣ » n’est pas un nombre.",
        "11: Cette candidature est déjà à la ligne 3.",
        "12: La colonne « application » est vide.",
        "12: La colonne « score » est vide.",
        "13: Le nom de cette candidature contient un caractère qui ne s’enregistre pas.",
    ]


def test_wishes_that_are_none_are_told() -> None:
    found = _faults(
        SEVERAL, WISHING, ("A", "1", "X", "Z"), ("B", "1", "Y", "Y"), ("C", "1", "", " "), ("D", "1", "", "X")
    )
    assert found == [
        "2: L’offre « Z » (wish_2) n’a pas de places dans les règles.",
        "3: L’offre « Y » vient deux fois parmi les vœux de cette candidature.",
        "4: Cette candidature n’a aucun vœu.",
    ]


@pytest.mark.parametrize(
    ("rules", "header", "words"),
    [
        (ONE, ("application", "region"), "Colonnes qui manquent : score."),
        (ONE, ("application", "score", "regoin"), "bound[1].where.region: Aucune colonne « region »"),
        (ONE, (*HEADER, "region"), "La colonne « region » vient deux fois."),
        (SEVERAL, HEADER, "il faut une colonne wish_1"),
        (SEVERAL, (*WISHING, "wish_2"), "La colonne « wish_2 » vient deux fois."),
        (ONE, (), "Colonnes qui manquent : application, score."),
        (ONE, HEADER, "ne contient aucune candidature"),
    ],
)
def test_tables_that_lack_what_the_rules_need(rules: DeskRules, header: Sequence[str], words: str) -> None:
    assert words in _refusals(rules, header)[0]


def test_groups_of_nobody_are_named() -> None:
    rules = DeskRules(3, "s", (NORTH, Bound({"region": "Q"}, at_most=1)))
    assert nobody_has(_read(rules, HEADER, ("A", "1", "N"), ("B", "1", "S")), rules) == ["bound[2].where"]


def test_values_that_look_like_a_bound_s_and_are_another_are_named() -> None:
    rules = DeskRules(3, "s", (Bound({"region": "Fès"}, at_most=1), Bound({"region": "FES"}, 1)))
    typed = ("Fès", "Fe\u0300s", "fès", "fès", "FES", "Rabat", "F\u200bès", "")
    files = _read(rules, HEADER, *((f"A{n}", "1", region) for n, region in enumerate(typed)))
    assert without_value(files, rules) == [("region", 1)]
    found = list(lookalikes(files, rules))
    assert {(value, many) for _key, value, many in found} == {("Fe\u0300s", 1), ("fès", 2), ("F\u200bès", 1)}
    assert {key for key, _value, _many in found} == {"bound[1].where.region", "bound[2].where.region"}


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("20", 20_000), ("20.5", 20_500), ("20,125", 20_125), ("20.", 20_000), ("-0.5", -500), ("+1", 1_000),
        ("20.5000", 20_500), ("20.0005", None), ("", None), (".", None), ("1 000", None), ("1_0", None),
        ("12.3.4", None), ("9" * 10, None),
    ],
)  # fmt: skip
def test_marks_are_thousandths_or_none(typed: str, value: int | None) -> None:
    assert thousandths(typed) == value


@given(st.integers(-(10**9), 10**9))
def test_every_thousandth_is_read_as_it_is_written(value: int) -> None:
    sign, size = "-" if value < 0 else "", abs(value)
    assert thousandths(f"{sign}{size // 1000}.{size % 1000:03}") == value
