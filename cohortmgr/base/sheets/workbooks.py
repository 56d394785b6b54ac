"""Reading an XLSX workbook from an untrusted person, by a process with limited memory and time (`unpacking`)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import IO, Any

from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.sheets.unpacking import MAX_COLUMNS, MAX_ROWS, SECONDS, grown

PROGRAM = Path(__file__).with_name("unpacking.py")
# On a busy machine a process also waits, so the limit of wall time is higher than that of processor time.
WAITS = 60

NOT_A_TABLE = N_(
    "Ce fichier n’est ni un CSV ni un XLSX. Enregistrez le tableau dans l’un de ces formats, puis "
    "renvoyez-le."
)
_DAMAGED = N_(
    "Le classeur XLSX est abîmé et ne se lit pas. Ouvrez-le dans un tableur, enregistrez-le de "
    "nouveau, puis renvoyez-le."
)
_BOMB = N_("Le classeur XLSX est trop grand une fois décompressé. Partagez-le, ou enregistrez-le en CSV.")
TOO_LONG = N_("Le tableau dépasse %(limit)s lignes. Partagez-le en plusieurs fichiers.")
TOO_WIDE = N_("Le tableau dépasse %(limit)s colonnes. Gardez celles du formulaire.")
REASONS = {
    "no_table": Problem(NOT_A_TABLE),
    "damaged": Problem(_DAMAGED),
    "bomb": Problem(_BOMB),
    "too_wide": Problem(TOO_WIDE, {"limit": MAX_COLUMNS}),
}


@dataclass(frozen=True)
class WorkbookRow:
    """A row: its line from 1, its cells as text, and the positions of those that a formula computes."""

    line: int
    cells: tuple[str, ...]
    formulas: frozenset[int]


@dataclass(frozen=True)
class WorkbookSheet:
    """The names of all sheets, those that people see first, the name of the one that was read, its rows that
    hold a value, and the lines that are hidden in it."""

    names: tuple[str, ...]
    taken: str
    rows: tuple[WorkbookRow, ...]
    hidden: frozenset[int] = frozenset()


def is_workbook(data: bytes) -> bool:
    """Whether the bytes are a zip archive, as every XLSX is."""
    return data.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def read_workbook(data: bytes, wanted: str | None = None, most: int = MAX_ROWS) -> WorkbookSheet:
    """Return the sheet with that name, else the first that people see; dates in ISO.

    Refuses what is no XLSX, is damaged, or would unpack beyond the bounds."""
    with _reader(data, wanted, most) as lines:
        head = _answer(next(lines, None), most)
        tabs = head["tabs"]
        names = [name for name, visible in tabs if visible] + [name for name, visible in tabs if not visible]
        rows = tuple(_rows(lines, most))
    return WorkbookSheet(tuple(names), tabs[head["taken"]][0], rows, frozenset(head["hidden"]))


def _rows(lines: Iterator[bytes], most: int) -> Iterator[WorkbookRow]:
    """The rows until the word that ends them; what breaks off before it is not a table."""
    known: dict[str, str] = {}
    for line in lines:
        told = _answer(line, most)
        if told == "end":
            return
        number, cells, formulas = told
        # The same text in many cells is kept once.
        yield WorkbookRow(number, tuple(known.setdefault(cell, cell) for cell in cells), frozenset(formulas))
    raise Refused(_BOMB)


def _answer(line: bytes | None, most: int) -> Any:
    if line is None:
        raise Refused(_BOMB)
    told = json.loads(line)
    if isinstance(told, dict) and "refused" in told:
        reason = told["refused"]
        raise Refused(Problem(TOO_LONG, {"limit": most}) if reason == "too_long" else REASONS[reason])
    return told


@contextmanager
def _reader(data: bytes, wanted: str | None, most: int) -> Iterator[Iterator[bytes]]:
    """The lines that the program says of a file. It ends with the block, whatever it still does."""
    # -I: neither the environment nor the working folder decides what is imported. One memory arena for the process.
    process = subprocess.Popen(
        [sys.executable, "-I", str(PROGRAM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"MALLOC_ARENA_MAX": "1", "LC_ALL": "C.UTF-8"},
        cwd="/",
    )
    stop = Timer(SECONDS * grown(most) + WAITS, process.kill)
    stop.start()
    try:
        if process.stdin is None or process.stdout is None:
            raise Refused(_DAMAGED)
        _send(process.stdin, json.dumps([wanted, most]).encode() + b"\n", data)
        yield iter(process.stdout)
    finally:
        stop.cancel()
        process.kill()
        if process.stdout is not None:
            process.stdout.close()
        process.wait()


def _send(pipe: IO[bytes], *parts: bytes) -> None:
    try:
        with pipe:
            pipe.writelines(parts)
    except BrokenPipeError:
        return  # it ended before it read all; what it said, or did not say, tells why
