"""Reading an XLSX workbook from an untrusted person: it is unpacked within bounds first, then read.

The sizes that a zip declares can lie, and a single cell at the far corner makes a reader ask for gigabytes.
So the parts are unpacked here up to a limit, the places of the cells are checked, and only what was checked
is given to the reader.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from html import unescape
from itertools import pairwise

import python_calamine

from cohortmgr.base.errors import N_, Problem, Refused

MAX_ROWS = 50_000
MAX_COLUMNS = 200
MAX_CELLS = 3_000_000
MAX_UNPACKED = 150 * 1024 * 1024
# Honest sheets shrink ten to forty times. Below this size the ratio says nothing.
MAX_RATIO = 150
_SMALL = 4 * 1024 * 1024
_MAX_PARTS = 2_000

_CELL = re.compile(rb"<(?:[A-Za-z0-9]{1,20}:)?c(?:\s[^<>]*)?>")
_ROW = re.compile(rb"<(?:[A-Za-z0-9]{1,20}:)?row\s[^<>]*>")
_PLACE = re.compile(rb"\sr\s*=\s*[\"']([A-Za-z]{0,4})([0-9]{1,9})[\"']")
_VALUE = re.compile(rb"<(?:[A-Za-z0-9]{1,20}:)?v(?:\s[^<>]*)?>([^<]+)<")
_SHARED = re.compile(rb"<(?:[A-Za-z0-9]{1,20}:)?si[\s/>]")
_FORMULA = re.compile(rb"<(?:[A-Za-z0-9]{1,20}:)?f[\s/>]")

NOT_A_TABLE = N_(
    "Ce fichier n’est ni un CSV ni un XLSX. Enregistrez le tableau dans l’un de ces formats, puis "
    "renvoyez-le."
)
_DAMAGED = N_(
    "Le classeur XLSX est abîmé et ne se lit pas. Ouvrez-le dans un tableur, enregistrez-le de "
    "nouveau, puis renvoyez-le."
)
TOO_LONG = N_("Le tableau dépasse %(limit)s lignes. Partagez-le en plusieurs fichiers.")
TOO_WIDE = N_("Le tableau dépasse %(limit)s colonnes. Gardez celles du formulaire.")


@dataclass(frozen=True)
class WorkbookRow:
    """One row of the first sheet: its number in the spreadsheet, its cells as text, the positions of the formulas."""

    line: int
    cells: tuple[str, ...]
    formulas: frozenset[int]


def is_workbook(data: bytes) -> bool:
    """Whether the bytes are a zip archive, as every XLSX is."""
    return data.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def read_workbook(data: bytes) -> list[WorkbookRow]:
    """Return the rows of the first sheet, dates in ISO.

    Refuses what is no XLSX, is damaged, or would unpack beyond the bounds."""
    parts = _unpack(data)
    if "xl/workbook.xml" not in parts:
        raise Refused(NOT_A_TABLE)
    shared = _shared_sizes(parts)
    formulas: dict[tuple[int, int], None] = {}
    sheets = [name for name in parts if _holds_cells(name)]
    for name in sheets:
        _check_repeated_text(parts[name], shared)
        found = _look(parts[name])
        if len(sheets) == 1 or name.endswith("/sheet1.xml"):
            formulas.update(dict.fromkeys(found))
    values = _values(_repacked(parts))
    return [
        WorkbookRow(
            line,
            tuple(_text(value) for value in cells),
            frozenset(c for c in range(len(cells)) if (line, c) in formulas),
        )
        for line, cells in enumerate(values, start=1)
    ]


def _holds_cells(name: str) -> bool:
    return name.endswith(".xml") and not name.endswith(("sharedStrings.xml", "styles.xml", "theme1.xml"))


def _unpack(data: bytes) -> dict[str, bytes]:
    """Return the XML parts of the archive. Their sizes are checked as declared, then again as unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [e for e in archive.infolist() if e.filename.lower().endswith((".xml", ".rels"))]
            declared = sum(entry.file_size for entry in entries)
            if len(entries) > _MAX_PARTS or _is_bomb(declared, len(data)):
                raise _bomb()
            parts: dict[str, bytes] = {}
            left = MAX_UNPACKED
            for entry in entries:
                with archive.open(entry) as part:
                    parts[entry.filename] = part.read(left + 1)
                left -= len(parts[entry.filename])
                if left < 0:
                    raise _bomb()
            return parts
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        ValueError,
        NotImplementedError,
        RuntimeError,
        KeyError,
        IndexError,
        OverflowError,
    ) as error:
        raise Refused(_DAMAGED) from error


def _is_bomb(unpacked: int, packed: int) -> bool:
    return unpacked > MAX_UNPACKED or (unpacked > _SMALL and unpacked > MAX_RATIO * packed)


def _bomb() -> Refused:
    return Refused(
        N_("Le classeur XLSX est trop grand une fois décompressé. Partagez-le, ou enregistrez-le en CSV.")
    )


def _shared_sizes(parts: dict[str, bytes]) -> list[int]:
    """Return for each shared string, in order, an upper bound of its size in bytes."""
    for name, part in parts.items():
        if name.lower().endswith("sharedstrings.xml"):
            starts = [match.start() for match in _SHARED.finditer(part)]
            return [end - start for start, end in pairwise([*starts, len(part)])]
    return []


def _check_repeated_text(sheet: bytes, shared: list[int]) -> None:
    """Refuse a sheet whose cells would hold too much text in all.

    A long text is kept once in the file and given to each cell that names it. XML comments and the like are
    refused because they could hide such cells, and no spreadsheet writes them."""
    if b"<!" in sheet:
        raise Refused(_DAMAGED)
    total = 0
    for match in _VALUE.finditer(sheet):
        value = unescape(match[1].decode("ascii", "ignore")).strip().lstrip("+0") or "0"
        if value.isdigit() and len(value) < 9 and int(value) < len(shared):
            total += shared[int(value)]
    if total > MAX_UNPACKED:
        raise _bomb()


def _look(sheet: bytes) -> list[tuple[int, int]]:
    """Return where the formulas of a sheet are, as (line from 1, column from 0).

    Refuses cells placed beyond the bounds."""
    last_row = last_column = 0
    for match in _ROW.finditer(sheet):
        if place := _PLACE.search(match[0]):
            last_row = max(last_row, int(place[2]))
    formulas = []
    for match in _CELL.finditer(sheet):
        place = _PLACE.search(match[0])
        if not place or not place[1]:
            continue
        row, column = int(place[2]), _column(place[1])
        last_row, last_column = max(last_row, row), max(last_column, column + 1)
        if _FORMULA.match(sheet, match.end()):
            formulas.append((row, column))
    if last_column > MAX_COLUMNS:
        raise Refused(Problem(TOO_WIDE, {"limit": MAX_COLUMNS}))
    if last_row > MAX_ROWS + 1 or last_row * last_column > MAX_CELLS:
        raise Refused(Problem(TOO_LONG, {"limit": MAX_ROWS}))
    return formulas


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number - 1


def _repacked(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, part in parts.items():
            archive.writestr(zipfile.ZipInfo(name), part)
    return out.getvalue()


def _values(workbook: bytes) -> Iterable[Sequence[object]]:
    """Return the first sheet's values, from its first row on.

    BaseException is caught because the reader is compiled code, whose panics are no `Exception`."""
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(workbook))
        if not book.sheet_names:
            return ()
        sheet = book.get_sheet_by_index(0)
        if sheet.total_width > MAX_COLUMNS:
            raise Refused(Problem(TOO_WIDE, {"limit": MAX_COLUMNS}))
        if sheet.total_height > MAX_ROWS + 1:
            raise Refused(Problem(TOO_LONG, {"limit": MAX_ROWS}))
        return sheet.to_python(skip_empty_area=False)
    except (Refused, KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        raise Refused(_DAMAGED) from error


def _text(value: object) -> str:
    """Write a cell as text.

    Whole numbers lose their `.0`; others keep the fifteen digits that a spreadsheet holds."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 10**15 else format(value, ".15g")
    if isinstance(value, datetime):
        midnight = value.time() == time(0)
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return "" if value is None else str(value)
