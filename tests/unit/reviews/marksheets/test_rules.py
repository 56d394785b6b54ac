"""What a sheet of marks says of one's own readings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.base.errors import Refused
from cohortmgr.base.sheets.tables import Record, SheetTable
from cohortmgr.programmes.definition.rules import Criterion, Rubric, RubricPhase
from cohortmgr.reviews.marksheets.rules import (
    COMMENT,
    NUMBER,
    RUBRIC_MARK,
    VERSION,
    MarkedRow,
    OwnReading,
    as_kept,
    from_kept,
    heads_counted,
    marked_rows,
)
from cohortmgr.reviews.rules import rubric_mark

NAME = {"fr": "Nom", "ar": "اسم", "en": "Name"}
RUBRIC = Rubric((RubricPhase("dossiers", (Criterion("a", NAME, 1, 0, 5), Criterion("b", NAME, 1, 0, 20))),))
KNOWN = {"dossier": {NUMBER}, "commentaire": {COMMENT}, "a": {"a"}, "b": {"b"}, "version": {VERSION}}
KNOWN |= {"nom": {"a", "b"}, "grille": {RUBRIC_MARK}}
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
        ("M-1", "1", "1", ""), ("M-1", "1", "1", ""), ("M-2", "2", "", ""), ("M-3", "1", "1", "")
    )
    assert first.is_sound and not again.is_sound
    assert not same.changes and not same.problems
    assert not handed_in.changes and not handed_in.problems


@pytest.mark.parametrize("other", [("M-1", "2", "1", ""), ("M-1", "1", "1", "Autre")])
def test_of_two_rows_that_say_different_things_neither_is_taken(other: tuple[str, ...]) -> None:
    one, two = read(("M-1", "1", "1", ""), other)
    assert not one.is_sound and not two.is_sound
    assert ["deux fois" in str(each.problems[0]) for each in (one, two)] == [True, True]


def test_a_sheet_without_numbers_or_criteria_is_refused() -> None:
    for header in (("A", "b"), ("Dossier", "Commentaire")):
        with pytest.raises(Refused, match="colonnes attendues"):
            read(("1", "2"), header=header)
    assert heads_counted(["Dossier", " A ", "Autre"], KNOWN) == 2


HEADER = ("Dossier", "A", "b", "Commentaire", "Version")


@pytest.mark.parametrize(
    ("row", "clashes"),
    [
        (("M-2", "5", "12", "Bien", "3"), False),  # of the version that is there
        (("M-2", "5", "12", "Bien", "2"), True),  # another mark than the newer one
        (("M-2", "", "12", "Moins bien", "2"), True),  # other words
        (("M-2", "5", "12", "Bien", ""), True),  # a sheet that says nothing of its age
        (("M-2", "", "12", "", "2"), False),  # late, and only adds
        (("M-2", "2", "", "Bien", "2"), False),  # late, and says the same
        (("M-1", "5", "12", "Bien", "9"), False),  # nothing is there that could be lost
        (("M-3", "5", "5", "", "1"), False),  # handed in: that is its fault, and no choice
    ],
)
def test_a_late_row_that_would_take_newer_marks_away_is_for_choosing(
    row: tuple[str, ...], clashes: bool
) -> None:
    (found,) = read(row, header=HEADER)
    assert found.is_clash is clashes


def test_a_version_that_is_none_is_told() -> None:
    (found,) = read(("M-2", "5", "12", "Bien", "trois"), header=HEADER)
    assert not found.is_sound and "version" in str(found.problems[0])
    assert read(("", "", "", "", "3"), header=HEADER) == [], "a row with nothing but its version says nothing"


def test_rows_are_kept_as_they_may_be_taken() -> None:
    rows = read(
        ("M-1", "1", "2", "Oui", "1"), ("M-2", "5", "", "", "1"), ("M-9", "1", "1", "", "1"), header=HEADER
    )
    first, second = from_kept(as_kept(rows, "abc"))
    assert (first.reading, first.version, first.scores, first.comment) == ("R1", 1, {"a": 1, "b": 2}, "Oui")
    assert (first.is_whole, first.is_clash, second.is_whole, second.is_clash) == (True, False, False, True)
    assert first.rubric == "abc", "by which rubric they were looked at"
    assert second.version == 3, "what is ticked rests on what was looked at"


@given(st.integers(0, 5), st.integers(0, 5), st.integers(1, 4))
def test_no_row_takes_a_newer_mark_away_unasked(theirs: int, now: int, version: int) -> None:
    own = [OwnReading("R1", "M-1", "drafted", 2, {"a": now}, "")]
    table = SheetTable(HEADER, (Record(2, ("M-1", str(theirs), "", "", str(version))),))
    (row,) = marked_rows(table, RUBRIC, own, KNOWN)
    takes_away = row.is_sound and not row.is_clash and row.scores["a"] != now
    assert not takes_away or version == 2


def test_a_head_with_its_key_says_which_of_two_criteria_of_one_name_it_is() -> None:
    for header in (("Dossier", "Nom [a]", "Nom [b]"), ("Dossier", "Nom [b]", "Nom [a]")):
        cells = {"Nom [a]": "1", "Nom [b]": "12", "Dossier": "M-1"}
        (row,) = read(tuple(cells[head] for head in header), header=header)
        assert row.scores == {"a": 1, "b": 12}
    (row,) = read(("M-1", "12", "1"), header=("Dossier", "Nom", "Nom [a]"))
    assert row.scores == {"a": 1, "b": 12}, "a bare title is what no other column says"


def test_a_criterion_that_is_called_as_a_column_of_ours_is_no_other() -> None:
    known = {**KNOWN, "dossier": {NUMBER, "a"}}
    table = SheetTable(("Dossier", "Dossier [a]"), (Record(2, ("M-1", "4")),))
    (row,) = marked_rows(table, RUBRIC, OWN, known)
    assert (row.number, row.scores) == ("M-1", {"a": 4})
    with pytest.raises(Refused, match="« Dossier » peut dire plusieurs choses"):
        marked_rows(SheetTable(("Dossier", "B"), (Record(2, ("M-1", "4")),)), RUBRIC, OWN, known)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (("Dossier", "Nom", "Commentaire"), "« Nom » peut dire plusieurs choses"),
        (("Dossier", "A", "Nom [a]"), r"« A » et « Nom \[a\] » disent la même chose"),
        (("Dossier", "Nom", "a", "b"), "disent la même chose"),
        (("Dossier", "Dossier", "a"), "disent la même chose"),
    ],
)
def test_no_mark_goes_where_it_may_be_another_s(header: tuple[str, ...], said: str) -> None:
    with pytest.raises(Refused, match=said):
        read(("M-1", "1", "2", "3")[: len(header)], header=header)


def test_a_comment_is_unchanged_whatever_ends_its_lines() -> None:
    own = [OwnReading("R1", "M-1", "drafted", 1, {"a": 1}, "Un\nDeux")]
    for ended in ("Un\r\nDeux", "Un\nDeux \u200e"):
        table = SheetTable(("Dossier", "a", "Commentaire"), (Record(2, ("M-1", "1", ended)),))
        (row,) = marked_rows(table, RUBRIC, own, KNOWN)
        assert not row.changes, ended


def test_a_row_of_another_rubric_is_not_taken() -> None:
    header = ("Dossier", "a", "Grille")
    same, other, silent = read(
        ("M-1", "1", rubric_mark(RUBRIC.files)), ("M-2", "1", "abcdef"), ("M-2", "1", ""), header=header
    )
    assert same.is_sound and not other.is_sound and "La grille a changé" in str(other.problems[0])
    assert not [each for each in silent.problems if "grille" in str(each)]
