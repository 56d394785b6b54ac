"""What every page that asks for a code shares: sending it, typing it, sending another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from flask import flash, redirect, render_template, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts.actions import codes, counting
from cohortmgr.accounts.actions.codes import CodeRequest, WrongCode
from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.forms import CodeForm
from cohortmgr.accounts.views.callers import caller_of, remember
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.base.i18n import language, say
from cohortmgr.base.web.responses import show_problems

ENTER = "enter"
# Under which the password chosen at sign-up waits, hashed and sealed, for the code that proves whose it is.
CHOSEN = "chosen"
# The key under which the browser's session keeps the token of its last code.
KEPT = "code"
# Kept with a code whose person looks for a file beside their account.
SEARCHING = "searching"
# Kept with a code for somebody who is not whoever enters by the address.
ANOTHER = "another"
R = TypeVar("R")


def ask(purpose: str, contact: Contact, kept: Mapping[str, Any] | None = None) -> None:
    """Send a code, and note in the browser's session that it asked for it."""
    before = session.get(KEPT)
    with writing():
        token = codes.ask(purpose, contact, language(), caller_of(contact), kept, before)
    session[KEPT] = token


@dataclass(frozen=True)
class CodePage:
    """The URLs of a code's purpose:
    where it is typed, where another is asked for, and where to go without one. `remembers`: a right code leaves its
    mark in the browser at once; else the page leaves it, once nothing more has to be said."""

    purpose: str
    action: str
    again: str
    back: str
    remembers: bool = True


def typed(
    page: CodePage, act: Callable[[CodeRequest], R], then: Callable[[R], ResponseReturnValue]
) -> ResponseReturnValue:
    """Answer the page where a code is typed.

    A right code calls `act`, in the transaction that uses the code up, and then `then`, which makes
    the answer. The page shows where the code went, and no cache may keep it. If there is no code to
    type, it redirects to `place.back`."""
    asked = codes.look(session.get(KEPT), page.purpose)
    if asked is None:
        return redirect(page.back)
    form = CodeForm()
    if form.validate_on_submit():
        try:
            return then(_proved(page, form.digits, act))
        except Refused as refusal:
            db.session.rollback()
            show_problems(form, refusal)
    drawn = render_template("accounts/public_code.html", form=form, asked=asked, place=page)
    return drawn, 200, {"Cache-Control": "no-store"}


def _proved(page: CodePage, digits: str, act: Callable[[CodeRequest], R]) -> R:
    with writing():
        proof = codes.check(session.get(KEPT), digits, page.purpose)
        done = None
        if isinstance(proof, CodeRequest):
            counting.forgive(proof.contact, caller_of(proof.contact))
            done = act(proof)
    if isinstance(proof, WrongCode):  # the try is committed
        raise codes.problem_of(proof)
    session.pop(KEPT, None)
    if page.remembers:
        remember(proof.contact)
    return cast(R, done)


def ask_again(purpose: str) -> None:
    """Send another code for what the browser asked for. A refusal is shown on the next page."""
    try:
        with writing():
            token = codes.ask_again(session.get(KEPT) or "", caller_of, purpose)
    except Refused as refusal:
        flash(say(refusal.problems[0]), "wait")
        return
    session[KEPT] = token
    flash(_("Un autre code est parti ; le précédent ne vaut plus."), "done")
