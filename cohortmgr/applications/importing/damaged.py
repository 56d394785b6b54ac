"""Finds the cells of a file whose text was damaged before it came. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cohortmgr.base.sheets.tables import SheetTable, is_damaged


@dataclass(frozen=True)
class DamagedCell:
    """Where a damaged text stands: its line, and the header of its column."""

    line: int
    column: str


def damaged_cells(table: SheetTable, columns: Mapping[str, str | None]) -> tuple[DamagedCell, ...]:
    """The cells with damaged text in the columns that are read, in the order of the file. Nothing is refused for it:
    only who knows the people can say what the text was."""
    read = [(position, name) for position, name in enumerate(table.header) if columns.get(name)]
    return tuple(
        DamagedCell(row.line, name)
        for row in table.rows
        for position, name in read
        if position < len(row.cells) and is_damaged(row.cells[position])
    )
