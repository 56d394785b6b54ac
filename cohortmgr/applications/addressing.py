"""Adults write to no child: what a child's file has to say goes to the guardian, whichever room wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.applications.guardian_models import Guardianship
from cohortmgr.applications.guardian_queries import contact_of
from cohortmgr.applications.models import Application
from cohortmgr.applications.rules import Consent
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.outbox.actions import Letter

_CHUNK = 500


def to_guardians(letters: list[Letter]) -> list[Letter]:
    """The letters with each child's guardian in place of the child, in their language, by the way they are known by.

    One statement for 500 persons, none for letters of no institution: codes and passwords, which whoever has an
    account asked for. A child whose guardian nobody has named yet is written nothing.
    """
    about = {
        each.person_id for each in letters if each.person_id is not None and each.institution_id is not None
    }
    known = sorted(about)
    found: dict[int, Person | None] = {}
    for part in (known[i : i + _CHUNK] for i in range(0, len(known), _CHUNK)):
        found |= _guardians(part)
    return [turned for each in letters if (turned := _turned(each, found)) is not None] if found else letters


def _guardians(persons: Sequence[int]) -> dict[int, Person | None]:
    """Child to guardian, None where there is none yet; who is no child is left out."""
    live = sa.and_(
        Guardianship.child_id == Application.person_id,
        Guardianship.ended_at.is_(None),
        Guardianship.until > clock.today(),
    )
    rows = db.session.execute(
        sa.select(Application.person_id, Application.consent, Guardianship.until, Person)
        .outerjoin(Guardianship, live)
        .outerjoin(Person, Person.id == Guardianship.guardian_id)
        .where(Application.person_id.in_(persons), Application.consent != Consent.NONE.value)
        .order_by(Application.id, Guardianship.id)
    )
    found: dict[int, Person | None] = {}
    for row in rows:
        guardian: Person | None = row[3]  # none where the join found nobody
        if guardian is not None or row.consent == Consent.WAITING:
            found[row.person_id] = guardian if guardian is not None else found.get(row.person_id)
    return found


def _turned(letter: Letter, found: dict[int, Person | None]) -> Letter | None:
    if letter.person_id not in found or letter.institution_id is None:
        return letter
    person = found[letter.person_id]
    if person is None:
        return None
    contact = contact_of(person)
    return replace(
        letter,
        person_reference=person.reference,
        person_id=None,
        address=contact.address,
        channel=contact.channel,
        language=person.language,
    )
