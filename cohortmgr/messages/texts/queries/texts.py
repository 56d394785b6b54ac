"""Read the texts that staff write: for which institutions, which differ from the house's, and their history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from cohortmgr.accounts.models import Account, Person
from cohortmgr.accounts.rules import PERMISSIONS, Viewer
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound
from cohortmgr.base.i18n import LANGUAGES
from cohortmgr.messages.letters.models import MessageText
from cohortmgr.messages.letters.queries.texts import SentText, newest
from cohortmgr.organisations.models import Organisation
from cohortmgr.outbox.hooks import TextKey
from cohortmgr.outbox.notices import Notice, declared

WRITE = "messages.write"
CHANNELS = ("email", "sms")
SHOWN = 50


@dataclass(frozen=True)
class Version:
    """One version of a text in its history. A version without a body brought the house's own text back."""

    number: int
    subject: str
    body: str | None
    author: str
    at: datetime


def hosts(viewer: Viewer) -> list[Organisation]:
    """Return the institutions in whose name the viewer writes to people, by key. One statement."""
    held = {
        number for grant in viewer.grants if grant.role in PERMISSIONS[WRITE] for number in grant.institutions
    }
    chosen = sa.select(Organisation).where(Organisation.id.in_(held)).order_by(Organisation.key)
    return list(db.session.scalars(chosen))


def host_for(viewer: Viewer, reference: str | None) -> Organisation:
    """Return the institution of a public reference, or the first one.
    Raises NotFound if the viewer writes for none such."""
    found = hosts(viewer)
    chosen = [each for each in found if reference in (None, "", each.reference)]
    if not chosen:
        raise NotFound(reference or "institution")
    return chosen[0]


def is_editable(notice: Notice) -> bool:
    """Whether staff edit its text here.
    A message whose body is written each time, as a campaign's, has none."""
    return "body" not in {variable.name for variable in notice.variables}


def notice_for(key: str, channel: str, language: str) -> Notice:
    """Return the notice of a key. Raises NotFound if there is no such message, channel or language,
    or if its text is not for editing."""
    notice = declared.get(key)
    if notice is None or not is_editable(notice) or channel not in CHANNELS or language not in LANGUAGES:
        raise NotFound(f"{key}/{channel}/{language}")
    return notice


def edited(institution_id: int) -> Mapping[tuple[str, str, str], SentText]:
    """Return the texts that differ from the house's own, by (key, channel, language). One statement."""
    keys: set[TextKey] = {
        (institution_id, key, channel, language)
        for key in declared
        for channel in CHANNELS
        for language in LANGUAGES
    }
    return {key[1:]: held for key, held in newest(keys).items()}


def history(institution_id: int, key: str, channel: str, language: str) -> list[Version]:
    """Return the versions of one text, newest first, at most `SHOWN`. One statement."""
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


def last_version(institution_id: int, key: str, channel: str, language: str) -> int:
    """Return the number of the newest version; 0 if there is none yet."""
    chosen = sa.select(sa.func.max(MessageText.number)).where(*_one(institution_id, key, channel, language))
    return db.session.scalar(chosen) or 0


def version(institution_id: int, key: str, channel: str, language: str, number: int) -> MessageText:
    """Return one version. Raises NotFound if there is none of that number."""
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
