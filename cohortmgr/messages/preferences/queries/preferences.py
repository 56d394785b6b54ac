"""Read what people chose about how they are written to."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.base import crypto
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotPermitted
from cohortmgr.messages.preferences.models import Preference
from cohortmgr.messages.preferences.rules import ChosenPreferences, ContactPreference


def contact_preference_of(row: Any) -> ContactPreference:
    """Return the wish in the columns of `Preference`; the default wish if they are None."""
    if row is None or row.channel is None:
        return ContactPreference()
    quiet = None if row.quiet_from is None else (row.quiet_from, row.quiet_until)
    return ContactPreference(row.channel, row.campaigns, row.digest, quiet)


def chosen_by(viewer: Viewer) -> ChosenPreferences:
    """Return the viewer's present choices, in one statement."""
    wanted = sa.select(Person, Preference).outerjoin(Preference, Preference.person_id == Person.id)
    found = db.session.execute(wanted.where(Person.id == viewer.person_id)).one_or_none()
    if found is None:
        raise NotPermitted("preferences are a person's")
    person, row = found
    sealed = person.phone_sealed
    phone = crypto.unseal(sealed, "persons", "phone", person.reference) if sealed else ""
    return ChosenPreferences(person.language, phone, contact_preference_of(row))
