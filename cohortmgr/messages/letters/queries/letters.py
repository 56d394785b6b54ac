"""Read messages: one's own, a guardian's, and those of the people whose files staff manage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from markupsafe import Markup

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.guardians.queries import same_contact
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.i18n import say, speaking
from cohortmgr.messages.letters.queries import texts as letters_texts
from cohortmgr.messages.preferences.models import InboxMark
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.notices import bearing_keys, declared
from cohortmgr.outbox.queries import opened
from cohortmgr.outbox.rules import MessageState
from cohortmgr.outbox.texts.display.dress import on_page
from cohortmgr.outbox.texts.display.rendering import Rendered, own_subject, render_with

_WHEN = sa.func.coalesce(Message.sent_at, Message.due)


@dataclass(frozen=True)
class ReadMessage:
    """A message as its person reads it, in the language in which it was written."""

    reference: str
    language: str
    at: datetime
    subject: str
    body: str
    channel: str

    @property
    def shown(self) -> Markup:
        """The body as HTML for a page."""
        return on_page(self.body, self.language)

    def is_new(self, opened: datetime | None, now: datetime) -> bool:
        """Whether it came since the person last opened their messages. A failed message is not new before it
        leaves."""
        return (opened is None or opened < self.at) and self.at <= now


def mine(viewer: Viewer) -> sa.Select[Message]:
    """Select the messages that were sent to the viewer, or that only the
    mail's failure kept back, newest first.

    A message that waits for its hour is not shown, since it may still lose its reason;
    nor is one that bears a key, which only the mailbox may show."""
    return _to_read(Message.person_id == viewer.person_id, Message.person_id.is_not(None))


def of_guardian(person: Person) -> sa.Select[Message]:
    """Select what was written to a guardian in place of their children, newest first;
    call it within `acting_for`.

    A code to the guardian's own telephone or address has proved that these messages are theirs."""
    same = sa.select(Person.reference).where(same_contact(person))
    return _to_read(Message.person_id.is_(None), Message.subject.in_(same))


def _to_read(*whose: sa.ColumnElement[bool]) -> sa.Select[Message]:
    left = sa.or_(
        Message.state.in_([MessageState.SENT.value, MessageState.SET_ASIDE.value]),
        sa.and_(Message.state == MessageState.WAITING.value, Message.tries > 0),
    )
    chosen = sa.select(Message).where(*whose, left, Message.key.not_in(bearing_keys()))
    return chosen.order_by(_WHEN.desc(), Message.id.desc())


def last_opened(viewer: Viewer) -> datetime | None:
    """Return when the viewer last opened their messages; None if never."""
    return db.session.scalar(sa.select(InboxMark.seen_at).where(InboxMark.person_id == viewer.person_id))


def unread(viewer: Viewer) -> int:
    """Count the messages that were sent since the viewer last opened theirs. One statement."""
    mark = sa.select(InboxMark.seen_at).where(InboxMark.person_id == viewer.person_id).scalar_subquery()
    new = sa.and_(sa.or_(mark.is_(None), mark < _WHEN), clock.now() >= _WHEN)
    return db.session.scalar(mine(viewer).with_only_columns(sa.func.count()).order_by(None).where(new)) or 0


def read(messages: Sequence[Message], whole: bool = False) -> list[ReadMessage]:
    """Return the messages as they were sent. Two statements for all.

    Messages of an erased person are left out, and so are messages that can no longer be rendered.
    With `whole`, short messages too have the whole text of their letter, for people who have no other
    page on which to read it."""
    held = [pair for pair in zip(messages, opened(messages), strict=True) if pair[1] is not None]
    kept, contents = [message for message, _ in held], [content or {} for _, content in held]
    channels = ["inbox" if whole or message.channel == "email" else message.channel for message in kept]
    words = render_with(kept, contents, channels, letters_texts.as_sent(kept, "inbox" if whole else None))
    return [
        _read(message, content, rendered)
        for message, content, rendered in zip(kept, contents, words, strict=True)
        if isinstance(rendered, Rendered)
    ]


def _called(key: str, variables: Mapping[str, Any]) -> str:
    """Return what a short message is called. One whose letter wants what it was not given bears its kind's name."""
    if key not in declared:
        return key
    return own_subject(key, variables) or say(declared[key].title)


def _read(message: Message, content: Mapping[str, Any], rendered: Rendered) -> ReadMessage:
    when = message.sent_at or message.due
    with speaking(message.language):
        # A short message has no subject: it is called by that of its letter, which is a sentence to its reader.
        subject = rendered.subject or _called(message.key, content["variables"])
    return ReadMessage(message.reference, message.language, when, subject, rendered.text, message.channel)
