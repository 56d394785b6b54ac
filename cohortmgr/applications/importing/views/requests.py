"""What the pages share that mend a row of an import: its form."""

from __future__ import annotations

from flask_wtf import FlaskForm

from cohortmgr.applications.importing.actions.tray import Opened
from cohortmgr.applications.importing.forms import row_form


def row_form_of(opened: Opened, columns: tuple[str, ...]) -> FlaskForm:
    """The fields of these columns of a row, as the row stands."""
    return row_form(opened.definition, opened.mapping, columns, opened.cells, opened.waiting.row.version)
