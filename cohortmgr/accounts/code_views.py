"""The page where a code is typed; and what other rooms ask codes for goes through the same two functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import access, actions, codes, guards
from cohortmgr.accounts.codes import Asked, Wrong
from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.entering import enter, way_on
from cohortmgr.accounts.forms import CodeForm
from cohortmgr.accounts.rules import ANONYMOUS
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.base.i18n import language, say
from cohortmgr.base.web import show_problems

bp = Blueprint("accounts_codes", __name__)
ENTER = "enter"
# Where the browser keeps the token of its last code.
KEPT = "code"


def ask(purpose: str, contact: Contact, kept: Mapping[str, Any] | None = None) -> None:
    """Send a code and let the browser remember that it asked for it."""
    before = session.get(KEPT)
    with writing():
        token = codes.ask(purpose, contact, language(), request.remote_addr or "", kept, before)
    session[KEPT] = token


def page(asked: Asked, form: CodeForm, action: str, again: str, back: str) -> ResponseReturnValue:
    """The page of a code; it shows where the code went, and is kept by no cache."""
    drawn = render_template(
        "accounts/public_code.html", form=form, asked=asked, action=action, again=again, back=back
    )
    return drawn, 200, {"Cache-Control": "no-store"}


def ask_again(purpose: str) -> None:
    """Another code for what the browser asked for; what is refused is said on the next page."""
    try:
        with writing():
            token = codes.ask_again(session.get(KEPT) or "", request.remote_addr or "", purpose)
    except Refused as refusal:
        flash(say(refusal.problems[0]), "wait")
        return
    session[KEPT] = token
    flash(_("Un autre code est parti ; le précédent ne vaut plus."), "done")


@bp.route("/code", methods=["GET", "POST"])
@guards.public
def code() -> ResponseReturnValue:
    """Type the code that enters."""
    asked = codes.look(session.get(KEPT), ENTER)
    if asked is None:
        known = guards.viewer()
        if known is not ANONYMOUS:  # typed in another tab meanwhile
            return redirect(way_on(known))
        flash(_("Ce code a déjà servi ou n’est plus valable. Demandez-en un autre."), "wait")
        return redirect(url_for("accounts.sign_in", next=request.args.get("next")))
    form = CodeForm()
    if form.validate_on_submit():
        try:
            return _entered(form)
        except Refused as refusal:
            db.session.rollback()
            show_problems(form, refusal)
    onward = request.args.get("next")
    return page(
        asked,
        form,
        url_for(".code", next=onward),
        url_for(".again", next=onward),
        url_for("accounts.sign_in", next=onward),
    )


def _entered(form: CodeForm) -> ResponseReturnValue:
    with writing():
        proof = codes.check(session.get(KEPT), form.digits, ENTER)
        if isinstance(proof, Asked):
            account_id, dropped = access.enter(proof.contact, proof.language)
            token = actions.open_session(account_id, bool(session.get("shared")))
    if isinstance(proof, Wrong):
        raise codes.problem_of(proof)
    answer = enter(token)
    if dropped:
        flash(
            _(
                "Votre adresse est confirmée. Le mot de passe choisi avant ne vaut plus : choisissez-en un autre "
                "parmi vos accès, ou continuez avec un code."
            )
        )
    return answer


@bp.post("/code/again")
@guards.public
def again() -> ResponseReturnValue:
    """Another code to the same address or number."""
    ask_again(ENTER)
    return redirect(url_for(".code", next=request.args.get("next")))
