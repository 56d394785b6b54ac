"""What programs leave in cells in place of an answer: nothing, errors, and numbers that they took for others."""

from __future__ import annotations

from typing import Any

import pytest

from cohortmgr.applications.answers.cells import (
    DATE_AS_NUMBER,
    ERROR,
    FIGURE_AS_DATE,
    PHONE_AS_NUMBER,
    TO_ITS_PERSON,
)
from cohortmgr.applications.answers.composed import read_cell
from cohortmgr.applications.importing.moments import sent_moment
from cohortmgr.base.errors import Problem, Refused
from cohortmgr.base.sheets.tables import read_table
from cohortmgr.base.sheets.writing import write_csv
from cohortmgr.programmes.definition.questions import Option, Question, QuestionKind
from tests.unit.applications.importing.test_faults import TODAY, answer, as_csv, read, row, told

LABEL = {"fr": "Q", "ar": "س", "en": "Q"}


def cell(kind: QuestionKind, text: str, **more: Any) -> object:
    return read_cell(Question("q", kind, LABEL, **more), text, TODAY)


@pytest.mark.parametrize(
    "shown", ["#N/A", "#NOM?", "#NOM ?", "#VALEUR!", "########", "Err:502", "#PROPAGATION!"]
)
@pytest.mark.parametrize(
    "kind", [QuestionKind.LONG_TEXT, QuestionKind.DATE, QuestionKind.CHOICES, QuestionKind.PHONE]
)
def test_an_error_is_no_answer_of_any_kind(kind: QuestionKind, shown: str) -> None:
    found = cell(kind, shown)
    assert isinstance(found, Problem) and found.what == ERROR
    assert cell(QuestionKind.LONG_TEXT, f"La formule donne {shown}") == f"La formule donne {shown}"


@pytest.mark.parametrize(
    "text", ["-", "—", "/", "N/A", "NULL", "nan", "néant", "Aucun", "لا يوجد", "...", "NaN"]
)
def test_a_mark_of_nothing_is_an_empty_cell(text: str) -> None:
    for kind in (
        QuestionKind.RIB,
        QuestionKind.EMAIL,
        QuestionKind.PHONE,
        QuestionKind.DATE,
        QuestionKind.GRADE,
    ):
        assert cell(kind, text) is None
        missing = cell(kind, text, required=True)
        assert isinstance(missing, Problem) and "manque" in missing.what


def test_a_mark_of_nothing_is_an_answer_where_the_question_has_it_or_people_write() -> None:
    options = (Option("none", {"fr": "Aucun", "ar": "لا شيء", "en": "None"}), Option("n/a", LABEL))
    assert cell(QuestionKind.CHOICE, "Aucun", options=options) == "none"
    assert cell(QuestionKind.CHOICES, "Aucun", options=options) == ["none"]
    assert cell(QuestionKind.CHOICE, "N/A", options=options) == "n/a"
    assert cell(QuestionKind.LONG_TEXT, "Aucun") == "Aucun" and cell(QuestionKind.LONG_TEXT, "-") == "-"
    assert cell(QuestionKind.LONG_TEXT, "NULL") is None


@pytest.mark.parametrize("name", ["NULL", "nan", "N/A", "#N/A", "undefined"])
def test_nobody_is_called_nothing(name: str) -> None:
    assert read(as_csv(row(1, name=name))).accepted == ()
    assert answer(read(as_csv(row(1, name="Nanou"))), "family_name") == "Nanou"


def test_a_day_that_a_spreadsheet_counts_is_named() -> None:
    [sent, born] = told(read(as_csv(row(1, t="45818,4173", b="37313"))))
    assert "10/06/2025" in sent[2] and "26/02/2002" in born[2] and "tableur" in born[2]
    for text in ("3731", "373130", "2002"):
        found = cell(QuestionKind.DATE, text)
        assert isinstance(found, Problem) and found.what != DATE_AS_NUMBER
    with pytest.raises(Refused) as refused:
        sent_moment("45818.4173", ())
    assert refused.value.problems[0].what == DATE_AS_NUMBER


def test_numbers_that_a_spreadsheet_took_for_others_are_named() -> None:
    for text in ("2,12612E+11", "6.12346E+08", "٢٫١E+11".replace("٫", ",")):
        found = cell(QuestionKind.PHONE, text)
        assert isinstance(found, Problem) and found.what == PHONE_AS_NUMBER
    for text in ("12-mai", "mai-12", "12-May", "2025-05-12", "12 مايو"):
        found = cell(QuestionKind.GRADE, text)
        assert isinstance(found, Problem) and found.what == FIGURE_AS_DATE
    found = cell(QuestionKind.GRADE, "douze")
    assert isinstance(found, Problem) and found.what != FIGURE_AS_DATE


def test_who_mends_their_own_row_reads_of_no_spreadsheet() -> None:
    for said in TO_ITS_PERSON.values():
        assert "tableur" not in said and "Excel" not in said


def test_a_name_in_both_writings_is_not_told_to_be_exchanged() -> None:
    for cells in ({"name": "ALAMI العلمي"}, {"name_ar": "العلمي ALAMI"}):
        [(line, _column, said)] = told(read(as_csv(row(1, **cells))))
        assert line == 2 and "arabes et latines" in said and "Échangez" not in said


@pytest.mark.parametrize(
    ("kind", "text", "read_"),
    [
        (QuestionKind.RIB, "'007810000000000000000109", "007810000000000000000109"),
        (QuestionKind.DATE, "’26/02/2002", "2002-02-26"),
        (QuestionKind.GRADE, "'12,5", "12.5"),
        (QuestionKind.YEAR, " '2025", "2025"),
        (QuestionKind.PHONE, "'+212612345671", "+212612345671"),
        (QuestionKind.LONG_TEXT, "'-Motivée et rigoureuse", "-Motivée et rigoureuse"),
        (QuestionKind.LONG_TEXT, "'18 ans' est mon premier livre", "'18 ans' est mon premier livre"),
        (QuestionKind.TEXT, "'n homme", "'n homme"),
    ],
)
def test_the_apostrophe_that_keeps_a_text_a_text_is_none_of_it(
    kind: QuestionKind, text: str, read_: str
) -> None:
    assert cell(kind, text) == read_


def test_the_apostrophe_is_none_of_a_time_either() -> None:
    assert sent_moment("'10/06/2025 10:01", ()) == sent_moment("10/06/2025 10:01", ())


def test_our_own_lists_are_read_again_as_they_were() -> None:
    said = "-Motivée, =12, +2 ans"
    table = read_table(write_csv(["Motivation"], [[said]]))
    assert cell(QuestionKind.LONG_TEXT, table.rows[0].cells[0]) == said
