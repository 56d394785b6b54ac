"""Reading and writing the tables that people upload and download, in CSV and XLSX.

Reading is bounded, and no program executes what is written. The bytes of a file tell what kind it is, never
its name. Everything wrong with a whole file is one `Refused`.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

import xlsxwriter

from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.sheets.damage import is_damaged
from cohortmgr.base.sheets.delimited import FIRST, Record, csv_records, filled, too_long
from cohortmgr.base.sheets.encodings import ENCODINGS, decode
from cohortmgr.base.sheets.unpacking import MAX_ROWS
from cohortmgr.base.sheets.workbooks import NOT_A_TABLE, is_workbook, read_workbook
from cohortmgr.base.text import bare

__all__ = [
    "ENCODINGS", "FIRST", "MAX_BYTES", "NamedBy", "Place", "Readable", "Record", "Sheet", "SheetTable",
    "column_letters", "is_damaged", "is_formula", "read_limited", "read_table", "shown",
    "may_be_formula", "write_csv", "write_xlsx",
]  # fmt: skip

MAX_BYTES = 20 * 1024 * 1024

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
# Spaces of every width, controls, and what has no width: spreadsheets drop some of them before they look for a formula.
_UNSEEN = ("Zs", "Zl", "Zp", "Cc", "Cf")
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"

# How many questions, or whatever a table is read for, the cells of a line name.
NamedBy = Callable[[Sequence[str]], int]


class Readable(Protocol):
    """The part of a stream that `read_limited` needs."""

    def read(self, size: int = ..., /) -> bytes:
        """Return at most `size` bytes."""


@dataclass(frozen=True)
class Place:
    """Where in a file a table stands: the name of its sheet, the line of its header, the encoding and the
    separator of a text. None: whichever is found."""

    sheet: str | None = None
    line: int | None = None
    encoding: str | None = None
    separator: str | None = None


@dataclass(frozen=True)
class SheetTable:
    """A header (no name empty or twice) and the records below it, in the order of the file.

    `place` says where they were found; `sheets` are all that the file has, `first` the first lines that hold a
    value, one of which is the header; `hidden` the lines that the spreadsheet does not show, by a filter or a hand."""

    header: tuple[str, ...]
    rows: tuple[Record, ...]
    place: Place = field(default_factory=Place)
    sheets: tuple[str, ...] = ()
    first: tuple[Record, ...] = ()
    hidden: frozenset[int] = frozenset()

    @property
    def hidden_rows(self) -> int:
        """How many of the records below the header are hidden."""
        return sum(row.line in self.hidden for row in self.rows)

    def without_hidden(self) -> SheetTable:
        """The table without the records that are hidden; which they were stays said."""
        return replace(self, rows=tuple(row for row in self.rows if row.line not in self.hidden))


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


def read_table(
    data: bytes, filename: str = "", wanted: Place | None = None, named: NamedBy | None = None
) -> SheetTable:
    """Return the table in a CSV or XLSX file. `filename` only says where a problem was.

    Its header is the line that `wanted` names, else, of the first ten, the one in which `named` counts most: above
    it, people write titles and dates. Raises Refused (one problem) if the file is too heavy, too long, too wide,
    empty, not decodable or of another kind, or has nothing where `wanted` says.
    """
    try:
        return _read(data, wanted or Place(), named)
    except Refused as refused:
        raise Refused(
            *(Problem(p.what, p.values, p.where or filename or None) for p in refused.problems)
        ) from None


def _read(data: bytes, wanted: Place, named: NamedBy | None) -> SheetTable:
    _require_a_table(data)
    sheets: tuple[str, ...] = ()
    hidden: frozenset[int] = frozenset()
    if is_workbook(data):
        if wanted.encoding is not None:
            raise Refused(
                N_("Ce fichier est un classeur, qui n’a pas d’encodage à choisir. Retirez « encoding ».")
            )
        book = read_workbook(data, wanted.sheet)
        if wanted.sheet not in (None, book.taken):
            raise Refused(_no_such_sheet(wanted.sheet or "", book.names))
        width = max((len(row.cells) for row in book.rows), default=0)
        records = [
            Record(row.line, row.cells + ("",) * (width - len(row.cells)), row.formulas) for row in book.rows
        ]
        sheets, place, hidden = book.names, Place(sheet=book.taken), book.hidden
    else:
        if wanted.sheet is not None:
            what = N_("Ce fichier est un texte, qui n’a pas de feuilles : retirez « %(sheet)s ».")
            raise Refused(Problem(what, {"sheet": wanted.sheet[:100]}, "sheet"))
        text, encoding = decode(data, wanted.encoding)
        records, separator = csv_records(text)
        place = Place(encoding=encoding, separator=separator)
    if not records:
        raise Refused(N_("Le fichier est vide. Vérifiez que le tableau a bien été exporté."))
    header = _header_among(records, wanted.line, named)
    place = replace(place, line=records[header].line)
    return replace(_table(records, header, place, sheets), hidden=hidden)


def _require_a_table(data: bytes) -> None:
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


def _no_such_sheet(wanted: str, names: Sequence[str]) -> Problem:
    what = N_("La feuille « %(sheet)s » n’est pas dans ce classeur. Choisissez parmi : %(known)s.")
    known = ", ".join(f"« {name} »" for name in names[:20]) + ("…" if len(names) > 20 else "")
    return Problem(what, {"sheet": wanted[:100], "known": known}, "sheet")


def _header_among(records: Sequence[Record], wanted: int | None, named: NamedBy | None) -> int:
    """The index of the header: the line that is wanted, or the one found among the first; of several that name as
    much, the uppermost. Refuses a line that holds nothing."""
    if wanted is not None:
        for number, record in enumerate(records):
            if record.line == wanted:
                return number
        what = N_(
            "La ligne %(line)s, où les titres devraient être, est vide ou n’existe pas : le fichier va de la "
            "ligne %(start)s à la ligne %(end)s."
        )
        values = {"line": wanted, "start": records[0].line, "end": records[-1].line}
        raise Refused(Problem(what, values, "line"))
    first = records[:FIRST]
    if named is None:
        return 0
    return max(range(len(first)), key=lambda number: (named(first[number].cells), -number))


def _table(records: list[Record], header: int, place: Place, sheets: tuple[str, ...]) -> SheetTable:
    rows = records[header + 1 :]
    if len(rows) > MAX_ROWS:
        raise Refused(too_long())
    cells = records[header].cells
    # A column without a name counts if some row fills it.
    names = _header(cells[: max(filled(cells), max((filled(row.cells) for row in rows), default=0))])
    first = (*records[:FIRST], *records[header : header + 1][: header >= FIRST])
    return SheetTable(names, tuple(_with_formulas(record) for record in rows), place, sheets, first)


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
    """Whether the text of a cell that somebody sent is a formula: it begins with =. Letters begin with a dash, and
    people write +2 ans and @INPT."""
    return bare(cell)[:1] in ("=", "＝")


def _with_formulas(record: Record) -> Record:
    found = {position for position, cell in enumerate(record.cells) if is_formula(cell)}
    return Record(record.line, record.cells, record.formulas | found) if found else record


def _too_heavy(limit: int) -> Problem:
    megabytes = max(1, limit // (1024 * 1024))
    return Problem(
        N_("Le fichier dépasse %(limit)s Mo. Partagez-le en plusieurs fichiers."), {"limit": megabytes}
    )


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

    A cell that a spreadsheet might compute gets an apostrophe before it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    for row in (header, *rows):
        writer.writerow([_safe(shown(value)) for value in row])
    return out.getvalue().encode("utf-8-sig")


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
