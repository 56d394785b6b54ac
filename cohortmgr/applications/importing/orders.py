"""Which of the numbers of a date is the day: told by the dates of a column together, and said on the page. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cohortmgr.applications.answers.dates import (
    DAY_FIRST,
    MONTH_FIRST,
    day_first,
    exchanged,
    may_be_turned,
    order_of,
)
from cohortmgr.applications.importing.mappings import TURNED, ColumnMapping
from cohortmgr.base.sheets.tables import Record, SheetTable
from cohortmgr.programmes.definition.rules import Form, ImportLayout, QuestionKind


@dataclass(frozen=True)
class DateOrder:
    """The order in which a column of dates is read; `by`: "choice" of whoever imports, "dates" of the column,
    "doubt" when a spreadsheet may have turned some of them, or "default" when no date decides. `elsewhere`: then, the
    header of another column whose dates have the month first. `is_turned`: the dates that a spreadsheet made are
    exchanged."""

    order: str
    by: str
    elsewhere: str = ""
    is_turned: bool = False


def date_orders(
    table: SheetTable, mapping: ColumnMapping, form: Form, layout: ImportLayout
) -> dict[str, DateOrder]:
    """The order of each column of dates, by its header, in the file's order."""
    found = {}
    for position, header in enumerate(table.header):
        formats = _formats(header, mapping, form, layout)
        if formats is None:
            continue
        chosen = mapping.dates.get(header)
        cells = [row.cells[position] for row in table.rows if position < len(row.cells)]
        if chosen in (DAY_FIRST, MONTH_FIRST):
            found[header] = DateOrder(chosen, "choice")
        elif chosen == TURNED:
            found[header] = DateOrder(order_of(cells) or DAY_FIRST, "choice", is_turned=True)
        elif not _says_month_first(formats):
            found[header] = _found(cells)
    month = next((name for name, each in found.items() if each.order == MONTH_FIRST), "")
    return {
        name: replace(each, elsewhere=month) if each.by == "default" else each for name, each in found.items()
    }


def _found(cells: Sequence[str]) -> DateOrder:
    told = order_of(cells)
    if told is None:
        return DateOrder(DAY_FIRST, "default")
    return DateOrder(told, "doubt" if may_be_turned(cells) else "dates")


def _formats(header: str, mapping: ColumnMapping, form: Form, layout: ImportLayout) -> Sequence[str] | None:
    """The formats of the definition for a column of dates; None for any other column."""
    if header == mapping.sent_at:
        return layout.sent_at_formats
    key = mapping.columns.get(header)
    is_date = key is not None and form.question(key).kind is QuestionKind.DATE
    return layout.date_formats if is_date else None


def _says_month_first(formats: Sequence[str]) -> bool:
    """Whether the definition itself says that the month comes first, so that nothing is left to find."""
    return any(
        -1 < form.find("%m") < form.find("%d") and "%Y" not in form[: form.find("%m")] for form in formats
    )


def with_day_first(record: Record, header: Sequence[str], orders: Mapping[str, DateOrder]) -> Record:
    """The row with its dates day first, as everybody reads them who mends it later."""
    turned = {
        position
        for position, name in enumerate(header[: len(record.cells)])
        if name in orders and (orders[name].order == MONTH_FIRST or orders[name].is_turned)
    }
    if not turned:
        return record
    cells = (
        _mended(cell, orders[header[place]]) if place in turned else cell
        for place, cell in enumerate(record.cells)
    )
    return replace(record, cells=tuple(cells))


def _mended(cell: str, order: DateOrder) -> str:
    cell = exchanged(cell) if order.is_turned else cell
    return day_first(cell) if order.order == MONTH_FIRST else cell
