"""Scores in somebody's table: what is read, and what is said of each line that cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from cohortmgr.base.errors import FaultyLines, Refused
from cohortmgr.reviews.calibration.calibrating import calibrate
from cohortmgr.reviews.calibration.score_files import phase_scores

HEADER = ("application", "reviewer", "score")
SCALE = (Decimal(0), Decimal(20))


def _faults(*rows: Sequence[str], header: Sequence[str] = HEADER) -> list[str]:
    with pytest.raises(FaultyLines) as caught:
        phase_scores(iter(enumerate([header, *rows], 1)), SCALE)
    return [f"{fault.line}: {fault.problem}" for fault in caught.value.faults]


def test_each_line_with_a_fault_is_told() -> None:
    found = _faults(
        ("A1", "R1", "12"),
        ("A1", "R2", ""),
        ("A2", "", "13"),
        ("", "R2", "12"),
        ("A2", "R2", "douze"),
        ("A2", "R1", "21"),
        ("A3", "R1", "-0.5"),
        ("A1", "R1", "12"),
        ("A3", "R2"),
        ("", "", ""),
        ("A4", "R1", "nan"),
        ("A4", "R2", "1_0"),
        ("A5", "R2", "٣"),
    )
    assert found == [
        "3: La colonne « score » est vide.",
        "4: La colonne « reviewer » est vide.",
        "5: La colonne « application » est vide.",
        "6: « douze » n’est pas un nombre.",
        "7: La note 21 est hors de l’échelle, qui va de 0 à 20.",
        "8: La note -0.5 est hors de l’échelle, qui va de 0 à 20.",
        "9: Cette note est déjà donnée à la ligne 2.",
        "10: La colonne « score » est vide.",
        "12: « nan » n’est pas un nombre.",
        "13: « 1_0 » n’est pas un nombre.",
        "14: « ٣ » n’est pas un nombre.",
    ]


def test_criteria_are_summed_and_none_may_lack() -> None:
    header = ("reviewer", "criterion", "score", "note", "application")
    rows = [
        ("R1", "fond", "12.5", "x", "A1"),
        ("R1", "forme", "7", "", "A1"),
        ("R2", "forme", "8", "", "A1"),
        ("R2", "fond", "9", "", "A1"),
        ("R1", "fond", "3", "", "A2"),
    ]
    scores, criteria = phase_scores(iter(enumerate([header, *rows[:4]], 1)), SCALE)
    assert (criteria, scores.score.tolist()) == (2, [19_500, 17_000])
    assert (scores.files, scores.readers) == (("A1",), ("R1", "R2"))
    assert _faults(*rows, header=header) == ["6: Cette lecture n’a pas de note au critère « forme »."]
    assert _faults(*rows[:4], rows[0], header=header) == ["6: Cette note est déjà donnée à la ligne 2."]
    assert _faults(("R1", "", "3", "", "A2"), header=header) == ["2: La colonne « criterion » est vide."]


@pytest.mark.parametrize(
    ("typed", "value"),
    [("13", 13), ("13,5", 13.5), ("+7.25", 7.25), ("1e1", 10), (" 9 ", 9), (".5", 0.5), ("3.", 3), ("-0", 0)],
)
def test_numbers_are_read_as_people_and_programs_write_them(typed: str, value: float) -> None:
    scores, _ = phase_scores(iter(enumerate([HEADER, ("A1", "R1", typed)], 1)), SCALE)
    assert scores.score.tolist() == [value * 1000 * scores.ticks]


def test_long_decimals_are_kept_and_rounded_once() -> None:
    rows = [("A1", "R1", "13.333333333333"), ("A1", "R2", "13.4"), ("A2", "R1", "12"), ("A2", "R2", "11")]
    scores, _ = phase_scores(iter(enumerate([HEADER, *rows], 1)))
    assert scores.ticks == 10**9
    assert scores.score.tolist() == [13_333_333_333_333, 13_400_000_000_000, 12 * 10**12, 11 * 10**12]
    plain, _ = phase_scores(
        iter(enumerate([HEADER, *((file, reader, f"{float(mark):.3f}") for file, reader, mark in rows)], 1))
    )
    assert calibrate(scores).marks() == pytest.approx(calibrate(plain).marks(), abs=1)


def test_large_numbers_are_exact() -> None:
    rows = [("A1", "R1", "999999999999.000000000001"), ("A2", "R1", "3"), ("A1", "R2", "5")]
    found = calibrate(phase_scores(iter(enumerate([HEADER, *rows], 1)))[0])
    by_hand = [
        found.formula.mark([(reader, int(Decimal(mark) * 1000)) for one, reader, mark in rows if one == file])
        for file in ("A1", "A2")
    ]
    assert found.marks() == pytest.approx(by_hand, abs=1)


def test_a_table_without_columns_or_scores_is_refused() -> None:
    for rows, told in (
        ([("application", "score")], "Colonnes qui manquent : reviewer."),
        ([HEADER], "aucune note"),
        ([], "application, reviewer, score"),
    ):
        with pytest.raises(Refused, match=told):
            phase_scores(iter(enumerate(rows, 1)))


def test_columns_are_found_by_any_case_and_in_any_order() -> None:
    header = ("", "Score ", "REVIEWER", "Application")
    scores, _ = phase_scores(iter(enumerate([header, ("", "4", "R", "A")], 1)))
    assert (scores.files, scores.readers, scores.score.tolist()) == (("A",), ("R",), [4_000])
