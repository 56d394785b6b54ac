"""Typing codes: what tests of several rooms do to come in without a password."""

from __future__ import annotations

import re

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.actions.passwords import prepare_hash
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base.db import NO_INSTITUTION, db, see, writing
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import opened


def letters(app: Flask, key: str = "sign_in_code") -> list[tuple[Message, dict[str, object]]]:
    """The letters of a key with what is in them, oldest first; without those whose key was destroyed."""
    with app.app_context():
        see([NO_INSTITUTION], None)  # what the application's own role would not show to a visitor
        found = list(db.session.scalars(sa.select(Message).where(Message.key == key).order_by(Message.id)))
        contents = opened(found)
        db.session.expunge_all()
        pairs = zip(found, contents, strict=True)
        return [(message, content) for message, content in pairs if content is not None]


def last_code(app: Flask) -> str:
    """The code of the newest letter, as it is written there."""
    content = letters(app)[-1][1]
    variables = content["variables"]
    assert isinstance(variables, dict)
    return str(variables["code"])


def sign_up(client: FlaskClient, email: str, password: str, **fields: str) -> TestResponse:
    """A new account with a password, which a code proves; returns the answer that signed it in."""
    field = {"csrf_token": token_in(client.get("/sign-up").text)} if protects(client) else {}
    asked = client.post("/sign-up", data={**field, "email": email, "password": password, **fields})
    assert asked.status_code == 302 and asked.location.startswith("/code"), asked.text
    typed = {"code": last_code(client.application)}
    field = {"csrf_token": token_in(client.get("/code").text)} if protects(client) else {}
    answer = client.post(asked.location, data={**field, **typed})
    assert answer.status_code == 302, answer.text
    return answer


def sign_in_anew(client: FlaskClient, email: str, password: str, *, proved: bool = True) -> None:
    """A new account, signed in by its password: no code on the way, no letter either. Without `proved`, as an
    account was made before codes proved addresses."""
    # The web makes accounts for whoever proves an address, and for nobody else.
    with client.application.extensions["tests-states"].database.system_app.app_context():
        hashed = prepare_hash(password)
        with writing():
            account = people.new_account(SYSTEM, email, hashed, {"language": "fr"})
            account.proved_at = account.proved_at if proved else None
    field = {"csrf_token": token_in(client.get("/sign-in").text)} if protects(client) else {}
    answer = client.post("/sign-in", data={**field, "email": email, "password": password})
    assert answer.status_code == 302, answer.text


def protects(client: FlaskClient) -> bool:
    """Whether forms need their token."""
    return bool(client.application.config.get("WTF_CSRF_ENABLED", True))


def token_in(page: str) -> str:
    """The token of a page's form."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found, page
    return found[1]


def wrong(code: str) -> str:
    """Another code."""
    return f"{(int(code.replace(' ', '')) + 1) % 1_000_000:06d}"
