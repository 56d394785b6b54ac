"""What the pages share that mend a row of an import: its form."""

from __future__ import annotations

from cohortmgr.applications.importing.actions.tray import Opened
from cohortmgr.applications.importing.forms import row_form
from cohortmgr.base.forms import HouseForm


def row_form_of(opened: Opened, columns: tuple[str, ...]) -> HouseForm:
    """The fields of these columns of a row, as the row stands."""
    return row_form(opened.definition, opened.mapping, columns, opened.cells, opened.waiting.row.version)
