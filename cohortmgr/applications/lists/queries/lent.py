"""What higher rooms lend to the list of applications: columns, with the orders that their own tables hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cohortmgr.applications.lists.columns import LENT, LentColumn
from cohortmgr.base.errors import Problem
from cohortmgr.programmes.models import Intake


@dataclass(frozen=True)
class LentOrder:
    """An order of files that another `table` holds, with a row for each of them at most.

    Its rows are ordered by `column`, then by `file_id`, the id of the file. `parts` are conditions on that table for an
    intake: within each of them an index has the order, and each row meets one at most. `is_turned` if the least of
    `column` is what people call the most. `as_of` tells of which moment the figures are, if they follow later;
    `remarks` what there is to say of files of an intake, by reference, that stand elsewhere than their figure."""

    table: type[Any]
    column: sa.ColumnElement[Any]
    file_id: sa.ColumnElement[Any]
    parts: Callable[[int], Sequence[sa.ColumnElement[bool]]]
    is_turned: bool = False
    as_of: Callable[[int], datetime | None] | None = None
    remarks: Callable[[Intake, Sequence[str]], Mapping[str, Problem]] | None = None

    def files(self, intake_id: int, value: str = "") -> sa.Select[Any]:
        """Select the ids of the files of an intake that have a place in the order, or the value there."""
        parts = self.parts(intake_id)
        found = sa.select(self.file_id).where(sa.or_(sa.false(), *parts))
        return found.where(self.column == value) if value else found


# By the key of the column: what a file's cell is read from, beside the row of the file; and its order.
EXPRESSIONS: dict[str, sa.ColumnElement[Any]] = {}
ORDERS: dict[str, LentOrder] = {}


def lend(column: LentColumn, expression: sa.ColumnElement[Any], order: LentOrder) -> None:
    """Add a column to the list. Lending it twice changes nothing."""
    LENT[column.key], EXPRESSIONS[column.key], ORDERS[column.key] = column, expression, order


def remarks_on(
    intake: Intake, shown: Sequence[str], references: Sequence[str]
) -> dict[str, Mapping[str, Problem]]:
    """Return what there is to say of some files beside their figures, by the column that shows these."""
    asked = {key: ORDERS[key].remarks for key in shown if key in ORDERS}
    return {key: remarks(intake, references) for key, remarks in asked.items() if remarks is not None}
