"""Tables in texts and in one column of a workbook, and what only looks like a table."""

from __future__ import annotations

import io

import pytest
import xlsxwriter

from cohortmgr.base.errors import Refused
from cohortmgr.base.sheets.tables import read_table

ROWS = [["Nom", "Prénom", "Note"], ["ALAMI", 'Salma "la petite"', "12,5"], ["TAZI", "Omar; Ali", "13"]]


def quoted(delimiter: str) -> list[str]:
    return [delimiter.join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) for row in ROWS]


def cells(data: bytes) -> list[list[str]]:
    table = read_table(data)
    return [list(table.header), *(list(row.cells) for row in table.rows)]


def in_one_column(lines: list[str]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, line in enumerate(lines):
        sheet.write_string(number, 0, line)
    book.close()
    return out.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_table_is_found_where_a_spreadsheet_left_each_line_in_one_cell(delimiter: str) -> None:
    lines = quoted(delimiter)
    assert cells("\r\n".join(lines).encode()) == ROWS
    wrapped = [f'"{line.replace(chr(34), chr(34) * 2)}"' for line in lines]
    assert cells("\r\n".join(wrapped).encode()) == ROWS
    assert cells(in_one_column(lines)) == ROWS
    table = read_table(in_one_column(["", *lines]))
    assert (table.place.separator, table.place.line) == (delimiter, 2)


def test_one_column_of_texts_stays_one() -> None:
    assert cells(b"CIN\r\nAB1\r\nAB2\r\n") == [["CIN"], ["AB1"], ["AB2"]]
    texts = ["Remarque", "Rien", "Bonne, en tout", "Encore une"]
    assert cells(in_one_column(texts)) == [[each] for each in texts]


@pytest.mark.parametrize("behind", ["\x1a", "\r\n\x1a", "\0\0\0"])
def test_what_old_programs_write_behind_all_is_no_row(behind: str) -> None:
    assert cells(("\r\n".join(quoted(";")) + behind).encode()) == ROWS


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize(
    "text",
    [
        "<html><table><tr><td>Nom</td></tr></table></html>",
        "\r\n <!DOCTYPE html><table>",
        "<table border=1><tr><td>Nom",
        '<?xml version="1.0"?><Workbook><Worksheet/></Workbook>',
        "MIME-Version: 1.0\r\nContent-Type: multipart/related",
    ],
)
def test_a_page_that_is_named_a_workbook_is_told_to_be_none(text: str, encoding: str) -> None:
    with pytest.raises(Refused, match="ni un CSV ni un XLSX"):
        read_table(text.encode(encoding))


def test_a_text_that_begins_with_a_sign_is_a_table() -> None:
    assert cells(b"<Nom>;Note\r\nALAMI;12\r\n") == [["<Nom>", "Note"], ["ALAMI", "12"]]
