"""What a sheet of a test's results says, and what is wrong with its rows."""

from __future__ import annotations

import pytest

from cohortmgr.base.errors import Refused
from cohortmgr.base.sheets.tables import Record, SheetTable
from cohortmgr.programmes.definition.rubric import Criterion, PhaseKind, RubricPhase
from cohortmgr.reviews.phases.result_rows import MOST_ROWS, ResultRow, result_rows

NAME = {"fr": "Nom", "ar": "اسم", "en": "Name"}
PHASE = RubricPhase(
    "epreuve", (Criterion("a", NAME, 1, 0, 5), Criterion("b", NAME, 1, 0, 20)), PhaseKind.TEST
)
KNOWN = {"dossier": "number", "a": "a", "b": "b"}
NUMBERS = {"m-1": "M-1", "m-2": "M-2", "reference1": "M-1"}


def read(*rows: tuple[str, ...], header: tuple[str, ...] = ("Dossier", "A", "b")) -> list[ResultRow]:
    table = SheetTable(header, tuple(Record(line, row) for line, row in enumerate(rows, start=2)))
    return result_rows(table, PHASE, KNOWN, NUMBERS)


def test_a_file_is_found_by_its_number_or_its_reference() -> None:
    one, two = read(("REFERENCE1", "5", "20.0"), (" m-2 ", "0", "7"))
    assert (one.number, one.scores, one.problems) == ("M-1", {"a": 5, "b": 20}, ())
    assert (two.number, two.scores, two.problems) == ("M-2", {"a": 0, "b": 7}, ())


@pytest.mark.parametrize("word", ["absent", "Absente", "ABS", "غائب"])
def test_who_did_not_come_has_no_mark(word: str) -> None:
    (row,) = read(("M-1", word, ""))
    assert row.absent and row.scores == {} and row.problems == ()
    (both,) = read(("M-1", word, "3"))
    assert "à la fois" in str(both.problems[0])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("M-9", "1", "1"), "pas dans cette phase"),
        (("M-1", "6", "1"), "comprise"),
        (("M-1", "1", ""), "Donnez une note"),
        (("M-1", "bien", "1"), "pas une note"),
        (("M-1", "1,5", "1"), "pas une note"),
        (("M-1", "=1+1", "1"), "pas une note"),
        (("", "1", "1"), "pas dans cette phase"),
    ],
)
def test_what_is_wrong_with_a_row_is_said(row: tuple[str, ...], said: str) -> None:
    (found,) = read(row)
    assert said in str(found.problems[0])


def test_a_file_twice_is_wrong_the_second_time_and_empty_lines_are_none() -> None:
    first, again = read(("M-1", "1", "1"), ("", "", ""), ("M-1", "1", "1"))
    assert not first.problems and "deux fois" in str(again.problems[0]) and again.line == 4


@pytest.mark.parametrize("other", [("M-1", "2", "2"), ("M-1", "absent", "absent")])
def test_of_two_rows_that_say_different_things_of_a_file_neither_is_taken(other: tuple[str, ...]) -> None:
    rows = read(("M-1", "1", "1"), ("M-2", "1", "1"), other)
    assert ["deux fois" in str(each.problems) for each in rows] == [True, False, True]


def test_a_sheet_without_its_columns_or_without_end_is_refused() -> None:
    with pytest.raises(Refused, match="colonnes"):
        read(("M-1", "1"), header=("Dossier", "A"))
    with pytest.raises(Refused, match="Trop de lignes"):
        read(*[("M-1", "1", "1")] * (MOST_ROWS + 1))
