"""The page for a form that was held because its session had ended: send it on, or delete it."""

from __future__ import annotations

from contextlib import suppress

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException

from cohortmgr.accounts import guards
from cohortmgr.accounts.actions import held_forms
from cohortmgr.base.db import writing

bp = Blueprint("held", __name__)


@bp.route("/my/held", methods=["GET", "POST"])
@guards.candidate
def show() -> ResponseReturnValue:
    """Show the held form, which goes on to where it was sent;
    without one, redirect to the person's own page."""
    viewer = guards.viewer()
    found = held_forms.held(viewer)
    if found is None:
        return redirect(url_for("portals.my_home"))
    if request.method == "GET":
        return render_template("accounts/candidate_held.html", held=found)
    with writing():
        held_forms.release(viewer)
    if "forget" in request.form:
        flash(_("C’est effacé."), "done")
        return redirect(_page_above(found.path.partition("?")[0]))
    # The same form, with its fields and its token, is sent on to the path in the row.
    return redirect(found.path, 307)


def _page_above(path: str) -> str:
    """The address of the nearest page at or above the one to which a form was sent, which may take nothing but it."""
    routes = current_app.url_map.bind("localhost")
    while path:
        with suppress(HTTPException):
            routes.match(path, method="GET")
            return path
        path = path.rpartition("/")[0]
    return url_for("portals.my_home")
