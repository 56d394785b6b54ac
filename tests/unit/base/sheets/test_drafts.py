"""The files of a desk are written together: all of them whole, or none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cohortmgr.base.sheets.drafts import table_at, write_together
from cohortmgr.base.sheets.tables import read_table


def _new(path: Path) -> None:
    path.write_text("new")


def test_each_file_is_written_whole_over_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    write_together({tmp_path / name: _new for name in "ab"})
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "new", "b": "new"}


def test_what_breaks_off_leaves_nothing_and_says_which(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")

    def full(path: Path) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left") as caught:
        write_together({tmp_path / "a": _new, tmp_path / "b": full})
    assert caught.value.filename == str(tmp_path / "b")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "old"}


def test_a_device_or_a_pipe_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="something else") as caught:
        write_together({tmp_path / "a": _new, pipe: _new})
    assert caught.value.filename == str(pipe) and pipe.is_fifo()
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_a_fault_of_the_program_leaves_nothing_either(tmp_path: Path) -> None:
    def rows() -> Iterator[tuple[str]]:
        yield ("1",)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_together({tmp_path / "a.csv": table_at(tmp_path / "a.csv", "a", ["n"], rows())})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.csv", "a.XLSX", "a"])
def test_a_table_is_a_workbook_where_its_name_says_so(tmp_path: Path, name: str) -> None:
    place = tmp_path / name
    write_together({place: table_at(place, "t", ["n", "m"], [("=A", 1), ("B", 2)])})
    data = place.read_bytes()
    assert data.startswith(b"PK") == (name == "a.XLSX")
    assert [row.cells for row in read_table(data).rows] == [("=A", "1"), ("B", "2")]
