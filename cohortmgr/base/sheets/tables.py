"""Reading and writing the tables that people upload and download, in CSV and XLSX.

Reading is bounded, and no program executes what is written. The bytes of a file tell what kind it is, never
its name. Everything wrong with a whole file is one `Refused`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Protocol

import xlsxwriter

from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.sheets.workbooks import (
    MAX_COLUMNS,
    MAX_ROWS,
    NOT_A_TABLE,
    TOO_LONG,
    TOO_WIDE,
    is_workbook,
    read_workbook,
)

MAX_BYTES = 20 * 1024 * 1024
# A record that spans more lines than this has certainly lost its closing quote.
MAX_RECORD_LINES = 200

_DELIMITERS = (",", ";", "\t")
_NUMBER = re.compile("[+-]?[0-9][0-9 .,\u00a0\u202f]*%?\\Z")
_TELEPHONE = re.compile(r"\+[0-9][0-9 ().-]{5,24}\Z")
_FOREIGN = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\x1f\x8b",
    b"7z\xbc\xaf",
    b"Rar!",
    b"{\\rtf",
    b"\x7fELF",
)
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"

_UNCLOSED = N_("Un guillemet ouvert n’est jamais refermé. Exportez de nouveau le tableau en CSV.")
_UNCLOSED_AT = N_(
    "Un guillemet ouvert à la ligne %(line)s n’est pas refermé. Corrigez-le, puis renvoyez le fichier."
)
# How many characters are looked at to find the separator.
_LOOK = 200_000


class Readable(Protocol):
    """The part of a stream that `read_limited` needs."""

    def read(self, size: int = ..., /) -> bytes:
        """Return at most `size` bytes."""


@dataclass(frozen=True)
class Record:
    """One row: the line of the file where it begins (from 1), its cells, and the positions of formulas."""

    line: int
    cells: tuple[str, ...]
    formulas: frozenset[int] = frozenset()


@dataclass(frozen=True)
class SheetTable:
    """A header (no name empty or twice) and the records, in the order of the file."""

    header: tuple[str, ...]
    rows: tuple[Record, ...]


@dataclass(frozen=True)
class Sheet:
    """One sheet to write. `right_to_left` mirrors it for Arabic."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[object]]
    right_to_left: bool = False


def read_limited(stream: Readable, limit: int = MAX_BYTES) -> bytes:
    """Return the whole stream if it has at most `limit` bytes, else raise Refused.

    At most one byte beyond the limit is ever held."""
    parts: list[bytes] = []
    left = limit + 1
    while left > 0 and (part := stream.read(min(left, 65536))):
        parts.append(part)
        left -= len(part)
    if left <= 0:
        raise Refused(_too_heavy(limit))
    return b"".join(parts)


def read_table(data: bytes, filename: str = "") -> SheetTable:
    """Return the table in a CSV or XLSX file. `filename` only says where a problem was.

    Raises Refused (one problem) if the file is too heavy, too long, too wide, empty, not decodable or of
    another kind.
    """
    try:
        return _read(data)
    except Refused as refused:
        raise Refused(
            *(Problem(p.what, p.values, p.where or filename or None) for p in refused.problems)
        ) from None


def _read(data: bytes) -> SheetTable:
    if len(data) > MAX_BYTES:
        raise Refused(_too_heavy(MAX_BYTES))
    if data.startswith(_OLD_OFFICE):
        raise Refused(
            N_(
                "Ce fichier est un ancien classeur (XLS) ou un classeur protégé. Enregistrez-le en "
                "XLSX sans mot de passe."
            )
        )
    if data.startswith(_FOREIGN):
        raise Refused(NOT_A_TABLE)
    if is_workbook(data):
        records = [Record(row.line, row.cells, row.formulas) for row in read_workbook(data)]
    else:
        records = _csv_records(_decode(data))
    records = [record for record in records if any(cell.strip() for cell in record.cells)]
    if not records:
        raise Refused(N_("Le fichier est vide. Vérifiez que le tableau a bien été exporté."))
    return _table(records)


def _table(records: list[Record]) -> SheetTable:
    first, *rows = records
    if len(rows) > MAX_ROWS:
        raise Refused(_too_long())
    if max(len(record.cells) for record in records) > MAX_COLUMNS:
        raise Refused(_too_wide())
    return SheetTable(_header(first.cells), tuple(_with_formulas(record) for record in rows))


def _header(cells: Sequence[str]) -> tuple[str, ...]:
    """Return the trimmed names. An empty one becomes its column's letters; a repeated one gets a number."""
    names: list[str] = []
    seen: set[str] = set()
    for position, cell in enumerate(cells):
        name = base = " ".join(cell.split()) or column_letters(position)
        number = 1
        while name in seen:
            number += 1
            name = f"{base} ({number})"
        seen.add(name)
        names.append(name)
    return tuple(names)


def column_letters(position: int) -> str:
    """Name a column as a spreadsheet does: `A` for 0, `Z` for 25, `AA` for 26."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would compute this cell.

    It begins with = + - or @, and is no number, no telephone number and no dash of a list."""
    text = cell.lstrip("\ufeff\u200b\u200e\u200f \t\r\n\u00a0").rstrip()
    if not text or text[0] not in "=+-@＝＋－＠":
        return False
    if text[0] in "+-" and (len(text) == 1 or text[1].isspace() or text[:3] == "---"):
        return False
    return not (_NUMBER.match(text) or _TELEPHONE.match(text))


def _with_formulas(record: Record) -> Record:
    found = {position for position, cell in enumerate(record.cells) if is_formula(cell)}
    return Record(record.line, record.cells, record.formulas | found) if found else record


def _too_heavy(limit: int) -> Problem:
    megabytes = max(1, limit // (1024 * 1024))
    return Problem(
        N_("Le fichier dépasse %(limit)s Mo. Partagez-le en plusieurs fichiers."), {"limit": megabytes}
    )


def _too_long() -> Problem:
    return Problem(TOO_LONG, {"limit": MAX_ROWS})


def _too_wide() -> Problem:
    return Problem(TOO_WIDE, {"limit": MAX_COLUMNS})


def _decode(data: bytes) -> str:
    """Return the text of a file in UTF-8, UTF-16 or Windows-1252. Refuses bytes that are no text in any of them."""
    for encoding in _encodings(data):
        try:
            text = data.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
        if _is_text(text):
            return text
    raise Refused(
        N_("L’encodage du fichier n’est pas reconnu. Enregistrez-le en CSV UTF-8, puis renvoyez-le.")
    )


def _encodings(data: bytes) -> tuple[str, ...]:
    if data.startswith(b"\xef\xbb\xbf"):
        return ("utf-8-sig",)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    even, odd = data[0::2].count(0), data[1::2].count(0)
    if max(even, odd) * 10 > len(data):
        return ("utf-16-le",) if odd > even else ("utf-16-be",)
    return ("utf-8", "cp1252")


def _is_text(text: str) -> bool:
    """Whether this is text, with almost no control characters. The few in cells are reported cell by cell."""
    strange = sum(
        1 for c in text if (c < " " and c not in "\t\n\r") or "\x7f" <= c < "\xa0" or c in "\ufffe\uffff"
    )
    return strange * 200 <= len(text)


def _csv_records(text: str) -> list[Record]:
    offset = 0
    delimiter = None
    if text[:4].lower() == "sep=" and text[4:5] in _DELIMITERS and text[5:6] in ("\r", "\n"):
        # Excel writes this line (`sep=;`) for itself.
        delimiter, offset, text = text[4], 1, text[5:].removeprefix("\r").removeprefix("\n")
    delimiter = delimiter or _delimiter(text)
    try:
        records = list(_parse(text, delimiter, strict=True))
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise Refused(_UNCLOSED) from None
        # Some programs do not escape quotes inside texts. What that breaks is reported row by row.
        records = _leniently(text, delimiter)
    return [Record(record.line + offset, record.cells) for record in records]


def _leniently(text: str, delimiter: str) -> list[Record]:
    try:
        return list(_parse(text, delimiter, strict=False))
    except csv.Error:
        raise Refused(_UNCLOSED) from None


def _delimiter(text: str) -> str:
    """Return the separator under which the first records agree best on their number of cells.

    Among equals it is the one that gives the most cells."""
    start = text[:_LOOK]

    def worth(delimiter: str) -> tuple[bool, float, int]:
        widths, sound = [], True
        try:
            for record in islice(_parse(start, delimiter, strict=True), 40):
                widths.append(len(record.cells))
        except csv.Error as error:
            sound = "unexpected end" in str(error) and len(text) > _LOOK
        first = widths[0] if widths else 1
        alike = widths.count(first) / len(widths) if first > 1 else 0.0
        return sound and first > 1, alike, first

    return max(_DELIMITERS, key=worth)


def _parse(text: str, delimiter: str, *, strict: bool) -> Iterator[Record]:
    """Yield records with the physical line where each begins, without blank lines. Raises csv.Error."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)
    begins = 1
    for count, cells in enumerate(reader):
        if reader.line_num - begins > MAX_RECORD_LINES:
            raise Refused(Problem(_UNCLOSED_AT, {"line": begins}))
        if len(cells) > MAX_COLUMNS:
            raise Refused(_too_wide())
        if count > 2 * MAX_ROWS:
            raise Refused(_too_long())
        if cells:
            yield Record(begins, tuple(cells))
        begins = reader.line_num + 1


def shown(value: object) -> str:
    """Write a value as a cell's text: dates in ISO, decimals with a point, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def write_csv(header: Sequence[object], rows: Iterable[Sequence[object]]) -> bytes:
    """Write a CSV: UTF-8 with its byte-order mark, every cell quoted.

    A cell that a spreadsheet would compute gets an apostrophe before it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    for row in (header, *rows):
        writer.writerow([_safe(shown(value)) for value in row])
    return out.getvalue().encode("utf-8-sig")


def _safe(cell: str) -> str:
    return f"'{cell}" if is_formula(cell) else cell


def write_xlsx(sheets: Sequence[Sheet]) -> bytes:
    """Write a workbook. Text is always text, never a formula or a link; numbers and dates keep their type."""
    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    workbook = xlsxwriter.Workbook(out, options)
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
        for line, row in enumerate(sheet.rows, start=1):
            for column, value in enumerate(row):
                _write_cell(page, line, column, value, day)
    workbook.close()
    return out.getvalue()


def _write_cell(
    page: xlsxwriter.worksheet.Worksheet, line: int, column: int, value: object, day: xlsxwriter.format.Format
) -> None:
    if isinstance(value, bool) or value is None:
        page.write_string(line, column, "" if value is None else str(int(value)))
    elif isinstance(value, int | float | Decimal) and abs(float(value)) < 1e15:
        page.write_number(line, column, float(value))
    elif isinstance(value, date) and not isinstance(value, datetime) and value.year >= 1900:
        page.write_datetime(line, column, value, day)
    else:
        page.write_string(line, column, shown(value)[:32767])


def _title(title: str, taken: set[str]) -> str:
    """Return a sheet name that Excel allows: at most 31 characters, none of the forbidden ones, none twice."""
    base = re.sub(r"[\[\]:*?/\\]", " ", title).strip().strip("'")[:28] or "1"
    name, number = base, 1
    while name.casefold() in taken:
        number += 1
        name = f"{base} {number}"
    taken.add(name.casefold())
    return name
