"""Change how people are written to: by their own page, or by the link in a campaign's mail."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.actions import counting
from cohortmgr.accounts.actions.people import set_person
from cohortmgr.accounts.contacts import require_mobile_of
from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.actions import About, record
from cohortmgr.base import clock
from cohortmgr.base.db import db, insert_or_leave, present, reading_as, table_of
from cohortmgr.base.errors import NotFound, Refused
from cohortmgr.messages.preferences.models import InboxMark, Preference
from cohortmgr.messages.preferences.queries.preferences import chosen_by, contact_preference_of
from cohortmgr.messages.preferences.rules import (
    ChosenPreferences,
    ContactPreference,
    contact_preference_problems,
)

_PREFERENCES = table_of(Preference)


def choose(viewer: Viewer, chosen: ChosenPreferences) -> bool:
    """Store what the viewer chose, for every message that is not written yet.
    Returns False if nothing changed.

    Raises Refused if the choices cannot be followed."""
    problems = contact_preference_problems(chosen.wish, chosen.phone)
    if problems:
        raise Refused(*problems)
    if chosen.wish.channel == "sms":
        require_mobile_of(chosen.phone, counting.sms_countries(), "phone")
    before = chosen_by(viewer)
    if before == chosen:
        return False
    person = db.session.get_one(Person, viewer.person_id)
    if chosen.phone != before.phone:
        set_person(person, {"phone": chosen.phone})
    if chosen.language != person.language:
        person.language = chosen.language
        follow(viewer, chosen.language)
    _keep(person.id, chosen.wish)
    record(
        viewer,
        "messages.choose",
        About("person", person.reference, subject=person.reference),
        before=_noted(before),
        after=_noted(chosen),
    )
    return True


def follow(viewer: Viewer, language: str) -> None:
    """Write about the viewer's files in another language: letters about a file are in the language of the file."""
    mine = sa.update(table_of(Application)).where(Application.person_id == viewer.person_id)
    if viewer.person_id is not None:
        with reading_as(viewer.person_id):
            db.session.execute(mine.values(language=language))


def unsubscribe(viewer: Viewer, person_reference: str, *, campaigns: bool = False) -> bool:
    """Stop campaigns to a person or, with `campaigns`, let them come again.
    Whoever has the signed link may do this.

    Messages about the person's file come in either case. Returns False if nothing changed."""
    present(person_reference)
    chosen = sa.select(Person.id, *_PREFERENCES.c).outerjoin(Preference, Preference.person_id == Person.id)
    row = db.session.execute(chosen.where(Person.reference == person_reference)).one_or_none()
    if row is None:
        raise NotFound(person_reference)
    wish = contact_preference_of(row)
    if wish.campaigns == campaigns:
        return False
    _keep(row.id, ContactPreference(wish.channel, campaigns, wish.digest, wish.quiet))
    act = "messages.subscribe" if campaigns else "messages.unsubscribe"
    record(viewer, act, About("person", person_reference, subject=person_reference))
    return True


def note_reading(viewer: Viewer, moment: datetime) -> None:
    """Note that the viewer has opened their messages: those sent until that moment are no longer new."""
    row = {"person_id": viewer.person_id, "seen_at": moment}
    insert_or_leave(db.session, InboxMark, [row])
    mine = sa.update(table_of(InboxMark)).where(InboxMark.person_id == viewer.person_id)
    db.session.execute(mine.values(seen_at=row["seen_at"]))


def _keep(person_id: int, preference: ContactPreference) -> None:
    start, end = preference.quiet or (None, None)
    values = {
        "channel": preference.channel,
        "campaigns": preference.campaigns,
        "digest": preference.digest,
        "quiet_from": start,
        "quiet_until": end,
        "updated_at": clock.now(),
    }
    insert_or_leave(db.session, Preference, [{"person_id": person_id, **values}])
    db.session.execute(sa.update(_PREFERENCES).where(_PREFERENCES.c.person_id == person_id).values(values))


def _noted(chosen: ChosenPreferences) -> dict[str, Any]:
    return {"language": chosen.language, "phone": chosen.phone, **asdict(chosen.wish)}
