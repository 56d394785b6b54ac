"""Pages where people choose how they are written to: their own page, and the link of a campaign's mail."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.actions import counting
from cohortmgr.accounts.contacts import codes_of
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.base.web.responses import csrf, show_problems
from cohortmgr.messages.preferences.actions import preferences, unsubscribe_links
from cohortmgr.messages.preferences.forms import PreferencesForm
from cohortmgr.messages.preferences.queries import preferences as preferences_preferences

bp = Blueprint("preferences", __name__)


@bp.route("/my/preferences", methods=["GET", "POST"])
@guards.signed_in
def mine() -> ResponseReturnValue:
    """Show and store the viewer's own choices.
    A problem is shown beside its field, and what was typed stays."""
    viewer = guards.viewer()
    form = PreferencesForm.of(preferences_preferences.chosen_by(viewer))
    if form.validate_on_submit():
        try:
            with writing():
                preferences.choose(viewer, form.chosen())
            flash(_("Vos choix sont enregistrés ; ils valent pour les prochains messages."), "done")
            return redirect(url_for(".mine"))
        except Refused as refusal:
            db.session.rollback()
            show_problems(form, refusal)
    codes = codes_of(counting.sms_countries())
    return render_template(
        "messages/preferences/candidate_preferences.html", form=form, email=viewer.email, codes=codes
    )


@bp.get("/unsubscribe/<token>")
@guards.public
def unsubscribe(token: str) -> ResponseReturnValue:
    """Show a page with a button: scanners open the links in mails, and must not unsubscribe anybody."""
    return _page(token, "asked")


# A mail provider posts this without a session or a token of ours, so only the link's signature counts.
@bp.post("/unsubscribe/<token>")
@csrf.exempt
@guards.public
def one_click(token: str) -> ResponseReturnValue:
    """Stop campaigns, when a provider posts (RFC 8058) or when the page's button is pressed.
    A second time shows the same page."""
    return _page(token, "stopped", campaigns=False)


@bp.post("/unsubscribe/<token>/undo")
@csrf.exempt
@guards.public
def undo(token: str) -> ResponseReturnValue:
    """Let campaigns come again."""
    return _page(token, "undone", campaigns=True)


def _page(token: str, done: str, campaigns: bool | None = None) -> ResponseReturnValue:
    try:
        person = unsubscribe_links.person_of(token)
    except Refused as refusal:
        return render_template(
            "messages/preferences/public_unsubscribe_refused.html", problems=refusal.problems
        ), 410
    if campaigns is not None:
        with writing():
            preferences.unsubscribe(guards.viewer(), person, campaigns=campaigns)
    return render_template("messages/preferences/public_unsubscribe.html", token=token, done=done)
