"""Read the edited texts that are in force now, and those that were when a message was sent."""

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
class SentText:
    """One version of a text, as it is sent."""

    number: int
    subject: str
    body: str


def newest(keys: set[TextKey]) -> Mapping[TextKey, SentText]:
    """Return the text in force now for each key that has one. One statement."""
    last = (
        sa.select(sa.func.max(MessageText.id))
        .where(*_of(keys))
        .group_by(MessageText.institution_id, MessageText.key, MessageText.channel, MessageText.language)
    )
    rows = db.session.scalars(sa.select(MessageText).where(MessageText.id.in_(last))) if _named(keys) else ()
    return {_key(row): held for row in rows if (held := _held(row)) and _key(row) in keys}


def as_sent(messages: Sequence[Message], channel: str | None = None) -> list[SentText | None]:
    """Return the text that was in force when each message was sent; None for the house's own. One statement.

    With `channel`, return the text for that channel instead of the message's. Recipients may read the texts
    of each institution that wrote to them, which they may not read otherwise."""
    keys = {text_key(message, channel) for message in messages}
    versions: dict[TextKey, list[MessageText]] = {}
    with ExitStack() as inside:
        for institution_id in sorted({key[0] for key in keys if key[0] is not None}):
            inside.enter_context(acting_in(institution_id))
        chosen = sa.select(MessageText).where(*_of(keys)).order_by(MessageText.number.desc())
        for row in db.session.scalars(chosen) if _named(keys) else ():
            versions.setdefault(_key(row), []).append(row)
    return [_at(versions.get(text_key(message, channel), ()), message.sent_at) for message in messages]


def _at(versions: Iterable[MessageText], moment: datetime | None) -> SentText | None:
    held = (row for row in versions if moment is None or row.written_at <= moment)
    row = next(held, None)
    return None if row is None else _held(row)


def _held(row: MessageText) -> SentText | None:
    return None if row.body is None else SentText(row.number, row.subject, row.body)


def _key(row: MessageText) -> TextKey:
    return row.institution_id, row.key, row.channel, row.language


def _named(keys: Iterable[TextKey]) -> bool:
    return any(institution is not None for institution, *_ in keys)


def _of(keys: set[TextKey]) -> tuple[sa.ColumnElement[bool], ...]:
    """Select rows of these institutions and keys;
    a few more than were asked for, since not every pair was."""
    return (
        MessageText.institution_id.in_({key[0] for key in keys if key[0] is not None}),
        MessageText.key.in_({key[1] for key in keys}),
    )
