"""Writing the tables that people download, in CSV and XLSX, row by row: however long a table, little of it is held.

Text is always text: no spreadsheet computes or links what somebody typed.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import IO

import xlsxwriter

from cohortmgr.base.sheets.tables import column_letters, shown

_NUMBER = re.compile("[+-]?[0-9][0-9 .,\u00a0\u202f]*%?\\Z")
_TELEPHONE = re.compile(r"\+[0-9][0-9 ().-]{5,24}\Z")
# Spaces of every width, controls, and what has no width: spreadsheets drop some of them before they look for a formula.
_UNSEEN = ("Zs", "Zl", "Zp", "Cc", "Cf")
# How many lines of a CSV are one part, and of a workbook are compressed at once.
PART = 500
LONGEST_CELL = 32_767
# What a workbook is called when it is sent.
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FIRST_DAY = date(1899, 12, 30)
_ROWS_END = b"</sheetData>"
# The example of a day, from which the number of its format is read.
_DAY_ROW = re.compile(rb'<row r="2".*?s="(\d+)".*?</row>')
# Signs that XML does not hold, and the text by which a workbook writes one.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LIKE_A_SIGN = re.compile("(_x[0-9a-fA-F]{4}_)")


@dataclass(frozen=True)
class Sheet:
    """One sheet to write; its rows are read once. `right_to_left` mirrors it for Arabic."""

    title: str
    header: Sequence[str]
    rows: Iterable[Sequence[object]]
    right_to_left: bool = False


def write_csv(header: Sequence[object], rows: Iterable[Sequence[object]]) -> bytes:
    """Write a CSV: UTF-8 with its byte-order mark, every cell quoted.

    A cell that a spreadsheet might compute gets an apostrophe before it."""
    return b"".join(csv_parts(header, rows))


def plain_csv(header: Sequence[object], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Write a CSV for programs, in parts: UTF-8 without a mark, a comma, a point in numbers, quotes only where they are
    needed, and no apostrophe before what a spreadsheet might compute."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([shown(value) for value in header])
    for number, row in enumerate(rows, start=1):
        writer.writerow([shown(value) for value in row])
        if number % PART == 0:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def csv_parts(header: Sequence[object], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Do `write_csv` in parts of some hundred lines, for a list of any length."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    out.write("\ufeff")
    writer.writerow([_safe(shown(value)) for value in header])
    for number, row in enumerate(rows, start=1):
        writer.writerow([_safe(shown(value)) for value in row])
        if number % PART == 0:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def _safe(cell: str) -> str:
    return f"'{cell}" if may_be_formula(cell) else cell


def may_be_formula(cell: str) -> bool:
    """Whether some spreadsheet may compute this cell: it begins with = + - or @ in any width, behind whatever is not
    seen, and is neither a number nor a telephone number.

    Writing is stricter than reading (`is_formula`): an apostrophe too many is seen by whoever opens the file, and
    `- cmd|...` is computed although it looks like a list's dash."""
    start = next((place for place, sign in enumerate(cell) if not _is_unseen(sign)), len(cell))
    text = cell[start:].rstrip()
    if unicodedata.normalize("NFKC", text[:1]) not in ("=", "+", "-", "@", "\u2212"):
        return False
    return not (_NUMBER.match(text) or _TELEPHONE.match(text))


def _is_unseen(sign: str) -> bool:
    return unicodedata.category(sign) in _UNSEEN


def write_xlsx(sheets: Sequence[Sheet]) -> bytes:
    """Write a workbook. Text is always text, never a formula or a link; numbers and dates keep their type."""
    out = io.BytesIO()
    write_xlsx_to(out, sheets)
    return out.getvalue()


def write_xlsx_to(out: IO[bytes], sheets: Sequence[Sheet]) -> None:
    """Write a workbook into a file. XlsxWriter makes it with its headers; the rows are then compressed into it as they
    come. Its own way to write long tables leaves them on the disk, unsealed."""
    with (
        zipfile.ZipFile(io.BytesIO(_empty(sheets))) as made,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book,
    ):
        rows = {
            f"xl/worksheets/sheet{number}.xml": sheet.rows for number, sheet in enumerate(sheets, start=1)
        }
        for info in made.infolist():
            content = made.read(info)
            if info.filename not in rows:
                book.writestr(info, content)
                continue
            before, after, day = _around(content)
            with book.open(info, "w", force_zip64=True) as page:
                page.write(before)
                for part in _row_parts(rows[info.filename], day):
                    page.write(part)
                page.write(after)


def _empty(sheets: Sequence[Sheet]) -> bytes:
    """A workbook with the headers, and in each sheet a second row with a day."""
    out = io.BytesIO()
    workbook = xlsxwriter.Workbook(out, {"in_memory": True})
    bold = workbook.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    day = workbook.add_format({"num_format": "yyyy-mm-dd"})
    taken: set[str] = set()
    for sheet in sheets:
        page = workbook.add_worksheet(_title(sheet.title, taken))
        if sheet.right_to_left:
            page.right_to_left()
        page.freeze_panes(1, 0)
        for column, name in enumerate(sheet.header):
            page.write_string(0, column, str(name), bold)
            page.set_column(column, column, max(10, min(40, len(str(name)) + 2)))
        page.write_datetime(1, 0, date(2000, 1, 1), day)
    workbook.close()
    return out.getvalue()


def _around(page: bytes) -> tuple[bytes, bytes, int]:
    """What stands in a sheet before its rows and after, and the number of the format of days. Without the range of
    cells, which is not known before the last row."""
    found = _DAY_ROW.search(page)
    assert found is not None
    before, after = page[: found.start()], page[found.end() :]
    assert after.startswith(_ROWS_END)
    return re.sub(rb"<dimension [^>]*/>", b"", before), after, int(found.group(1))


def _row_parts(rows: Iterable[Sequence[object]], day: int) -> Iterator[bytes]:
    letters: list[str] = []
    parts: list[str] = []
    for line, row in enumerate(rows, start=2):
        letters += [column_letters(place) for place in range(len(letters), len(row))]
        parts.append(f'<row r="{line}">')
        parts += [_cell(f"{letter}{line}", value, day) for letter, value in zip(letters, row, strict=False)]
        parts.append("</row>")
        if line % PART == 0:
            yield "".join(parts).encode()
            parts.clear()
    yield "".join(parts).encode()


def _cell(place: str, value: object, day: int) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _text(place, str(int(value)))
    if isinstance(value, int | float | Decimal) and abs(float(value)) < 1e15:
        return f'<c r="{place}"><v>{float(value):.16G}</v></c>'
    if isinstance(value, date) and not isinstance(value, datetime) and value.year >= 1900:
        return f'<c r="{place}" s="{day}"><v>{_day_number(value)}</v></c>'
    return _text(place, shown(value)[:LONGEST_CELL])


def _day_number(value: date) -> int:
    """The number by which workbooks know a day. They believe that 1900 had a 29th of February."""
    number = (value - _FIRST_DAY).days
    return number if number > 60 else number - 1


def _text(place: str, text: str) -> str:
    told = _LIKE_A_SIGN.sub(r"_x005F\1", text)
    told = _NOT_XML.sub(lambda sign: f"_x{ord(sign.group()):04X}_", told)
    told = told.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "_x000D_")
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{told}</t></is></c>'


def _title(title: str, taken: set[str]) -> str:
    """Return a sheet name that Excel allows: at most 31 characters, none of the forbidden ones, none twice."""
    base = re.sub(r"[\[\]:*?/\\]", " ", title).strip().strip("'")[:28] or "1"
    name, number = base, 1
    while name.casefold() in taken:
        number += 1
        name = f"{base} {number}"
    taken.add(name.casefold())
    return name
