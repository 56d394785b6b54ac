"""What a sheet of marks says of one's own readings."""

import pytest

from cohortmgr.base.errors import Refused
from cohortmgr.base.sheets.tables import Record, SheetTable
from cohortmgr.programmes.definition.rules import Criterion, Rubric, RubricPhase
from cohortmgr.reviews.marksheets.rules import MarkedRow, OwnReading, heads_counted, marked_rows

NAME = {"fr": "Nom", "ar": "اسم", "en": "Name"}
RUBRIC = Rubric((RubricPhase("dossiers", (Criterion("a", NAME, 1, 0, 5), Criterion("b", NAME, 1, 0, 20))),))
KNOWN = {"dossier": "number", "commentaire": "comment", "a": "a", "b": "b"}
OWN = [
    OwnReading("R1", "M-1", "assigned", 1, {}, ""),
    OwnReading("R2", "M-2", "drafted", 3, {"a": 2}, "Bien"),
    OwnReading("R3", "M-3", "submitted", 2, {"a": 1, "b": 1}, ""),
]


def read(
    *rows: tuple[str, ...], header: tuple[str, ...] = ("Dossier", "A", "b", "Commentaire")
) -> list[MarkedRow]:
    table = SheetTable(header, tuple(Record(line, row) for line, row in enumerate(rows, start=2)))
    return marked_rows(table, RUBRIC, OWN, KNOWN)


def test_a_row_is_found_by_its_number_and_keeps_what_an_empty_cell_leaves() -> None:
    one, two = read(("m-1", "5", "12", "Solide"), ("M-2", "", "20.0", ""))
    assert (one.scores, one.comment, one.is_whole, one.is_sound) == ({"a": 5, "b": 12}, "Solide", True, True)
    assert (two.scores, two.comment, two.is_sound) == ({"a": 2, "b": 20}, "Bien", True)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("M-9", "1", "1", ""), "confié"),
        (("M-1", "6", "1", ""), "comprise"),
        (("M-1", "bien", "1", ""), "pas une note"),
        (("M-1", "1,5", "1", ""), "pas une note"),
        (("M-1", "=1+1", "1", ""), "pas une note"),
        (("M-1", "-1", "1", ""), "pas une note"),
        (("M-3", "5", "5", ""), "déjà remise"),
        (("M-1", "1", "1", "x" * 4001), "dépasse"),
    ],
)
def test_what_is_wrong_with_a_row_is_said_and_the_row_is_left(row: tuple[str, ...], said: str) -> None:
    (found,) = read(row)
    assert not found.is_sound and said in str(found.problems[0])


def test_a_row_twice_is_taken_once_and_one_without_change_is_none() -> None:
    first, again, same, handed_in = read(
        ("M-1", "1", "1", ""), ("M-1", "2", "2", ""), ("M-2", "2", "", ""), ("M-3", "1", "1", "")
    )
    assert first.is_sound and not again.is_sound
    assert not same.changes and not same.problems
    assert not handed_in.changes and not handed_in.problems


def test_a_sheet_without_numbers_or_criteria_is_refused() -> None:
    for header in (("A", "b"), ("Dossier", "Commentaire")):
        with pytest.raises(Refused, match="colonnes attendues"):
            read(("1", "2"), header=header)
    assert heads_counted(["Dossier", " A ", "Autre"], KNOWN) == 2
