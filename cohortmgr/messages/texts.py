"""Reading the texts that staff wrote: those that hold, those that held when a message was sent, and their history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from cohortmgr.accounts.models import Account, Person
from cohortmgr.accounts.rules import PERMISSIONS, Viewer
from cohortmgr.base.db import acting_in, db
from cohortmgr.base.errors import NotFound
from cohortmgr.base.i18n import LANGUAGES
from cohortmgr.messages.letters.models import MessageText
from cohortmgr.organisations.models import Organisation
from cohortmgr.outbox.hooks import TextKey
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.notices import Notice, declared
from cohortmgr.outbox.rendering import text_key

WRITE = "messages.write"
CHANNELS = ("email", "sms")
SHOWN = 50


@dataclass(frozen=True)
class Held:
    """One version of a text as it is sent."""

    number: int
    subject: str
    body: str


@dataclass(frozen=True)
class Version:
    """One version as its history shows it; without a body the house's own held again."""

    number: int
    subject: str
    body: str | None
    author: str
    at: datetime


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


def hosts(viewer: Viewer) -> list[Organisation]:
    """The institutions in whose name the viewer writes to people, by key. One statement."""
    held = {
        number for grant in viewer.grants if grant.role in PERMISSIONS[WRITE] for number in grant.institutions
    }
    chosen = sa.select(Organisation).where(Organisation.id.in_(held)).order_by(Organisation.key)
    return list(db.session.scalars(chosen))


def host_for(viewer: Viewer, reference: str | None) -> Organisation:
    """The institution of a public reference, or the first; NotFound if the viewer writes in no such name."""
    found = hosts(viewer)
    chosen = [each for each in found if reference in (None, "", each.reference)]
    if not chosen:
        raise NotFound(reference or "institution")
    return chosen[0]


def is_editable(notice: Notice) -> bool:
    """Whether staff write its text here: what brings a body of its own, as a campaign or an answer, has none."""
    return "body" not in {variable.name for variable in notice.variables}


def notice_for(key: str, channel: str, language: str) -> Notice:
    """The message of a key; NotFound if none goes by that channel in that language, or its text is not for editing."""
    notice = declared.get(key)
    if notice is None or not is_editable(notice) or channel not in CHANNELS or language not in LANGUAGES:
        raise NotFound(f"{key}/{channel}/{language}")
    return notice


def edited(institution_id: int) -> Mapping[tuple[str, str, str], Held]:
    """By (key, channel, language), the texts that differ from the house's own. One statement."""
    keys: set[TextKey] = {
        (institution_id, key, channel, language)
        for key in declared
        for channel in CHANNELS
        for language in LANGUAGES
    }
    return {key[1:]: held for key, held in newest(keys).items()}


def history(institution_id: int, key: str, channel: str, language: str) -> list[Version]:
    """The versions of one text, the newest first, at most `SHOWN`. One statement."""
    rows = db.session.execute(
        sa.select(MessageText, Person.given_name, Person.family_name)
        .outerjoin(Account, Account.reference == MessageText.written_by)
        .outerjoin(Person, Person.id == Account.person_id)
        .where(*_one(institution_id, key, channel, language))
        .order_by(MessageText.number.desc())
        .limit(SHOWN)
    )
    return [
        Version(row.number, row.subject, row.body, f"{given or ''} {family or ''}".strip(), row.written_at)
        for row, given, family in rows
    ]


def last_number(institution_id: int, key: str, channel: str, language: str) -> int:
    """The number of the newest version; 0 before there is any."""
    chosen = sa.select(sa.func.max(MessageText.number)).where(*_one(institution_id, key, channel, language))
    return db.session.scalar(chosen) or 0


def version(institution_id: int, key: str, channel: str, language: str, number: int) -> MessageText:
    """One version; NotFound if there is none of that number."""
    chosen = sa.select(MessageText).where(
        *_one(institution_id, key, channel, language), MessageText.number == number
    )
    found: MessageText | None = db.session.scalar(chosen)
    if found is None:
        raise NotFound(f"{key}/{channel}/{language}/{number}")
    return found


def _one(institution_id: int, key: str, channel: str, language: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        MessageText.institution_id == institution_id,
        MessageText.key == key,
        MessageText.channel == channel,
        MessageText.language == language,
    )
