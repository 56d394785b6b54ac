"""The page on which a programme's staff put up its picture. It is seen at once, and is no part of the draft."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.base.db import writing
from cohortmgr.base.errors import Problem, Refused
from cohortmgr.base.web.responses import posted_version
from cohortmgr.programmes.drafts.queries import get_writing
from cohortmgr.programmes.pictures import actions

bp = Blueprint("pictures_staff", __name__, url_prefix="/staff/programmes")


@bp.get("/<key>/picture")
@guards.staff
def picture(key: str) -> ResponseReturnValue:
    """Show the picture and the form for another."""
    return _page(key)


@bp.post("/<key>/picture")
@guards.staff
def put(key: str) -> ResponseReturnValue:
    """Put up the picture that was sent; without one, take the present one down."""
    viewer = guards.viewer()
    get_writing(viewer, key)
    sent = request.files.get(actions.PICTURE)
    data = sent.read() if sent and sent.filename else b""
    try:
        made = actions.prepare_picture(data) if data else None
    except Refused as refusal:
        return _page(key, refusal.problems), 422
    with writing():
        actions.put_picture(viewer, key, made, posted_version())
    flash(_("La page du programme montre cette image.") if made else _("L’image est retirée."), "done")
    return redirect(url_for(".picture", key=key))


def _page(key: str, problems: tuple[Problem, ...] = ()) -> str:
    found = get_writing(guards.viewer(), key)
    return render_template("authoring/staff_programme_picture.html", writing=found, problems=problems)
