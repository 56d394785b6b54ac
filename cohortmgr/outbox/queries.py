"""Read messages: their sealed content, and which left in one mail."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from cohortmgr.audit.queries import known_keys
from cohortmgr.base import crypto
from cohortmgr.base.db import db
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.variables import decode, encode


def opened(messages: Sequence[Message]) -> list[dict[str, Any] | None]:
    """Return the address and variables of each message; None once its person was erased.
    One statement for every 500 persons."""
    keys = known_keys({message.subject for message in messages})
    return [_content(message, keys.get(message.subject)) for message in messages]


def content_of(message: Message) -> dict[str, Any] | None:
    """`opened`, for one message."""
    return opened([message])[0]


def _content(message: Message, key: bytes | None) -> dict[str, Any] | None:
    if key is None or not message.sealed:
        return None
    return decode(crypto.decrypt(key, message.sealed, message.reference.encode()).decode())


def written_to(person_id: int, address: str, words: Collection[str]) -> set[str]:
    """Return those of some words that a mail of a person's, to this address, bears. The caller reads for that
    person. What can no longer be opened may have borne all of them."""
    mails = sa.select(Message).where(Message.person_id == person_id, Message.channel == "email")
    found: set[str] = set()
    for content in opened(db.session.scalars(mails).all()):
        if content is None:
            return set(words)
        if str(content["address"]).casefold() == address.casefold():
            told = encode(content["variables"])
            found |= {word for word in words if word in told}
    return found


def left_with(message: Message) -> list[Message]:
    """Return a message and those that left in the same mail:
    they were noted together, with the same `sent_at`."""
    if not message.gathered or message.sent_at is None:
        return [message]
    same = (Message.subject == message.subject, Message.sent_at == message.sent_at)
    others = sa.select(Message).where(*same, Message.gathered.is_(True), Message.id != message.id)
    return [message, *db.session.scalars(others.order_by(Message.id))]
