"""Writing the files of a desk whole or not at all: what breaks off leaves no part of any of them."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cohortmgr.base.sheets.writing import Sheet, plain_csv, write_xlsx_to

WritesAt = Callable[[Path], None]


def write_together(files: Mapping[Path, WritesAt]) -> None:
    """Write each file beside its place, and move them there once all are whole.

    Raises OSError, whose `filename` is the place of the file that could not be written. A device or a pipe is none: a
    file that is moved there would stand in its place for everybody."""
    if strange := next((place for place in files if _is_no_file(place)), None):
        raise OSError(errno.EINVAL, "there is something else than a file", str(strange))
    drafts = {place: place.with_name(f".{place.name}.{os.getpid()}") for place in files}
    at = None
    try:
        for at, write in files.items():
            write(drafts[at])
        for at, draft in drafts.items():
            draft.replace(at)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(at)) from error
    finally:
        for draft in drafts.values():
            with suppress(OSError):
                draft.unlink(missing_ok=True)


def _is_no_file(place: Path) -> bool:
    return place.exists() and not (place.is_file() or place.is_dir())


def table_at(place: Path, title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> WritesAt:
    """What writes a table: a workbook where its place is called .xlsx, else a CSV for programs."""

    def write(path: Path) -> None:
        with path.open("wb") as stream:
            if place.suffix.lower() == ".xlsx":
                write_xlsx_to(stream, [Sheet(title, header, rows)])
            else:
                stream.writelines(plain_csv(header, rows))

    return write
