"""Typing codes: what tests of several rooms do to come in without a password."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Flask

from cohortmgr.base.db import db
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import opened


def letters(system_app: Flask, key: str = "sign_in_code") -> list[tuple[Message, dict[str, object]]]:
    """The letters of a key with what is in them, oldest first; without those whose key was destroyed."""
    with system_app.app_context():
        found = list(db.session.scalars(sa.select(Message).where(Message.key == key).order_by(Message.id)))
        contents = opened(found)
        db.session.expunge_all()
        pairs = zip(found, contents, strict=True)
        return [(message, content) for message, content in pairs if content is not None]


def last_code(system_app: Flask) -> str:
    """The code of the newest letter, as it is written there."""
    content = letters(system_app)[-1][1]
    variables = content["variables"]
    assert isinstance(variables, dict)
    return str(variables["code"])


def wrong(code: str) -> str:
    """Another code."""
    return f"{(int(code.replace(' ', '')) + 1) % 1_000_000:06d}"
