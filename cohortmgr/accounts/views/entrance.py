"""The last steps of every sign-in: a session, the browser's cookie, and the way to where the person wanted to go."""

from __future__ import annotations

from dataclasses import replace

from flask import redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards
from cohortmgr.accounts.actions import access, people
from cohortmgr.accounts.queries import viewers
from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.db import writing
from cohortmgr.base.i18n import language
from cohortmgr.base.web.responses import local_target

# The purpose of a proof that waits for an answer, and the key under which the browser's session has its token.
DOUBT = "doubt"
# The purpose of one that nobody goes on from without an answer: strangers try codes for that address.
GUARDED = "guarded"


def open_session(account_id: int, *, shared: bool = False) -> str:
    """Open a session for this browser, in place of the one that it has, which ends; returns its token. Whoever came
    in on a shared device stays on one: `shared` is what a form says. Every page that signs in comes here."""
    return people.open_session(account_id, shared, replaces=guards.viewer())


def enter(token: str) -> ResponseReturnValue:
    """Sign the browser in with a session's token, and redirect it to where it wanted to go."""
    known = viewers.viewer_of_token(token)
    if known is None:
        return redirect(url_for("accounts.sign_in"))
    if known.language != language() and access.is_first_session(known):
        # Others said the language of whoever was imported: they use this one.
        with writing():
            people.speak(known, language())
        known = replace(known, language=language())
    return entered(token, known)


def ask_one_thing(token: str) -> ResponseReturnValue:
    """Keep a proof in the browser's session, and redirect to where one thing more is asked."""
    session[DOUBT] = token
    return redirect(url_for("accounts_found.which", next=request.args.get("next")))


def entered(token: str, known: Viewer) -> ResponseReturnValue:
    """Do `enter` for a viewer who was loaded already."""
    guards.sign_in(token, known)
    return redirect(way_on(known))


def way_on(known: Viewer) -> str:
    """Return the URL of the page that was requested before signing in, or of the viewer's home."""
    target = local_target(request.args.get("next"))
    homes = {"staff": "portals.staff_home", "company": "portals.company_home"}
    return target or url_for(homes.get(known.audience, "portals.my_home"))
