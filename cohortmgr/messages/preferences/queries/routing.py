"""Route each message of a batch by its person's address, number and wishes, read in one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import current_app

from cohortmgr.accounts.contacts import is_mobile_of
from cohortmgr.accounts.models import Account, Person
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db, table_of
from cohortmgr.messages.preferences.models import Preference
from cohortmgr.messages.preferences.queries.preferences import contact_preference_of
from cohortmgr.messages.preferences.rules import ContactPreference, Errand, Later, Leave, Never, route
from cohortmgr.outbox import hooks
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.notices import declared
from cohortmgr.outbox.texts.display.rendering import SMS, template_name, text_key

_PREFERENCES = table_of(Preference)
_PERSONS = (
    sa.select(
        Person.id,
        Person.reference,
        Person.email,
        Person.phone_sealed,
        Account.reference.label("account"),
        sa.case((Account.proved_at.is_not(None), Account.email)).label("proved_email"),
        Account.phone_sealed.label("proved_phone"),
        *_PREFERENCES.c,
    )
    .outerjoin(Preference, Preference.person_id == Person.id)
    .outerjoin(Account, sa.and_(Account.person_id == Person.id, Account.suspended_at.is_(None)))
)


def route_all(messages: Sequence[Message], contents: Sequence[Mapping[str, Any]]) -> list[hooks.Routed]:
    """Return when, by which channel and to which address each message leaves.
    Two statements, however many there are."""
    numbers = {message.person_id for message in messages if message.person_id is not None}
    rows = db.session.execute(_PERSONS.where(Person.id.in_(numbers))) if numbers else ()
    people = {row.id: row for row in rows}
    short = _short_forms(messages)
    now = clock.local(clock.now())
    return [
        _way(message, content, people.get(message.person_id), message.reference in short, now)
        for message, content in zip(messages, contents, strict=True)
    ]


def _way(
    message: Message, content: Mapping[str, Any], person: Any, short: bool, now: datetime
) -> hooks.Routed:
    if person is None and message.channel == "sms":  # to a number that is in no person's row
        email, phone, rings = "", content["address"], False
    else:
        email = content["address"] or (person.email if person else None) or ""
        rings = _rings_first(message, person, email)
        phone = _Telephone(person, proved=rings)
    wish = contact_preference_of(person) if person else ContactPreference()
    errand = _errand(message, content, short)
    rings = rings and short and not errand.campaign and is_mobile_of(str(phone), _sms_countries())
    told = route(wish, errand, now, bool(email) and not rings, bool(phone))
    if told == Leave("sms") and not is_mobile_of(str(phone), _sms_countries()):
        told = route(wish, errand, now, bool(email), False)  # no SMS goes to such a number
    match told:
        case Leave("sms"):
            return hooks.Route("sms", str(phone))
        case Leave(channel):
            return hooks.Route(channel, email)
        case Later(until, gathered):
            return hooks.Wait(until, gathered)
        case Never(drop):
            return hooks.Unroutable(drop)


def _rings_first(message: Message, person: Any, email: str) -> bool:
    """Whether the person proved a number and no address, and the letter would go to the address that their file
    says: a decision must not leave for an address that nobody proved while a proved number is told nothing. What
    names another address was written to whoever reads that one."""
    if person is None or message.channel != "email" or person.proved_phone is None:
        return False
    return person.proved_email is None and email in ("", person.email)


def _sms_countries() -> Sequence[str]:
    countries: Sequence[str] = current_app.extensions["cohortmgr-settings"].sms_countries
    return countries


class _Telephone:
    """A person's telephone number, unsealed only if a message leaves by it: the one of their file, or the `proved`
    one that enters their account, which also stands in for a number that no file says."""

    def __init__(self, person: Any, *, proved: bool) -> None:
        self._person = person
        self.proved = proved or (person is not None and person.phone_sealed is None)
        self.proved = self.proved and person.proved_phone is not None

    def __bool__(self) -> bool:
        return self.proved or (self._person is not None and self._person.phone_sealed is not None)

    def __str__(self) -> str:
        if self.proved:
            return crypto.unseal(self._person.proved_phone, "accounts", "phone", self._person.account)
        return crypto.unseal(self._person.phone_sealed, "persons", "phone", self._person.reference)


def _errand(message: Message, content: Mapping[str, Any], short: bool) -> Errand:
    """Return what routing needs to know of a message.
    Nothing is known of an undeclared key: it does not wait."""
    notice = declared.get(message.key)
    deadline = content["variables"].get("deadline")
    return Errand(
        channel=message.channel,
        campaign=notice is not None and notice.campaign,
        urgent=notice is None or notice.urgent,
        bears_a_key=notice is not None and notice.bears_a_key,
        short=short,
        gathered=message.gathered,
        deadline=deadline if isinstance(deadline, datetime) else None,
    )


def _short_forms(messages: Sequence[Message]) -> set[str]:
    """Return the references of messages that have a text for SMS:
    the house's own, or one that people edited."""
    folder = str(current_app.jinja_loader.searchpath[0])  # type: ignore[union-attr]  # the application has templates
    built = {message.reference for message in messages if _has_file(folder, message.key)}
    wanted = {text_key(message, "sms") for message in messages if message.reference not in built}
    edited = hooks.stored(wanted) if hooks.stored and wanted else {}
    return built | {message.reference for message in messages if text_key(message, "sms") in edited}


@lru_cache(maxsize=512)
def _has_file(folder: str, key: str) -> bool:
    return (Path(folder) / template_name(key, SMS)).exists()
