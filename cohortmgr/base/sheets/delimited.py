"""Reads the records of a text that separates its cells: by commas, semicolons or tabs, quoted as CSV is."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import log2

from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.sheets.unpacking import MAX_COLUMNS, MAX_ROWS
from cohortmgr.base.sheets.workbooks import TOO_LONG, TOO_WIDE

# Among how many lines that hold a value the header is sought.
FIRST = 10
# A record that spans more lines than this has certainly lost its closing quote.
MAX_RECORD_LINES = 200
DELIMITERS = (",", ";", "\t", "|")

_UNCLOSED = N_("Un guillemet ouvert n’est jamais refermé. Exportez de nouveau le tableau en CSV.")
_UNCLOSED_AT = N_(
    "Un guillemet ouvert à la ligne %(line)s n’est pas refermé. Corrigez-le, puis renvoyez le fichier."
)
# How many characters are looked at to find the separator.
_LOOK = 200_000


@dataclass(frozen=True)
class Record:
    """One row: the line of the file where it begins (from 1), its cells, and the positions of formulas."""

    line: int
    cells: tuple[str, ...]
    formulas: frozenset[int] = frozenset()


def csv_records(text: str, most: int = MAX_ROWS) -> tuple[list[Record], str]:
    """The records that hold a value, and the separator by which they were read."""
    offset = 0
    delimiter = None
    if text[:4].lower() == "sep=" and text[4:5] in DELIMITERS and text[5:6] in ("\r", "\n"):
        # Excel writes this line (`sep=;`) for itself.
        delimiter, offset, text = text[4], 1, text[5:].removeprefix("\r").removeprefix("\n")
    delimiter = delimiter or _delimiter(text)
    try:
        records = list(_parse(text, delimiter, strict=True, most=most))
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise Refused(_UNCLOSED) from None
        # Some programs do not escape quotes inside texts. What that breaks is reported row by row.
        records = _leniently(text, delimiter, most)
    return [Record(record.line + offset, record.cells) for record in records], delimiter


def unpacked(records: Sequence[Record]) -> tuple[list[Record], str] | None:
    """The records of a table whose every line stands in one cell, and what separates its cells; None of any other.

    A spreadsheet that expects another separator opens a text so, and saves it so, as a text or as a workbook."""
    lines = [record.cells[0] if filled(record.cells) == 1 else "" for record in records]
    if len(records) < 2 or not all(lines):
        return None
    delimiter = _delimiter("\n".join(lines[:40]))
    try:
        found = [next(_parse(line, delimiter, strict=True)).cells for line in lines]
    except (csv.Error, StopIteration):
        return None
    if sum(len(cells) > 1 for cells in found) * 2 <= len(found):
        return None
    parted = zip(records, found, strict=True)
    return [Record(record.line, cells, record.formulas) for record, cells in parted], delimiter


def _leniently(text: str, delimiter: str, most: int) -> list[Record]:
    try:
        return list(_parse(text, delimiter, strict=False, most=most))
    except csv.Error:
        raise Refused(_UNCLOSED) from None


def _delimiter(text: str) -> str:
    """Return the separator under which the first records agree best on a number of cells, and on a large one.

    The first record of all may be a title, which has one cell."""
    start = text[:_LOOK]

    def worth(delimiter: str) -> tuple[bool, float]:
        widths, sound = [], True
        try:
            for record in islice(_parse(start, delimiter, strict=True), 40):
                widths.append(len(record.cells))
        except csv.Error as error:
            sound = "unexpected end" in str(error) and len(text) > _LOOK
        width = max(set(widths), key=lambda each: (widths.count(each), each), default=1)
        alike = widths.count(width) / len(widths) if widths else 0.0
        return sound and width > 1, alike * log2(width)

    return max(DELIMITERS, key=worth)


def _parse(text: str, delimiter: str, *, strict: bool, most: int = MAX_ROWS) -> Iterator[Record]:
    """Yield the records that hold a value, with the physical line where each begins. Rows and columns that nobody
    filled, for which programs write separators, do not count. Raises csv.Error."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)
    begins = 1
    count = 0
    for cells in reader:
        width = filled(cells)
        if reader.line_num - begins > MAX_RECORD_LINES:
            raise Refused(Problem(_UNCLOSED_AT, {"line": begins}))
        if width > MAX_COLUMNS:
            raise Refused(too_wide())
        if count > most + FIRST:
            raise Refused(too_long(most))
        if width:
            count += 1
            yield Record(begins, tuple(cells[:MAX_COLUMNS]))
        begins = reader.line_num + 1


def lean_rows(text: str, most: int = MAX_ROWS) -> Iterator[tuple[int, list[str]]]:
    """Yield the line and the cells of each record of a plain CSV that holds a value, one at a time and as they stand:
    a million of them are never held. Its cells are parted by commas and quoted as CSV is."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins, count = 1, 0
    try:
        for cells in reader:
            if any(cells):
                count += 1
                if count > most + 1:
                    raise Refused(too_long(most))
                yield begins, cells
            if reader.line_num - begins > MAX_RECORD_LINES:
                raise Refused(Problem(_UNCLOSED_AT, {"line": begins}))
            begins = reader.line_num + 1
    except csv.Error:
        raise Refused(Problem(_UNCLOSED_AT, {"line": begins})) from None


def is_lean(text: str) -> bool:
    """Whether a text is a plain CSV, as programs write it: its first line parts cells by commas and nothing else."""
    first = text[: text.find("\n")] if "\n" in text[:10_000] else ""
    return "," in first and not any(other in first for other in DELIMITERS if other != ",")


def filled(cells: Sequence[str]) -> int:
    """How many cells there are up to the last that holds a value."""
    return next((n for n in range(len(cells), 0, -1) if cells[n - 1].strip()), 0)


def too_long(most: int = MAX_ROWS) -> Problem:
    return Problem(TOO_LONG, {"limit": most})


def too_wide() -> Problem:
    return Problem(TOO_WIDE, {"limit": MAX_COLUMNS})
