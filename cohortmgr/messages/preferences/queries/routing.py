"""Route each message of a batch by its person's address, number and wishes, read in one statement."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import current_app

from cohortmgr.accounts.contacts import EMAIL, is_mobile_of
from cohortmgr.accounts.models import Account, Person
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db, table_of
from cohortmgr.messages.preferences import hooks as lost
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
    Two statements, however many there are, and two more where an address that somebody typed is not the proved one."""
    numbers = {message.person_id for message in messages if message.person_id is not None}
    rows = db.session.execute(_PERSONS.where(Person.id.in_(numbers))) if numbers else ()
    people: dict[int | None, Any] = {row.id: row for row in rows}
    typed = _typed(messages, contents, people)
    deaf = lost.unread({person for person, _address in typed}) if lost.unread and typed else ()
    short = _short_forms(messages)
    now = clock.local(clock.now())
    return [
        _way(message, content, people.get(message.person_id), typed, deaf, message.reference in short, now)
        for message, content in zip(messages, contents, strict=True)
    ]


def _way(
    message: Message,
    content: Mapping[str, Any],
    person: Any,
    typed: Collection[tuple[int, str]],
    deaf: Collection[int],
    short: bool,
    now: datetime,
) -> hooks.Routed:
    if person is None and message.channel == "sms":  # to a number that is in no person's row
        email, phone, rings = "", content["address"], False
    else:
        email = content["address"] or (person.email if person else None) or ""
        own = person is not None and (person.id, email) in typed
        rings = person is not None and (own or not email) and _rings_first(message, person)
        if own and person.id not in deaf and _is_read_elsewhere(message, person):
            email = person.proved_email
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


def _typed(
    messages: Sequence[Message], contents: Sequence[Mapping[str, Any]], people: Mapping[int | None, Any]
) -> set[tuple[int, str]]:
    """The persons' numbers with the addresses, of those of these letters, that somebody typed for them: into the person
    or into one of their files. Those that the person proved are none of them."""
    asked = set[tuple[int, str]]()
    for message, content in zip(messages, contents, strict=True):
        person = people.get(message.person_id)
        if person is not None and (person.proved_email or person.proved_phone):
            asked.add((person.id, content["address"] or person.email or ""))
    asked = {(each, email) for each, email in asked if email not in ("", people[each].proved_email)}
    found = {(each, email) for each, email in asked if email == people[each].email}
    if found == asked:
        return found
    files = sa.select(Application.person_id, Application.email).distinct()
    files = files.where(Application.person_id.in_({each for each, _email in asked - found}))
    return found | {
        (each, email) for each, email in db.session.execute(files) if email and (each, email) in asked
    }


def _rings_first(message: Message, person: Any) -> bool:
    """Whether a letter to the address that the person's file says goes by SMS: they proved a number and no address. A
    decision must not leave for an address that nobody proved while a proved number is told nothing."""
    return message.channel == EMAIL and person.proved_phone is not None and person.proved_email is None


def _is_read_elsewhere(message: Message, person: Any) -> bool:
    """Whether such a letter goes to the address that the person proved, which is another or the same. What bears a
    key is for whoever reads the address that it was written to. See docs/decisions/0019."""
    notice = declared.get(message.key)
    if message.channel != EMAIL or person.proved_email is None:
        return False
    return notice is None or not notice.bears_a_key


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
