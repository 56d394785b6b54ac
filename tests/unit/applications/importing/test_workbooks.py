"""Workbooks as people leave them: empty sheets and drawings before the list, blank cells far away, errors."""

from __future__ import annotations

import io
import re
import zipfile

import pytest

from cohortmgr.applications.answers.cells import ERROR
from cohortmgr.applications.answers.composed import read_cell
from cohortmgr.base.errors import Problem, Refused
from cohortmgr.base.sheets.tables import Place, read_table
from cohortmgr.programmes.definition.questions import Question, QuestionKind
from tests.unit.applications.importing.test_faults import HEADER, TODAY, read, row, told
from tests.unit.applications.importing.test_typed import workbook

LABEL = {"fr": "Q", "ar": "س", "en": "Q"}


def with_error(data: bytes, place: str, shown: str) -> bytes:
    """The workbook with an error in place of the text of a cell, as it stays once a formula is pasted as its value."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as given, zipfile.ZipFile(out, "w") as made:
        for info in given.infolist():
            part = given.read(info)
            if info.filename == "xl/worksheets/sheet1.xml":
                error = f'<c r="{place}" t="e"><v>{shown}</v></c>'.encode()
                part, count = re.subn(rb'<c r="%s"[^>]*>.*?</c>' % place.encode(), error, part)
                assert count == 1
            made.writestr(info.filename, part)
    return out.getvalue()


def _replaced(data: bytes, name: str, old: bytes, new: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as given, zipfile.ZipFile(out, "w") as made:
        for info in given.infolist():
            part = given.read(info)
            made.writestr(info.filename, part.replace(old, new) if info.filename == name else part)
    return out.getvalue()


def test_the_first_sheet_is_the_first_that_holds_something() -> None:
    rows = ("Liste", [HEADER, row(1)])
    for before in (("Feuil1", []), ("Feuil1", [["", " "]]), ("chart", [])):
        data = workbook(before, rows)
        assert read_table(data).place == Place(sheet="Liste", line=1)
    assert read_table(workbook(("Lisez-moi", [["Bonjour"]]), rows)).place.sheet == "Lisez-moi"
    with pytest.raises(Refused):
        read_table(workbook(("Feuil1", []), ("Feuil2", [])))
    with pytest.raises(Refused):  # what was asked for is not replaced by something else
        read_table(workbook(("Feuil1", []), rows), wanted=Place(sheet="Feuil1"))


def test_spaces_alone_are_no_value_wherever_they_stand() -> None:
    data = workbook(("Liste", [HEADER, row(1)]))
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as given, zipfile.ZipFile(out, "w") as made:
        for info in given.infolist():
            part = given.read(info)
            if info.filename == "xl/sharedStrings.xml":
                part = part.replace(b"</sst>", b'<si><t xml:space="preserve"> </t></si></sst>')
                blank = part.count(b"<si>") - 1
            made.writestr(info.filename, part)
    far = f'<row r="1048576"><c r="A1048576" t="s"><v>{blank}</v></c></row></sheetData>'.encode()
    data = _replaced(out.getvalue(), "xl/worksheets/sheet1.xml", b"</sheetData>", far)
    assert len(read(data).accepted) == 1


@pytest.mark.parametrize("shown", ["#N/A", "#REF!", "#NAME?", "#DIV/0!", "#VALUE!"])
def test_an_error_in_a_workbook_is_no_empty_cell(shown: str) -> None:
    data = with_error(workbook(("Liste", [HEADER, row(1), row(2)])), "K2", shown)
    read_ = read(data)
    [(line, column, said)] = told(read_)
    assert (line, column) == (2, "Téléphone") and shown in said and len(read_.accepted) == 1
    optional = Question("q", QuestionKind.RIB, LABEL)
    found = read_cell(optional, shown, TODAY)
    assert isinstance(found, Problem) and found.what == ERROR
