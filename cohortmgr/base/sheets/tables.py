"""Reading the tables that people upload, in CSV and XLSX.

Reading is bounded. The bytes of a file tell what kind it is, never
its name. Everything wrong with a whole file is one `Refused`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Protocol

from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.sheets.damage import is_damaged
from cohortmgr.base.sheets.delimited import (
    FIRST,
    Record,
    csv_records,
    filled,
    is_lean,
    lean_rows,
    too_long,
    unpacked,
)
from cohortmgr.base.sheets.encodings import ENCODINGS, decode
from cohortmgr.base.sheets.unpacking import MAX_ROWS
from cohortmgr.base.sheets.workbooks import NOT_A_TABLE, is_workbook, read_workbook
from cohortmgr.base.text import bare

__all__ = [
    "ENCODINGS", "FIRST", "MAX_BYTES", "NamedBy", "Place", "Readable", "Record", "SheetTable",
    "column_letters", "decode", "is_damaged", "is_formula", "read_limited", "read_rows", "read_table", "shown",
]  # fmt: skip

MAX_BYTES = 20 * 1024 * 1024

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
# Pages and letters that portals name .xls, and that a spreadsheet opens: in any encoding, behind any mark of it.
_OF_A_PAGE = re.compile(
    rb"[\xef\xbb\xbf\xfe\xff\s]*(?:<(?:!doctype|!--|html|head|meta|body|style|table|div|\?xml|workbook)|MIME-Version:)",
    re.IGNORECASE,
)
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
    data: bytes,
    filename: str = "",
    wanted: Place | None = None,
    named: NamedBy | None = None,
    *,
    most_rows: int = MAX_ROWS,
    most_bytes: int = MAX_BYTES,
) -> SheetTable:
    """Return the table in a CSV or XLSX file. `filename` only says where a problem was.

    Its header is the line that `wanted` names, else, of the first ten, the one in which `named` counts most: above
    it, people write titles and dates. Raises Refused (one problem) if the file is too heavy, too long, too wide,
    empty, not decodable or of another kind, or has nothing where `wanted` says.
    """
    try:
        _require_a_table(data, most_bytes)
        return _read(data, wanted or Place(), named, most_rows)
    except Refused as refused:
        raise Refused(
            *(Problem(p.what, p.values, p.where or filename or None) for p in refused.problems)
        ) from None


def read_rows(
    data: bytes, named: NamedBy, *, most_rows: int, most_bytes: int
) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the header and then each record of a table, with its line, one at a time.

    A plain CSV in UTF-8 is read as it stands, in the memory of its text; anything else by `read_table`. Raises Refused
    as it does, a plain CSV perhaps only at the line concerned."""
    _require_a_table(data, most_bytes)
    text = None if is_workbook(data) else _plain_text(data)
    if text is not None and is_lean(text):
        return lean_rows(text, most_rows)
    table = read_table(data, named=named, most_rows=most_rows, most_bytes=most_bytes)
    header = (table.place.line or 1, table.header)
    return iter([header, *((row.line, row.cells) for row in table.rows)])


def _plain_text(data: bytes) -> str | None:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _read(data: bytes, wanted: Place, named: NamedBy | None, most_rows: int) -> SheetTable:
    sheets: tuple[str, ...] = ()
    hidden: frozenset[int] = frozenset()
    if is_workbook(data):
        if wanted.encoding is not None:
            raise Refused(
                N_("Ce fichier est un classeur, qui n’a pas d’encodage à choisir. Retirez « encoding ».")
            )
        book = read_workbook(data, wanted.sheet, most_rows)
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
        records, separator = csv_records(text, most_rows)
        place = Place(encoding=encoding, separator=separator)
    if (parted := unpacked(records)) is not None:
        records, place = parted[0], replace(place, separator=parted[1])
    if not records:
        raise Refused(N_("Le fichier est vide. Vérifiez que le tableau a bien été exporté."))
    header = _header_among(records, wanted.line, named)
    place = replace(place, line=records[header].line)
    return replace(_table(records, header, place, sheets, most_rows), hidden=hidden)


def _require_a_table(data: bytes, most_bytes: int) -> None:
    if len(data) > most_bytes:
        raise Refused(_too_heavy(most_bytes))
    if data.startswith(_OLD_OFFICE):
        raise Refused(
            N_(
                "Ce fichier est un ancien classeur (XLS) ou un classeur protégé. Enregistrez-le en "
                "XLSX sans mot de passe."
            )
        )
    if data.startswith(_FOREIGN) or _OF_A_PAGE.match(data[:400].replace(b"\0", b"")):
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


def _table(
    records: list[Record], header: int, place: Place, sheets: tuple[str, ...], most_rows: int
) -> SheetTable:
    rows = records[header + 1 :]
    if len(rows) > most_rows:
        raise Refused(too_long(most_rows))
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
