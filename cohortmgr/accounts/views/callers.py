"""Who stands at a door: from where they call, and what this browser proved before.

A browser that proved an address or a number keeps a mark of it, signed, for half a year. It opens nothing: it
only lets its owner go on asking for codes and trying passwords when strangers have used up what strangers may.
"""

from __future__ import annotations

from flask import Response, after_this_request, current_app, request, session
from itsdangerous import BadSignature, URLSafeTimedSerializer

from cohortmgr.accounts import guards
from cohortmgr.accounts.contacts import EMAIL, Contact
from cohortmgr.accounts.limits import Caller
from cohortmgr.accounts.rules import ANONYMOUS
from cohortmgr.base import crypto
from cohortmgr.base.i18n import cookie_name

COOKIE = "proved"
_KEPT_FOR = 180 * 24 * 3600
_MOST = 4


def caller_of(contact: Contact) -> Caller:
    """Return who asks for this address or number, by the browser's session and its marks."""
    origin, marks, known = request.remote_addr or "", _marks(), guards.viewer()
    mark = _mark(contact)
    if mark in marks:
        return Caller(origin, mark, owns=True)
    if known is not ANONYMOUS:
        owns = contact.channel == EMAIL and known.email == contact.address
        return Caller(origin, known.reference, owns)
    return Caller(origin, marks[0] if marks else "")


def remember(contact: Contact) -> None:
    """Leave the mark of a proof in this browser, with the answer; none on a shared device."""
    if session.get("shared") or guards.viewer().shared:
        return
    mark = _mark(contact)
    kept = [mark, *(each for each in _marks() if each != mark)][:_MOST]

    @after_this_request
    def _leave(response: Response) -> Response:
        response.set_cookie(
            _name(),
            _signer().dumps(kept),
            max_age=_KEPT_FOR,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
        return response


def _name() -> str:
    return cookie_name(COOKIE, current_app.config["SESSION_COOKIE_SECURE"])


def _marks() -> list[str]:
    try:
        found = _signer().loads(request.cookies.get(_name(), ""), max_age=_KEPT_FOR)
    except BadSignature:  # none, forged, or too old
        return []
    return [str(each) for each in found]


def _mark(contact: Contact) -> str:
    """Say of an address, to whoever has the key, that it is this one; to anybody else it says nothing."""
    return crypto.blind_index("proved", contact.address)[:32]


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="cohortmgr proved browser")
