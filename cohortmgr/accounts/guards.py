"""Guards that say which audience a page is for. Actions check permissions, and queries choose the rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Flask, g, has_request_context, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from cohortmgr.accounts.actions import access, held_forms
from cohortmgr.accounts.queries import arabic_names, ended_roles, known_people, viewers
from cohortmgr.accounts.rules import ANONYMOUS, ROLE_NAMES, Viewer
from cohortmgr.base import clock
from cohortmgr.base.db import see, writing
from cohortmgr.base.errors import N_, NotPermitted, Problem
from cohortmgr.base.i18n import has_chosen, language

P = ParamSpec("P")
R = TypeVar("R")

login_manager = LoginManager()
_ENDED = N_(
    "Votre rôle ici est fini depuis le %(day)s (%(role)s) : ces pages ne vous sont plus ouvertes. S’il doit reprendre, "
    "demandez-le à %(who)s."
)
_ENDED_TODAY = N_(
    "Votre rôle ici est fini (%(role)s) : ces pages ne vous sont plus ouvertes. S’il doit reprendre, demandez-le à "
    "%(who)s."
)
_GIVER = N_("la personne qui vous l’avait donné")
_REFERENCE = re.compile(r"[0-9A-Z]{26}\Z")


class SignedIn(UserMixin):
    """The user object of Flask-Login: the session's token, which is its id, and the viewer."""

    def __init__(self, token: str, viewer: Viewer) -> None:
        self.token = token
        self.viewer = viewer

    def get_id(self) -> str:
        return self.token


@login_manager.user_loader
def _load(token: str) -> SignedIn | None:
    if g.get("without_database"):
        return None
    found = viewers.viewer_of_token(token)
    return SignedIn(token, found) if found else None


def viewer() -> Viewer:
    """Return the request's viewer; ANONYMOUS if nobody is signed in.
    Loaded once for each request, by one statement."""
    if g.get("without_database"):
        return ANONYMOUS
    known: Viewer | None = g.get("viewer")
    if known is None:
        known = current_user.viewer if "_user_id" in session and current_user.is_authenticated else ANONYMOUS
        g.viewer = known
        if known is not ANONYMOUS:
            see(known.listed, known.person_id)
            if not has_chosen():
                g.language = known.language
    return known


def sign_in(token: str, known: Viewer) -> None:
    """Put the session's token into the cookie, and drop what the anonymous browser held."""
    session.clear()
    login_user(SignedIn(token, known))
    # On a shared device, the cookie ends with the browser.
    session.permanent = not known.shared
    g.viewer = known


def sign_out() -> None:
    """Sign the browser out: empty its session cookie."""
    logout_user()
    session.clear()
    g.viewer = ANONYMOUS


def _guard(
    audience: str, admitted: Callable[[Viewer], bool]
) -> Callable[[Callable[P, R]], Callable[P, R | ResponseReturnValue]]:
    def decorate(view: Callable[P, R]) -> Callable[P, R | ResponseReturnValue]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R | ResponseReturnValue:
            known = viewer()
            g.page_audience = audience
            if known is ANONYMOUS:
                return redirect(url_for("accounts.sign_in", next=_returning(view)))
            if not admitted(known):
                raise NotPermitted(f"{request.endpoint} is for {audience}")
            return view(*args, **kwargs)

        guarded.audience = audience  # type: ignore[attr-defined]
        return guarded

    return decorate


def _returning(view: Callable[..., object]) -> str | None:
    """Return where to go after signing in: the requested page, or the page of the form that was held."""
    if request.method == "GET":
        return request.full_path
    # What a script sends waits on its page.
    by_script = request.accept_mimetypes.best == "application/json"
    if by_script or not getattr(view, "survives", False) or not _hold():
        return None
    return url_for("held.show")


def _hold() -> bool:
    """Hold the request's form if the browser has the token of a session that ended;
    returns whether it is held."""
    token = session.get("_user_id")
    account_id = held_forms.account_of(token) if token else None
    if account_id is None:
        return False
    path = request.full_path.rstrip("?")
    with writing():
        return held_forms.hold(account_id, path, request.form.to_dict(flat=False))


def survives(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a form in which people write: what they typed is held if their session has ended. Stands below the
    guard."""
    view.survives = True  # type: ignore[attr-defined]
    return view


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a page for anybody, signed in or not."""
    view.audience = "public"  # type: ignore[attr-defined]
    return view


signed_in = _guard("signed_in", lambda known: True)
candidate = _guard("candidate", lambda known: known.person_id is not None)
staff = _guard("staff", lambda known: "staff" in known.works_for)
company = _guard("company", lambda known: "company" in known.works_for)


def init_guards(app: Flask) -> None:
    """Set up Flask-Login without its own session protection, because sessions are rows and can be revoked."""
    login_manager.session_protection = None
    # Its own context processor loads the account for every template, the page of an absent database among them.
    login_manager.init_app(app, add_context_processor=False)
    app.before_request(_meet)
    app.context_processor(_person)
    app.jinja_env.globals["on_shared_device"] = on_shared_device


def on_shared_device() -> bool:
    """Whether the page is shown on a shared device, where it must not offer to remember anything."""
    return has_request_context() and viewer().shared


def way_to_missing() -> str | None:
    """Return the URL that leads to a page which is not the viewer's, if it is of somebody who bears the
    viewer's address or number; None for a page of anybody else."""
    known = viewer()
    if known is ANONYMOUS or not request.path.startswith("/my/"):
        return None
    reference = next((part for part in request.path.split("/") if _REFERENCE.match(part)), None)
    if reference is None or known_people.contact_behind(known, reference) is None:
        return None
    return url_for("accounts_found.found", next=request.full_path.rstrip("?"))


def ended_meanwhile() -> str | None:
    """Look again who asks, after a wall refused them: where to come in again if their session ended since the request
    began, empty if a role of theirs did, None if neither. The page that answers is drawn for what they are now."""
    before, token = viewer(), session.get("_user_id")
    if before is ANONYMOUS or token is None:
        return None
    now = viewers.viewer_of_token(token)
    if now is not None and now.grants == before.grants:
        return None
    g.pop("viewer", None)
    g.pop("_login_user", None)
    return url_for("accounts.sign_in") if now is None else ""


def page_audience() -> str:
    """Return whose page is asked for, as its guard says; empty for a page without one."""
    return str(g.get("page_audience", ""))


def word_to_missing() -> Problem | None:
    """Return what to say of a page of staff or of a company to somebody whose role there ended; None to others."""
    known, audience = viewer(), page_audience()
    if known is ANONYMOUS or audience not in ("staff", "company") or audience in known.works_for:
        return None
    held = ended_roles.ended_role(known, audience == "company")
    if held is None:
        return None
    who: object = held.givers or Problem(_GIVER)
    told = {"role": Problem(ROLE_NAMES[held.role]), "day": held.last, "who": who}
    return Problem(_ENDED if held.last is not None else _ENDED_TODAY, told)


def _person() -> dict[str, object]:
    """Return what templates know of the viewer.
    Messages are rendered outside of any request, without a viewer."""
    if not has_request_context() or viewer() is ANONYMOUS:
        return {"viewer": None}
    greeted = g.get("name_in_arabic") or viewer().name
    return {"viewer": viewer(), "greeted": greeted, "viewer_name": greeted or viewer().email}


def _meet() -> None:
    """Load the viewer before anything else is read, so that language and
    tenancy hold for the whole request."""
    if request.endpoint not in ("assets.bundle", "static", "portals.health"):
        known = viewer()
        if access.is_to_renew(known, clock.now()):
            with writing():
                access.renew(known)
        if known.person_id is not None and language() == "ar":
            g.name_in_arabic = arabic_names.own_in_arabic(known)
