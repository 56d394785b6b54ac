"""Pages of mail that came in and that nobody could use, for those who look after the installation."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.base.db import writing
from cohortmgr.messages.incoming import actions as incoming
from cohortmgr.messages.incoming import queries as incoming_queries

bp = Blueprint("unread_mail_staff", __name__, url_prefix="/staff/mail")


@bp.get("")
@guards.staff
def index() -> ResponseReturnValue:
    """List the mail that was kept, newest first, with its text."""
    kept = incoming_queries.unread(guards.viewer())
    return render_template("messages/incoming/staff_unread.html", kept=kept, most=incoming_queries.MOST)


@bp.post("/<place>/<name>/remove")
@guards.staff
def remove(place: str, name: str) -> ResponseReturnValue:
    """Remove a mail that somebody has dealt with."""
    with writing():
        incoming.remove_unread(guards.viewer(), place, name)
    flash(_("Le courrier est retiré."), "done")
    return redirect(url_for(".index"))
