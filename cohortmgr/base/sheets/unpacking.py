"""Reads an XLSX workbook from an untrusted person: a program that `workbooks` runs for each file.

Readers of workbooks are large, and a file of 2 MB can unpack to hundreds. So they run in a process that has no
secrets, no database, limited memory and limited time, and that writes one line of JSON for each row. It imports
nothing of the application: `python -I unpacking.py`, with a line of JSON before the file: the wanted sheet, and how
many rows it may have.

The sizes that a zip declares can lie, and a single cell at the far corner makes a reader ask for gigabytes. So the
parts are unpacked up to a limit, the places of the cells are checked, and only what was checked is read.
"""

from __future__ import annotations

import io
import json
import posixpath
import re
import resource
import sys
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from html import unescape
from itertools import pairwise
from typing import BinaryIO
from xml.etree import ElementTree

MEMORY = 1024 * 1024 * 1024
SECONDS = 60
MAX_ROWS = 50_000
MAX_COLUMNS = 200
MAX_CELLS = 3_000_000
MAX_UNPACKED = 150 * 1024 * 1024
# What the cells may hold in all. Fifty thousand long letters are less.
MAX_TEXT = 80 * 1024 * 1024
# Honest sheets shrink ten to forty times. Below this size the ratio says nothing.
MAX_RATIO = 150
_SMALL = 4 * 1024 * 1024
_MAX_PARTS = 2_000

_TAG = rb"(?:[A-Za-z0-9]{1,20}:)?"
# One expression for a cell and what it holds: files have millions of them.
_CELL = re.compile(rb"<" + _TAG + rb"c((?:\s[^<>]*?)?)(?:/>|>(.*?)</" + _TAG + rb"c\s*>)", re.DOTALL)
_PLACE = re.compile(rb"\sr\s*=\s*[\"']([A-Za-z]{0,4})([0-9]{1,9})[\"']")
_SHARED_CELL = re.compile(rb"\st\s*=\s*[\"']s[\"']")
_VALUE = re.compile(rb"<" + _TAG + rb"(?:v|t)(?:\s[^<>]*)?>([^<]+)<")
_SHARED = re.compile(rb"<" + _TAG + rb"si[\s/>]")
_TEXT = re.compile(rb"<" + _TAG + rb"t(?:\s[^<>]*)?>([^<]*[^<\s][^<]*)<")
_ERROR = re.compile(rb"\st\s*=\s*[\"']e[\"']")
_FORMULA = re.compile(rb"<" + _TAG + rb"f[\s/>]")
_ROW = re.compile(rb"<" + _TAG + rb"row((?:\s[^<>]*?)?)/?>")
_ROW_LINE = re.compile(rb"\sr\s*=\s*[\"']([0-9]{1,9})[\"']")
_HIDDEN = re.compile(rb"\shidden\s*=\s*[\"'](?:1|true)[\"']")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_RELATION = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"


class WorkbookRefusal(Exception):
    """A workbook is refused: a key of `workbooks.REASONS`."""


@dataclass(frozen=True)
class Tab:
    """A sheet: its name, whether people see it, and the part of the archive that holds its cells."""

    name: str
    visible: bool
    part: str


@dataclass(frozen=True)
class Workbook:
    """The tabs in their order, the index of the one that was read, its rows (line, cells, formulas), and the lines
    that a filter or a hand hides."""

    tabs: tuple[Tab, ...]
    taken: int
    rows: Iterator[tuple[int, list[str], list[int]]]
    hidden: tuple[int, ...] = ()


@dataclass(frozen=True)
class LookedSheet:
    """A sheet without what is empty beyond the bounds, and the cells of formulas and of errors."""

    sheet: bytes
    formulas: frozenset[tuple[int, int]]
    errors: dict[tuple[int, int], str]


def main(given: BinaryIO, told: BinaryIO) -> None:
    """Read a workbook and write its tabs, its rows and "end", a line of JSON each; or why it is refused."""
    wanted, rows = json.loads(given.readline())
    _bound(grown(rows))
    try:
        book = read(given.read(), wanted, rows)
        tabs = [[tab.name, tab.visible] for tab in book.tabs]
        _put(told, {"tabs": tabs, "taken": book.taken, "hidden": book.hidden})
        for row in book.rows:
            _put(told, row)
        _put(told, "end")
    except WorkbookRefusal as refusal:
        _put(told, {"refused": str(refusal)})
    except MemoryError:
        _put(told, {"refused": "bomb"})
    told.flush()


def grown(rows: int) -> int:
    """By how much the other bounds grow with the rows that are asked for. A million rows have few columns."""
    return min(6, max(1, -(-rows // MAX_ROWS)))


def _bound(times: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY * times, MEMORY * times))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS * times, SECONDS * times))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _put(told: BinaryIO, what: object) -> None:
    told.write(json.dumps(what, separators=(",", ":")).encode() + b"\n")


def read(data: bytes, wanted: str | None = None, most: int = MAX_ROWS) -> Workbook:
    """Return the tab with that name, else the first that people see and that holds a value: programs leave empty
    ones, and drawings, before it. Raises WorkbookRefusal."""
    parts = _unpack(data, MAX_UNPACKED * grown(most))
    tabs = _tabs(parts)
    if not tabs:
        raise WorkbookRefusal("damaged")
    shared = _shared_sizes(parts)
    taken = next((number for number, tab in enumerate(tabs) if tab.name == wanted), None)
    if taken is None:
        seen = [number for number, tab in enumerate(tabs) if tab.visible] or [0]
        taken = next(
            (each for each in seen if _holds_values(parts.get(tabs[each].part, b""), shared)), seen[0]
        )
    part = tabs[taken].part
    if part not in parts:
        raise WorkbookRefusal("damaged")
    looked = _looked(parts[part], shared, most)
    parts[part] = looked.sheet
    hidden = _hidden(parts[part], most)
    kept = _kept(parts, {tab.part for tab in tabs} - {part})
    parts.clear()
    return Workbook(tabs, taken, _rows(kept, taken, looked, most), hidden)


def _holds_values(sheet: bytes, shared: Sequence[int]) -> bool:
    """Whether some cell of a part holds a value; a drawing has no cells."""
    return any(match[2] and _size(match[1], match[2], shared) for match in _CELL.finditer(sheet))


def _unpack(data: bytes, most: int) -> dict[str, bytes]:
    """Return the XML parts of the archive. Their sizes are checked as declared, then again as unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [e for e in archive.infolist() if e.filename.lower().endswith((".xml", ".rels"))]
            declared = sum(entry.file_size for entry in entries)
            if len(entries) > _MAX_PARTS or _is_bomb(declared, len(data), most):
                raise WorkbookRefusal("bomb")
            parts: dict[str, bytes] = {}
            left = most
            for entry in entries:
                with archive.open(entry) as part:
                    parts[entry.filename] = part.read(left + 1)
                left -= len(parts[entry.filename])
                if left < 0:
                    raise WorkbookRefusal("bomb")
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
        raise WorkbookRefusal("damaged") from error


def _is_bomb(unpacked: int, packed: int, most: int) -> bool:
    return unpacked > most or (unpacked > _SMALL and unpacked > MAX_RATIO * packed)


def _tabs(parts: dict[str, bytes]) -> tuple[Tab, ...]:
    """The tabs in the order of the workbook. Where each has its cells is said by the relations alone: the names of
    the parts keep the order in which the sheets were made, not the one to which they were dragged."""
    if "xl/workbook.xml" not in parts:
        raise WorkbookRefusal("no_table")
    targets = {
        each.get("Id"): _part_of(each.get("Target") or "")
        for each in _tree(parts.get("xl/_rels/workbook.xml.rels", b"<none/>"))
    }
    found = []
    for each in _tree(parts["xl/workbook.xml"]).iter():
        if _local(each.tag) == "sheet":
            part = targets.get(each.get(_RELATION) or each.get(_STRICT_RELATION), "")
            found.append(Tab(each.get("name") or "", each.get("state", "visible") == "visible", part))
    return tuple(found)


def _tree(part: bytes) -> ElementTree.Element:
    """The tree of a small part. Declarations are refused: entities could make it large, and no spreadsheet writes
    them."""
    if b"<!" in part or len(part) > _SMALL:
        raise WorkbookRefusal("damaged")
    try:
        return ElementTree.fromstring(part)  # noqa: S314 - without declarations there are no entities
    except ElementTree.ParseError as error:
        raise WorkbookRefusal("damaged") from error


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]


def _part_of(target: str) -> str:
    return posixpath.normpath(target.lstrip("/") if target.startswith("/") else f"xl/{target}")


def _shared_sizes(parts: dict[str, bytes]) -> list[int]:
    """Return for each shared string, in order, an upper bound of its size in bytes; 0 if nobody sees any of it."""
    for name, part in parts.items():
        if name.lower().endswith("sharedstrings.xml"):
            starts = [match.start() for match in _SHARED.finditer(part)]
            return [
                end - start if _TEXT.search(part, start, end) else 0
                for start, end in pairwise([*starts, len(part)])
            ]
    return []


def _looked(sheet: bytes, shared: Sequence[int], most: int) -> LookedSheet:
    """Return the sheet, where its formulas are, and what its errors are, by (line from 1, column from 0).

    Rows and columns that hold a value count, and no others: programs leave a style at the last row of all, or a
    formula that gives nothing. What is empty beyond the bounds is taken out; a value there is refused. So is a sheet
    whose cells would hold too much text in all, as a long one is kept once and given to each cell that names it.
    XML comments and the like are refused because they could hide such cells, and no spreadsheet writes them."""
    if b"<!" in sheet:
        raise WorkbookRefusal("damaged")
    formulas: list[tuple[int, int]] = []
    errors: dict[tuple[int, int], str] = {}
    beyond: list[tuple[int, int]] = []
    last_row = last_column = total = row = column = 0
    for match in _CELL.finditer(sheet):
        place = _PLACE.search(match[1])
        row, column = _at(place[1], place[2]) if place and place[1] else (row, column + 1)
        size = _size(match[1], match[2], shared) if match[2] else 0
        total += size
        if size:
            last_row, last_column = max(last_row, row), max(last_column, column + 1)
            _require_within(last_row, last_column, total, most)
        elif row > most + 1 or column >= MAX_COLUMNS:
            beyond.append(match.span())
            continue
        if match[2] and _FORMULA.match(match[2]):
            formulas.append((row, column))
        if size and _ERROR.search(match[1]):
            errors[row, column] = _said(match[2])
    return LookedSheet(_without(sheet, beyond), frozenset(formulas), errors)


def _said(inside: bytes) -> str:
    """The text of an error, such as #N/A."""
    return unescape(b"".join(_VALUE.findall(inside)).decode("utf-8", "replace")).strip()[:40]


def _hidden(sheet: bytes, most: int) -> tuple[int, ...]:
    """The lines that nobody sees in the spreadsheet, of those that may be read."""
    found, line = [], 0
    for match in _ROW.finditer(sheet):
        place = _ROW_LINE.search(match[1])
        line = int(place[1]) if place else line + 1
        if line <= most + 20 and _HIDDEN.search(match[1]):
            found.append(line)
    return tuple(found[: most + 20])


def _at(letters: bytes, digits: bytes) -> tuple[int, int]:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return int(digits), number - 1


def _size(attributes: bytes, inside: bytes, shared: Sequence[int]) -> int:
    """How many bytes a cell holds at most; 0 if nobody sees any of it."""
    values = _VALUE.findall(inside)
    if b"=" in attributes and _SHARED_CELL.search(attributes):
        return sum(_shared_size(value, shared) for value in values)
    return sum(len(value) for value in values if value.strip())


def _shared_size(value: bytes, shared: Sequence[int]) -> int:
    number = unescape(value.decode("ascii", "ignore")).strip().lstrip("+0") or "0"
    known = number.isdigit() and len(number) < 9 and int(number) < len(shared)
    return shared[int(number)] if known else len(value)


def _require_within(last_row: int, last_column: int, total: int, most: int) -> None:
    if last_column > MAX_COLUMNS:
        raise WorkbookRefusal("too_wide")
    if last_row > most + 20 or last_row * last_column > MAX_CELLS * grown(most):
        raise WorkbookRefusal("too_long")
    if total > MAX_TEXT * grown(most):
        raise WorkbookRefusal("bomb")


def _without(sheet: bytes, spans: Sequence[tuple[int, int]]) -> bytes:
    if not spans:
        return sheet
    ends = [0, *(end for _start, end in spans)]
    starts = [*(start for start, _end in spans), len(sheet)]
    return b"".join(sheet[end:start] for end, start in zip(ends, starts, strict=True))


def _kept(parts: dict[str, bytes], left_out: set[str]) -> io.BytesIO:
    """An archive, not packed, of the parts that are read: one sheet, and what all sheets share."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in list(parts):
            part = parts.pop(name)
            if name not in left_out:
                archive.writestr(zipfile.ZipInfo(name), part)
    out.seek(0)
    return out


def _rows(
    workbook: io.BytesIO, taken: int, looked: LookedSheet, most: int
) -> Iterator[tuple[int, list[str], list[int]]]:
    """Yield the rows that hold a value: line, cells without the empty ones at the end, positions of formulas. An error
    is the text that people see, and not an empty cell, as which the reader gives it.

    BaseException is caught because the reader is compiled code, whose panics are no `Exception`."""
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(workbook)
        sheet = book.get_sheet_by_index(taken)
        if sheet.total_width > MAX_COLUMNS or sheet.total_height > most + 20:
            raise WorkbookRefusal("too_long")
        lines_of_errors = {line for line, _column in looked.errors}
        before = [""] * (sheet.start or (0, 0))[1]  # rows begin at the first line, cells at the first value
        for line, values in enumerate(sheet.iter_rows(), start=1):
            cells = before + [_text(value) for value in values]
            if line in lines_of_errors:
                cells = [looked.errors.get((line, place), cell) for place, cell in enumerate(cells)]
            while cells and not cells[-1].strip():
                cells.pop()
            if cells:
                yield line, cells, [c for c in range(len(cells)) if (line, c) in looked.formulas]
    except (WorkbookRefusal, KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError):
        raise
    except BaseException as error:
        raise WorkbookRefusal("damaged") from error


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


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
