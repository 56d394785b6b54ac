"""Pages on which a person mends their own row of the tray, by a link."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards
from cohortmgr.applications.importing.actions import tray
from cohortmgr.applications.importing.forms import cells_given, show_faults
from cohortmgr.applications.importing.views.requests import row_form_of
from cohortmgr.base.db import writing
from cohortmgr.base.errors import Refused

public_bp = Blueprint("imports_public", __name__)


@public_bp.route("/repair/<token>", methods=["GET", "POST"], endpoint="repair")
@guards.public
def repair_own(token: str) -> ResponseReturnValue:
    """Show the fields at fault on GET; mend the row on POST."""
    viewer = guards.viewer()
    try:
        if request.method == "POST":
            return _repaired(token)
        opened = tray.open_link(viewer, token)
    except Refused as refusal:
        return render_template(
            "applications/importing/public_repair_closed.html", problems=refusal.problems
        ), 410
    if opened.is_settled:
        return render_template("applications/importing/public_repair_closed.html", problems=()), 410
    form = row_form_of(opened, opened.at_fault())
    show_faults(form, opened.faults, list(opened.mapping.columns))
    return render_template("applications/importing/public_repair.html", form=form, opened=opened)


def _repaired(token: str) -> ResponseReturnValue:
    viewer = guards.viewer()
    if tray.is_done(viewer, token):
        return redirect(url_for("imports_public.done"))
    opened = tray.open_link(viewer, token)
    form = row_form_of(opened, opened.at_fault())
    header = list(opened.mapping.columns)
    if form.validate_on_submit():
        with writing():
            faults = tray.mend_by_link(viewer, token, cells_given(form, header))
        if not faults:
            return redirect(url_for("imports_public.done"))
        show_faults(form, faults, header)
    return render_template("applications/importing/public_repair.html", form=form, opened=opened)


@public_bp.get("/repair/done")
@guards.public
def done() -> ResponseReturnValue:
    """Thank the person and say what happens next."""
    return render_template("applications/importing/public_repair_done.html")
