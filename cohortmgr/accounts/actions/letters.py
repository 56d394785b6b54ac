"""Tell the holder of an account what was done to it, where they can read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cohortmgr.accounts.contacts import EMAIL, SMS, Contact
from cohortmgr.accounts.models import Account, Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_
from cohortmgr.base.i18n import say, speaking
from cohortmgr.outbox.actions import Letter, send_all

# Who acted where nobody did by name: a command, or the worker.
HOUSE = N_("L’administration du site")


def tell(account: Account, key: str, values: Mapping[str, Any]) -> None:
    """Tell the account's holder, by the address that enters it, else by the number."""
    tell_at(contacts_of(account)[:1], account, key, values)


def tell_at(contacts: list[Contact], account: Account, key: str, values: Mapping[str, Any]) -> None:
    """Tell the account's holder at these addresses and numbers, whatever the person's file says by now.

    The letters name no person: what warns of a changed address must not follow it to the new one."""
    person = db.session.get_one(Person, account.person_id)
    tell_person_at(contacts, person, key, {"name": person.name or account.email or "", **values})


def tell_person_at(contacts: list[Contact], person: Person, key: str, values: Mapping[str, Any]) -> None:
    """Do `tell_at` for somebody who may have no account; their name is among the values."""
    told = in_words(values, person.language)
    send_all(
        Letter(key, person.reference, contact.address, person.language, told, channel=contact.channel)
        for contact in contacts
    )


def tell_of_way_in(account: Account, before: list[Contact], contact: Contact) -> None:
    """Tell that a contact enters the account from now on: at the one that it replaces, and at the first of those
    that there were `before`. A stranger at an open session must not take an account over without a word."""
    told = [each for each in before if each.channel == contact.channel or each == before[0]]
    tell_at(told, account, "access_changed", {"at": clock.now(), "contact": hidden(contact)})


def hidden(contact: Contact) -> str:
    """Return enough of an address or number to know it, and too little to learn it: the message may reach
    somebody who is no longer meant to."""
    name, at, domain = contact.address.partition("@")
    return f"{name[:2]}…{at}{domain}" if at else f"{name[:4]}…{name[-2:]}"


def contacts_of(account: Account) -> list[Contact]:
    """Return the address and the number that enter an account, those that there are."""
    found = [Contact(EMAIL, account.email)] if account.email else []
    if account.phone_sealed is not None:
        number = crypto.unseal(account.phone_sealed, "accounts", "phone", account.reference)
        found.append(Contact(SMS, number))
    return found


def number_of(person: Person) -> list[Contact]:
    """Return the telephone that stands in a person's file, if one does."""
    if person.phone_sealed is None:
        return []
    return [Contact(SMS, crypto.unseal(person.phone_sealed, "persons", "phone", person.reference))]


def named(viewer: Viewer) -> str:
    """Return by which name a letter says who acted: a person's, or HOUSE for the system (`in_words` translates it)."""
    return HOUSE if viewer.is_system else viewer.name or viewer.email


def in_words(values: Mapping[str, Any], spoken: str) -> dict[str, Any]:
    """Return a letter's values with who acted in the language of the letter, where that is nobody by name."""
    if values.get("by") != HOUSE:
        return dict(values)
    with speaking(spoken):
        return {**values, "by": say(HOUSE)}
