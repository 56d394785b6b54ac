"""Finds the people of an intake who share an address or a number with somebody whom an invitation would reach."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from cohortmgr.accounts.contacts import EMAIL, known_email
from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import AGREED
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.applications.importing.queries.invited import Invited
from cohortmgr.applications.importing.queries.runs import sees_own_only
from cohortmgr.base import crypto
from cohortmgr.base.db import db
from cohortmgr.programmes.models import Intake


@dataclass(frozen=True)
class SharedContact:
    """An address or a number, and the name and file number of each person of the intake who bears it."""

    address: str
    people: tuple[tuple[str, str], ...]


def shared_contacts(viewer: Viewer, intake: Intake, invited: Sequence[Invited]) -> list[SharedContact]:
    """Return the contacts of people to invite that another person of the intake bears too, by their addresses. Nobody
    is named to whoever does not read the files. Two statements at most."""
    contacts = dict(_told(each) for each in invited)
    if not contacts or sees_own_only(viewer, intake):
        return []
    bearers: dict[str, dict[int, tuple[str, str]]] = defaultdict(dict)
    for column in (sa.func.lower(Person.email), Person.phone_blind):
        for contact, number, named in _bearers(intake, column):
            bearers[known_email(contact) if column is not Person.phone_blind else contact][number] = named
    found = [
        SharedContact(address, tuple(people.values()))
        for key, address in contacts.items()
        if len(people := bearers.get(key, {})) > 1
    ]
    return sorted(found, key=lambda each: each.address)


def _told(invited: Invited) -> tuple[str, str]:
    """The form in which a contact is compared, and in which it is shown: an address as it is known, or the blind index
    of a number and the number."""
    address = invited.contact.address
    if invited.contact.channel == EMAIL:
        return known_email(address), known_email(address)
    return crypto.blind_index("phone", address), address


def _bearers(
    intake: Intake, column: sa.ColumnElement[str] | sa.orm.InstrumentedAttribute[str | None]
) -> list[tuple[str, int, tuple[str, str]]]:
    """(contact, person's id, name and file number) of those in the intake who are not alone with theirs."""
    own = (
        Application.intake_id == intake.id,
        Application.state != ApplicationState.SUPERSEDED.value,
        AGREED,
    )
    held = sa.select(column).join(Application, Application.person_id == Person.id).where(*own)
    several = held.where(column.is_not(None)).group_by(column).having(sa.func.count() > 1)
    rows = sa.select(column, Person.id, Application.name, Application.number)
    rows = rows.join(Application, Application.person_id == Person.id)
    chosen = rows.where(*own, column.in_(several)).order_by(Application.sort_name, Application.id)
    return [
        (str(contact), number, (name, file)) for contact, number, name, file in db.session.execute(chosen)
    ]
