"""The texts that hold, and those that held when a message was sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from cohortmgr.base.db import acting_in, db
from cohortmgr.messages.letters.models import MessageText
from cohortmgr.outbox.hooks import TextKey
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.texts.display.rendering import text_key


@dataclass(frozen=True)
class Held:
    """One version of a text as it is sent."""

    number: int
    subject: str
    body: str


def newest(keys: set[TextKey]) -> Mapping[TextKey, Held]:
    """The text that holds now, of each key that has one. One statement."""
    last = (
        sa.select(sa.func.max(MessageText.id))
        .where(*_of(keys))
        .group_by(MessageText.institution_id, MessageText.key, MessageText.channel, MessageText.language)
    )
    rows = db.session.scalars(sa.select(MessageText).where(MessageText.id.in_(last))) if _named(keys) else ()
    return {_key(row): held for row in rows if (held := _held(row)) and _key(row) in keys}


def as_sent(messages: Sequence[Message], channel: str | None = None) -> list[Held | None]:
    """The text that held when each message was sent; None where it was the house's own. One statement. With
    `channel`, as that one would have had it.

    Whoever was written to reads the words of each sender, whose texts they may not read otherwise."""
    keys = {text_key(message, channel) for message in messages}
    versions: dict[TextKey, list[MessageText]] = {}
    with ExitStack() as inside:
        for institution_id in sorted({key[0] for key in keys if key[0] is not None}):
            inside.enter_context(acting_in(institution_id))
        chosen = sa.select(MessageText).where(*_of(keys)).order_by(MessageText.number.desc())
        for row in db.session.scalars(chosen) if _named(keys) else ():
            versions.setdefault(_key(row), []).append(row)
    return [_at(versions.get(text_key(message, channel), ()), message.sent_at) for message in messages]


def _at(versions: Iterable[MessageText], moment: datetime | None) -> Held | None:
    held = (row for row in versions if moment is None or row.written_at <= moment)
    row = next(held, None)
    return None if row is None else _held(row)


def _held(row: MessageText) -> Held | None:
    return None if row.body is None else Held(row.number, row.subject, row.body)


def _key(row: MessageText) -> TextKey:
    return row.institution_id, row.key, row.channel, row.language


def _named(keys: Iterable[TextKey]) -> bool:
    return any(institution is not None for institution, *_ in keys)


def _of(keys: set[TextKey]) -> tuple[sa.ColumnElement[bool], ...]:
    """Rows of these institutions and keys; a few more than asked for, where the pairs are not all asked for."""
    return (
        MessageText.institution_id.in_({key[0] for key in keys if key[0] is not None}),
        MessageText.key.in_({key[1] for key in keys}),
    )
