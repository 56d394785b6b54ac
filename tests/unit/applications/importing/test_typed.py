"""Numbers, addresses and dates as programs and people write them in the cells of a file."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
import xlsxwriter

from cohortmgr.applications.answers.composed import read_cell
from cohortmgr.applications.importing.moments import sent_moment
from cohortmgr.programmes.definition.questions import Question, QuestionKind
from tests.unit.applications.importing.test_faults import HEADER, TODAY, answer, as_csv, read, row

LABEL = {"fr": "Q", "ar": "س", "en": "Q"}


def workbook(*sheets: tuple[str, list[list[Any]]]) -> bytes:
    """A workbook; a sheet without rows is empty, and one called "chart" a drawing."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    for name, rows in sheets:
        if name == "chart":
            drawing = book.add_chart({"type": "bar"})
            drawing.add_series({"values": "=Liste!$A$1:$A$2"})
            book.add_chartsheet(name).set_chart(drawing)
            continue
        sheet = book.add_worksheet(name)
        for line, cells in enumerate(rows):
            sheet.write_row(line, 0, cells)
    book.close()
    return out.getvalue()


def cell(kind: QuestionKind, text: str) -> object:
    return read_cell(Question("q", kind, LABEL), text, TODAY)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (37 / 3, "12.3333333333"),
        (100 / 7, "14.2857142857"),
        (11.999999999999998, "12"),
        ("12,3333333333333", "12.3333333333"),
        ("12.333333333333334", "12.3333333333"),
        ("12,5", "12.5"),
    ],
)
def test_an_average_that_a_program_computed_is_a_number(value: object, kept: str) -> None:
    given: list[Any] = list(row(1))
    given[HEADER.index("S1")] = value
    assert answer(read(workbook(("Liste", [HEADER, given]))), "s1") == kept


@pytest.mark.parametrize(
    "text",
    [
        "<a.b@exemple.ma>",
        "mailto:a.b@exemple.ma",
        "MAILTO:a.b@exemple.ma?subject=x",
        "a.b@exemple.ma;",
        "a.b@exemple.ma.",
    ],
)
def test_an_address_is_read_without_what_stands_around_it(text: str) -> None:
    assert cell(QuestionKind.EMAIL, text) == "a.b@exemple.ma"


@pytest.mark.parametrize(
    "text", ["26 / 02 / 2002", "26/ 02/ 2002", "26 - 02 - 2002", "2002 / 02 / 26", "26 . 2 . 2002"]
)
def test_spaces_in_a_date_hide_nothing(text: str) -> None:
    assert cell(QuestionKind.DATE, text) == "2002-02-26"


def test_spaces_in_dates_hide_no_order() -> None:
    found = read(as_csv(row(1, b="02 / 26 / 2002"), row(2, b="03 / 04 / 2002")))
    assert [each.answers["birth_date"] for each in found.accepted] == ["2002-02-26", "2002-03-04"]
    assert sent_moment("10 / 06 / 2025 10:01", ()) == datetime(2025, 6, 10, 9, 1, tzinfo=UTC)
