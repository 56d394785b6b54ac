"""Which of the numbers of a date is the day: told by the dates of a column together, and said on the page. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cohortmgr.applications.answers.dates import DAY_FIRST, MONTH_FIRST, day_first, order_of
from cohortmgr.applications.importing.mappings import ColumnMapping
from cohortmgr.base.sheets.tables import Record, SheetTable
from cohortmgr.programmes.definition.rules import Form, ImportLayout, QuestionKind


@dataclass(frozen=True)
class DateOrder:
    """The order in which a column of dates is read; `by`: "choice" of whoever imports, "dates" of the column, or
    "default" when no date decides."""

    order: str
    by: str


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
        if chosen in (DAY_FIRST, MONTH_FIRST):
            found[header] = DateOrder(chosen, "choice")
        elif not _says_month_first(formats):
            told = order_of(row.cells[position] for row in table.rows if position < len(row.cells))
            found[header] = DateOrder(told or DAY_FIRST, "dates" if told else "default")
    return found


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
        if name in orders and orders[name].order == MONTH_FIRST
    }
    if not turned:
        return record
    cells = (day_first(cell) if place in turned else cell for place, cell in enumerate(record.cells))
    return replace(record, cells=tuple(cells))
