"""Rendering a message in its person's language and handing it to a channel. The worker's side of the outbox."""

from __future__ import annotations

import json
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import current_app, render_template

from cohortmgr.audit.keys import subject_key
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db, writing
from cohortmgr.base.i18n import speaking
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.rules import LEASE, MAX_TRIES, MessageState, wait_after

SENDER = "cohortmgr <ne-pas-repondre@cohortmgr.example>"


def claim(limit: int) -> list[Message]:
    """Take up to `limit` due messages, and those whose sender fell silent, each by one conditional UPDATE."""
    moment = clock.now()
    ready = sa.or_(
        sa.and_(Message.state == MessageState.WAITING, Message.due <= moment),
        sa.and_(Message.state == MessageState.SENDING, Message.lease_until < moment),
    )
    found = db.session.scalars(sa.select(Message.id).where(ready).order_by(Message.due, Message.id).limit(limit)).all()
    values = {"state": MessageState.SENDING, "lease_until": moment + LEASE, "tries": Message.tries + 1}
    taken = sa.update(Message).where(Message.id.in_(found), ready).values(values).returning(Message.id)
    mine = db.session.scalars(taken.execution_options(synchronize_session=False)).all() if found else []
    chosen = sa.select(Message).where(Message.id.in_(mine)).order_by(Message.due, Message.id)
    return list(db.session.scalars(chosen.execution_options(populate_existing=True)))


def content_of(message: Message) -> dict[str, Any] | None:
    """Address and variables; None once the person was erased."""
    key = subject_key(message.subject)
    if key is None or not message.sealed:
        return None
    content: dict[str, Any] = json.loads(crypto.decrypt(key, message.sealed, message.reference.encode()))
    return content


def render(message: Message, variables: dict[str, Any]) -> tuple[str, str]:
    """Subject and text in the message's language; the template's first line is the subject."""
    with speaking(message.language):
        text = render_template(f"messages/{message.key}.txt", base_url=current_app.config["BASE_URL"], **variables)
    subject, _, body = text.strip().partition("\n")
    return subject.strip(), body.strip() + "\n"


def deliver(batch: int = 50) -> int:
    """Send one batch; returns how many were taken. Each message's result is recorded in its own transaction."""
    with writing():
        messages = claim(batch)
        contents = [(message, content_of(message)) for message in messages]
    for message, content in contents:
        error = _hand_over(message, content)
        with writing():
            _record(message.id, message.tries, error)
    return len(messages)


def _hand_over(message: Message, content: dict[str, Any] | None) -> str | None:
    if content is None:
        return None  # erased before it left: nothing may be said any more
    try:
        subject, body = render(message, content["variables"])
        _write_file(message, content["address"], subject, body)
    except Exception as failure:  # whatever fails, the row says it and is tried again or set aside
        current_app.logger.exception("message %s was not sent", message.reference)
        return f"{type(failure).__name__}: {failure}"
    return None


def _record(message_id: int, tries: int, error: str | None) -> None:
    values: dict[str, Any] = {"lease_until": None, "error": error}
    if error is None:
        values |= {"state": MessageState.SENT, "sent_at": clock.now()}
    elif tries >= MAX_TRIES:
        values |= {"state": MessageState.SET_ASIDE}
    else:
        values |= {"state": MessageState.WAITING, "due": clock.now() + wait_after(tries)}
    mine = (Message.id == message_id, Message.state == MessageState.SENDING)
    db.session.execute(sa.update(Message).where(*mine).values(values))


def _write_file(message: Message, address: str, subject: str, body: str) -> None:
    """One file a message, named by its reference: writing it twice is having it once."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = SENDER, address, subject
    mail["Message-ID"] = f"<{message.reference}@cohortmgr.example>"
    mail["Content-Language"] = message.language
    mail.set_content(body)
    folder = Path(current_app.config["DATA"]) / "mail"
    folder.mkdir(exist_ok=True)
    draft = folder / f".{message.reference}"
    draft.write_bytes(mail.as_bytes())
    draft.rename(folder / f"{message.reference}.eml")
