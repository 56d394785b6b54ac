"""Tables of any length are written as they are read, and a workbook says of each cell what XlsxWriter would."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from xml.etree import ElementTree

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from cohortmgr.base.sheets.tables import read_table
from cohortmgr.base.sheets.writing import (
    PART,
    Sheet,
    csv_parts,
    plain_csv,
    write_csv,
    write_xlsx,
    write_xlsx_to,
)

LONG = 20_000
HEADER = ["Nom", "Numéro", "Moyenne", "Région", "Jour"]


def lines(number: int) -> Iterator[Sequence[object]]:
    for each in range(number):
        yield [f"سلمى Bennis {each}", f"MDIA-{each:06}", each % 2000 / 100, "Souss-Massa", date(2026, 9, 1)]


class Nowhere(io.RawIOBase):
    """A file that keeps nothing of what is written into it, and counts it."""

    size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.size += len(data)
        return len(data)


def peak(act: object) -> int:
    """The most bytes that Python held while it did something."""
    tracemalloc.start()
    try:
        act()  # type: ignore[operator]
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_long_list_is_written_in_little_memory() -> None:
    assert peak(lambda: sum(map(len, csv_parts(HEADER, lines(LONG))))) < 1_000_000
    nowhere = Nowhere()
    assert peak(lambda: write_xlsx_to(nowhere, [Sheet("Liste", HEADER, lines(LONG))])) < 3_000_000
    assert nowhere.size > 100_000


def test_a_list_longer_than_a_part_is_whole() -> None:
    for number in (PART - 2, PART - 1, PART, 2 * PART + 1):
        for data in (write_csv(HEADER, lines(number)), write_xlsx([Sheet("Liste", HEADER, lines(number))])):
            rows = read_table(data).rows
            assert [row.cells[1] for row in rows] == [f"MDIA-{each:06}" for each in range(number)]


CELLS = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=8),
    st.sampled_from(
        ["_x000D_", "a_x0041_b", "\x00\x0b\ufffe", "a\r\nb", " x ", "<&>\"'", "=1+1", "http://a.ma"]
    ),
    st.integers(-(10**6), 10**6),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.decimals(-1000, 1000, places=3),
    st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    st.sampled_from([date(1900, 2, 28), date(1900, 3, 1), None, "", True, 10**16, Decimal("12.50")]),
)


def theirs(row: Sequence[object]) -> bytes:
    """The same workbook as XlsxWriter writes it whole."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(out, options)
    page, day = book.add_worksheet("x"), book.add_format({"num_format": "yyyy-mm-dd"})
    page.write_string(0, 0, "a")
    for column, value in enumerate(row):
        if isinstance(value, bool) or (isinstance(value, int) and abs(value) >= 1e15):
            page.write_string(1, column, str(int(value)))
        elif isinstance(value, date):
            page.write_datetime(1, column, value, day)
        elif isinstance(value, int | float | Decimal) and abs(value) < 1e15:
            page.write_number(1, column, float(value))
        elif value not in (None, ""):
            page.write_string(1, column, str(value))
    book.close()
    return out.getvalue()


def said(data: bytes) -> list[tuple[str, str]]:
    """Place and content of each cell of the second row, the texts as they stand in the file."""
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        page = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314
        texts = ElementTree.fromstring(book.read("xl/sharedStrings.xml"))  # noqa: S314
    shared = [item.findtext(f"{space}t") for item in texts]
    found = []
    for cell in page.iter(f"{space}c"):
        if cell.get("r", "")[-1:] != "2" or cell.get("r", "")[-2:-1].isdigit():
            continue
        value = cell.findtext(f"{space}v")
        text = cell.findtext(f"{space}is/{space}t")
        if value is not None and cell.get("t") == "s":
            text = shared[int(value)]
        found.append((cell.get("r", ""), text if text is not None else repr(float(value or 0))))
    return found


@settings(deadline=None, max_examples=150)
@given(st.lists(CELLS, min_size=1, max_size=6))
def test_each_cell_says_what_xlsxwriter_says(row: list[object]) -> None:
    assert said(write_xlsx([Sheet("x", ["a"], [row])])) == said(theirs(row))


@pytest.mark.parametrize("rows", [0, 3])
def test_days_are_shown_as_days_and_no_range_of_cells_is_promised(rows: int) -> None:
    data = write_xlsx([Sheet("x", HEADER, lines(rows)), Sheet("y", ["a"], [])])
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        assert book.testzip() is None
        page = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<dimension" not in page and page.count("<row ") == rows + 1
    assert page.count('s="2"') == rows


def test_a_table_for_programs_is_plain() -> None:
    rows = [["=1+1", Decimal("12.500"), None], ["a,b", -3, 'say "x"'], ["سلمى", 1.5, date(2026, 9, 1)]]
    written = b"".join(plain_csv(["application", "estimate", "x"], rows)).decode("utf-8")
    assert written == 'application,estimate,x\n=1+1,12.500,\n"a,b",-3,"say ""x"""\nسلمى,1.5,2026-09-01\n'
