"""Pages for staff who enrol a group: the children they brought, by name and consent only; undoing an import."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from cohortmgr.accounts import guards
from cohortmgr.applications.file.rules import CONSENT_STATES
from cohortmgr.applications.importing.actions import undo as importing_undo
from cohortmgr.applications.importing.queries import runs as import_queries
from cohortmgr.base.db import writing
from cohortmgr.base.web.asked import place_asked

bp = Blueprint("groups_staff", __name__, url_prefix="/staff")


@bp.get("/intakes/<reference>/enrolled")
@guards.staff
def enrolled(reference: str) -> ResponseReturnValue:
    """Show names, and whether the guardian agreed. A club may see nothing else of a file."""
    viewer = guards.viewer()
    intake = import_queries.intake_for(viewer, reference)
    page = import_queries.enrolled_by(viewer, intake, place_asked(), 50)
    return render_template(
        "applications/importing/staff_enrolled.html", intake=intake, page=page, names=CONSENT_STATES.names
    )


@bp.route("/imports/<reference>/undo", methods=["GET", "POST"])
@guards.staff
def undo(reference: str) -> ResponseReturnValue:
    """Show what would go and what would stay; a POST undoes the import."""
    viewer = guards.viewer()
    if request.method == "POST":
        with writing():
            count = importing_undo.undo(viewer, reference)
        flash(ngettext("%(num)s dossier est retiré.", "%(num)s dossiers sont retirés.", count), "done")
        return redirect(url_for("imports_staff.run", reference=reference))
    return render_template(
        "applications/importing/staff_import_undo.html", found=importing_undo.look(viewer, reference)
    )
