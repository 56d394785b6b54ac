"""What the pages share that mend a row of an import: its form."""

from __future__ import annotations

from flask import request

from cohortmgr.applications.form.asides import EXCHANGE
from cohortmgr.applications.importing.actions.tray import Opened
from cohortmgr.applications.importing.forms import exchange_names, offer_exchange, row_form
from cohortmgr.base.forms import HouseForm


def row_form_of(opened: Opened, columns: tuple[str, ...]) -> HouseForm:
    """The fields of these columns of a row, as it stands; with the names exchanged if that button was pressed, else
    with the button where it helps."""
    form = row_form(opened.definition, opened.mapping, columns, opened.cells, opened.waiting.row.version)
    if EXCHANGE in request.form:
        exchange_names(form, opened.definition, opened.mapping)
    offer_exchange(form, opened.definition, opened.mapping)
    return form
