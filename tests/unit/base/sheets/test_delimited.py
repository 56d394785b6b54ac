"""Tables in texts and in one column of a workbook, and what only looks like a table."""

from __future__ import annotations

import io

import pytest
import xlsxwriter

from cohortmgr.base.errors import Refused
from cohortmgr.base.sheets.tables import read_rows, read_table
from cohortmgr.base.sheets.writing import Sheet, write_xlsx

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


def test_a_plain_text_is_read_row_by_row_with_its_lines() -> None:
    data = b'\xef\xbb\xbfa,b\r\n1,"x\r\ny"\r\n\r\n,\r\n3,"q ""z"""\r\n'
    rows = read_rows(data, len, most_rows=10, most_bytes=1000)
    assert list(rows) == [(1, ["a", "b"]), (2, ["1", "x\r\ny"]), (6, ["3", 'q "z"'])]


@pytest.mark.parametrize("data", ["a;b\n1;2\n", "a\tb\n1\t2\n", "\ufeffa|b\n1|2\n", "a,b\r1,2\r"])
def test_what_is_not_plain_is_read_as_people_s_tables_are(data: str) -> None:
    rows = [(line, list(cells)) for line, cells in read_rows(data.encode(), len, most_rows=9, most_bytes=99)]
    assert rows == [(1, ["a", "b"]), (2, ["1", "2"])]


def test_bounds_are_those_that_are_given() -> None:
    lines = "a,b\n" + "1,2\n" * 60_000
    assert sum(1 for _ in read_rows(lines.encode(), len, most_rows=60_000, most_bytes=10**6)) == 60_001
    assert len(read_table(lines.encode(), most_rows=60_000).rows) == 60_000
    for refused in (
        lambda: list(read_rows(lines.encode(), len, most_rows=59_999, most_bytes=10**6)),
        lambda: read_table(lines.encode(), most_rows=59_999),
        lambda: read_table(lines.encode()),
        lambda: read_rows(lines.encode(), len, most_rows=10**6, most_bytes=1000),
        lambda: read_table(lines.encode(), most_rows=10**6, most_bytes=1000),
        lambda: list(read_rows(b'a,b\n1,"2\n3,4\n', len, most_rows=9, most_bytes=99)),
    ):
        with pytest.raises(Refused):
            refused()


def test_a_workbook_may_have_more_rows_where_more_are_asked_for() -> None:
    book = write_xlsx([Sheet("x", ["a", "b"], ([n, n % 7] for n in range(50_100)))])
    with pytest.raises(Refused):
        read_table(book)
    table = read_table(book, most_rows=60_000)
    assert len(table.rows) == 50_100 and table.rows[-1].cells == ("50099", "0")
