"""Rendering a message in its person's language and handing it to a channel. The worker's side of the outbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask import current_app, render_template

from cohortmgr.audit.keys import known_keys
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db, writing
from cohortmgr.base.i18n import speaking
from cohortmgr.outbox.mail import compose, hand_over
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.rules import LEASE, MAX_TRIES, MessageState, wait_after
from cohortmgr.outbox.variables import read

# By key, whether what a message of that kind says still holds, asked of its variables just before it leaves. Whoever
# plans a message far ahead gives it one: the web only appends to this journal, so that it cannot take a row back.
checks: dict[str, Callable[[Mapping[str, Any]], bool]] = {}


def claim(limit: int) -> list[Message]:
    """Take up to `limit` due messages, and those whose sender fell silent, each by one conditional UPDATE."""
    moment = clock.now()
    silent = sa.and_(Message.state == MessageState.SENDING, Message.lease_until < moment)
    ready = sa.or_(sa.and_(Message.state == MessageState.WAITING, Message.due <= moment), silent)
    _set_silent_aside(silent)
    first = sa.select(Message.id).where(ready).order_by(Message.due, Message.id).limit(limit)
    found = db.session.scalars(first.with_for_update(skip_locked=True)).all()
    values = {"state": MessageState.SENDING, "lease_until": moment + LEASE, "tries": Message.tries + 1}
    taken = sa.update(Message).where(Message.id.in_(found), ready).values(values).returning(Message.id)
    mine = db.session.scalars(taken.execution_options(synchronize_session=False)).all() if found else []
    chosen = sa.select(Message).where(Message.id.in_(mine)).order_by(Message.due, Message.id)
    return list(db.session.scalars(chosen.execution_options(populate_existing=True)))


def _set_silent_aside(silent: sa.ColumnElement[bool]) -> None:
    """A message that silenced its sender so many times does not get another."""
    worn = sa.update(Message).where(silent, Message.tries >= MAX_TRIES)
    values = {
        "state": MessageState.SET_ASIDE,
        "lease_until": None,
        "error": "its sender fell silent each time",
    }
    db.session.execute(worn.values(values).execution_options(synchronize_session=False))


def opened(messages: Sequence[Message]) -> list[dict[str, Any] | None]:
    """Address and variables of each; None once its person was erased. One statement for every 500 persons."""
    keys = known_keys({message.subject for message in messages})
    return [_content(message, keys.get(message.subject)) for message in messages]


def content_of(message: Message) -> dict[str, Any] | None:
    """`opened`, of one."""
    return opened([message])[0]


def _content(message: Message, key: bytes | None) -> dict[str, Any] | None:
    if key is None or not message.sealed:
        return None
    return read(crypto.decrypt(key, message.sealed, message.reference.encode()).decode())


def render(message: Message, variables: dict[str, Any]) -> tuple[str, str]:
    """Subject and text in the message's language; the template's first line is the subject."""
    with speaking(message.language):
        text = render_template(
            f"messages/{message.key}.txt", base_url=current_app.config["BASE_URL"], **variables
        )
    subject, _, body = text.strip().partition("\n")
    return subject.strip(), body.strip() + "\n"


def deliver(batch: int = 50) -> int:
    """Send one batch; returns how many were taken. Each message's result is recorded in its own transaction."""
    with writing() as session:
        messages = claim(batch)
        session.expunge_all()  # they stay as they were claimed, whatever becomes of their rows
    for message in messages:
        values = _send(message)
        with writing():
            _record(message, values)
    return len(messages)


def _send(message: Message) -> dict[str, Any]:
    """Send one message; returns the columns that say what came of it."""
    try:
        content = content_of(message)
        if content is None:
            return {"state": MessageState.DROPPED, "error": None}  # nothing may be said any more
        if message.key in checks and not checks[message.key](content["variables"]):
            return {"state": MessageState.DROPPED, "error": None}
        db.session.rollback()  # no transaction stays open while a server is spoken to
        subject, body = render(message, content["variables"])
        mail = compose(message.reference, message.language, content["address"], subject, body)
        hand_over(mail, message.reference)
    except Exception as failure:  # whatever fails, the row says it and is tried again or set aside
        current_app.logger.exception("message %s was not sent", message.reference)
        db.session.rollback()
        # The kind alone: an error's text may bear the address, and the row outlives the person's key.
        error = type(failure).__name__
        if message.tries >= MAX_TRIES:
            return {"state": MessageState.SET_ASIDE, "error": error}
        return {"state": MessageState.WAITING, "due": clock.now() + wait_after(message.tries), "error": error}
    return {"state": MessageState.SENT, "sent_at": clock.now(), "error": None}


def _record(message: Message, values: dict[str, Any]) -> None:
    mine = (Message.id == message.id, Message.state == MessageState.SENDING, Message.tries == message.tries)
    db.session.execute(sa.update(Message).where(*mine).values({"lease_until": None, **values}))
