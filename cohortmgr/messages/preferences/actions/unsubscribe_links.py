"""The link in a campaign's mail by which a person stops campaigns with one click (RFC 8058)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.notices import declared

_PURPOSE = "cohortmgr unsubscribe"


def token_for(person_reference: str) -> str:
    """Return a person's token, the same in every mail and without an end, since a provider may follow it
    years later. It stops campaigns and opens nothing (docs/decisions/0009)."""
    return str(_signer().dumps(person_reference))


def person_of(token: str) -> str:
    """Return the reference of the token's person.
    Raises Refused if the signature is not ours, or of a key that is no longer used."""
    try:
        return str(_signer().loads(token))
    except BadSignature:
        what = N_("Ce lien n’est pas complet, ou il est trop ancien. Ouvrez celui d’un message plus récent.")
        raise Refused(Problem(what)) from None


def address_for(person_reference: str) -> str:
    """Return the whole URL, for the foot of a campaign's mail."""
    return f"{current_app.config['BASE_URL']}/unsubscribe/{token_for(person_reference)}"


def headers(message: Message, _content: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers for which mail providers show an unsubscribe button.
    Only campaigns have them, because messages about a file cannot be declined."""
    notice = declared.get(message.key)
    if notice is None or not notice.campaign or message.person_id is None:
        return {}
    return {
        "List-Unsubscribe": f"<{address_for(message.subject)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt=_PURPOSE)
