"""Pages for people who wait for an opening: asking, proving the address by a code, and stopping by a click."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.actions.codes import CodeRequest
from cohortmgr.accounts.views import code_requests
from cohortmgr.accounts.views.code_requests import CodePage
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.base.web.responses import csrf, show_problems
from cohortmgr.programmes import queries
from cohortmgr.programmes.watches import actions as watches
from cohortmgr.programmes.watches.forms import WatchForm

bp = Blueprint("watches", __name__, url_prefix="/tell-me")
WATCH = "watch"


@bp.route("", methods=["GET", "POST"])
@guards.public
def ask() -> ResponseReturnValue:
    """Ask where to write, which region and which programme; nothing is kept before the code is typed."""
    form = WatchForm(data={"programme": request.args.get("programme", "")})
    form.offer(queries.programme_titles())
    if form.validate_on_submit():
        kept = {
            "region": form.region.data or None,
            "scope": form.programme.data,
            "language": form.spoken.data,
        }
        try:
            code_requests.ask(WATCH, form.contact, kept)
            return redirect(url_for(".code"))
        except Refused as refusal:
            db.session.rollback()
            show_problems(form, refusal)
    return render_template("programmes/watches/public_watch.html", form=form)


@bp.route("/code", methods=["GET", "POST"])
@guards.public
def code() -> ResponseReturnValue:
    """Ask for the code that proves that the address is one's own."""
    place = CodePage(WATCH, url_for(".code"), url_for(".again"), url_for(".ask"))
    return code_requests.typed(place, _keep, _kept)


def _keep(proof: CodeRequest) -> None:
    kept = proof.kept
    watches.keep(proof.contact, kept["language"], kept["region"], kept["scope"])


def _kept(_done: None) -> ResponseReturnValue:
    flash(_("C’est noté : vous serez prévenu·e une fois, à l’ouverture. Cela vaut un an."), "done")
    return redirect(url_for("programmes.home"))


@bp.post("/code/again")
@guards.public
def again() -> ResponseReturnValue:
    """Send another code to the same address."""
    code_requests.ask_again(WATCH)
    return redirect(url_for(".code"))


@bp.get("/stop/<token>")
@guards.public
def stopping(token: str) -> ResponseReturnValue:
    """Show a page with a button: scanners open the links in mails, and must not stop anything."""
    return _page(token, done=False)


# Mail providers post here without a session or a CSRF token of ours; the signature in the link is what
# counts.
@bp.post("/stop/<token>")
@csrf.exempt
@guards.public
def stop(token: str) -> ResponseReturnValue:
    """Forget the address, by a provider's button (RFC 8058) or the page's. A second time shows the same page."""
    return _page(token, done=True)


def _page(token: str, *, done: bool) -> ResponseReturnValue:
    try:
        reference = watches.watch_of(token)
    except Refused as refusal:
        return render_template(
            "programmes/watches/public_watch_stop.html", problems=refusal.problems, token=token
        ), 410
    if done:
        with writing():
            watches.stop(reference)
    return render_template("programmes/watches/public_watch_stop.html", token=token, done=done, problems=())
