"""What every page that asks for a code shares: sending it, typing it, asking for another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import flash, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts.actions import codes
from cohortmgr.accounts.actions.codes import Asked, Wrong
from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.forms import CodeForm
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.base.i18n import language, say
from cohortmgr.base.pages.web import show_problems

ENTER = "enter"
# Where the browser keeps the token of its last code.
KEPT = "code"
R = TypeVar("R")


def ask(purpose: str, contact: Contact, kept: Mapping[str, Any] | None = None) -> None:
    """Send a code and let the browser remember that it asked for it."""
    before = session.get(KEPT)
    with writing():
        token = codes.ask(purpose, contact, language(), request.remote_addr or "", kept, before)
    session[KEPT] = token


@dataclass(frozen=True)
class Place:
    """Where a code of some purpose is typed, where another is asked for, and where one goes without any."""

    purpose: str
    action: str
    again: str
    back: str


def typed(
    place: Place, act: Callable[[Asked], R], then: Callable[[R], ResponseReturnValue]
) -> ResponseReturnValue:
    """The page of a code and what typing it does: `act` in the transaction that uses the code up, `then` the answer.

    It shows where the code went, and is kept by no cache. Without a code to type it leads back."""
    asked = codes.look(session.get(KEPT), place.purpose)
    if asked is None:
        return redirect(place.back)
    form = CodeForm()
    if form.validate_on_submit():
        try:
            return then(_proved(place.purpose, form.digits, act))
        except Refused as refusal:
            db.session.rollback()
            show_problems(form, refusal)
    drawn = render_template("accounts/public_code.html", form=form, asked=asked, place=place)
    return drawn, 200, {"Cache-Control": "no-store"}


def _proved(purpose: str, digits: str, act: Callable[[Asked], R]) -> R:
    with writing():
        proof = codes.check(session.get(KEPT), digits, purpose)
        done = act(proof) if isinstance(proof, Asked) else proof
    if isinstance(done, Wrong):  # the try is committed
        raise codes.problem_of(done)
    session.pop(KEPT, None)
    return done


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
