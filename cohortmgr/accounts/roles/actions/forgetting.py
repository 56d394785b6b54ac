"""Erase from the trail to which address a person was invited, when they are erased from it."""

from __future__ import annotations

import sqlalchemy as sa

from cohortmgr.accounts.contacts import EMAIL, Contact
from cohortmgr.accounts.models import Account, Person
from cohortmgr.accounts.roles.models import Invitation
from cohortmgr.audit.actions import destroy
from cohortmgr.base import crypto
from cohortmgr.base.db import db


def forget(subject: str) -> None:
    """Destroy the keys of the invitations that went to an erased person's addresses and numbers.

    Nobody knows whose an invitation is before it is taken up, so that it has a key of its own."""
    person = db.session.scalar(sa.select(Person).where(Person.reference == subject))
    if person is None:
        return
    account = db.session.scalar(sa.select(Account).where(Account.person_id == person.id))
    addresses = {each.email for each in (person, account) if each is not None and each.email}
    blinds = {person.phone_blind, account.phone_blind if account is not None else None}
    for address in addresses:
        contact = Contact(EMAIL, address)
        blinds.add(crypto.blind_index(contact.kind, contact.address))
    sent = sa.select(Invitation.reference).where(Invitation.blind.in_(sorted(filter(None, blinds))))
    for reference in db.session.scalars(sent.order_by(Invitation.id)).all():
        destroy(reference)
