"""Adults write to no child: what a child's file has to say goes to the guardian, whichever room wrote it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.applications.guardian_models import Guardianship
from cohortmgr.applications.guardian_queries import contact_of
from cohortmgr.applications.models import Application
from cohortmgr.applications.rules import Consent
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_
from cohortmgr.outbox.actions import Letter
from cohortmgr.outbox.rendering import PASSED_ON

_CHUNK = 500
# To the guardians themselves, by the telephone or the address that the file names.
_THEIRS = frozenset({"guardian_asked", "guardian_receipt"})
# Where a guardian asks for a link of their visit by the telephone or address that they are known by.
VISIT = "/guardian"
_CONCERNS = N_("Ce message concerne %(name)s, dont vous êtes le tuteur légal.")
_CHILD = sa.orm.aliased(Person)


@dataclass(frozen=True)
class _Child:
    """A child to whom nobody writes: their name, and the guardian, if anybody has been named yet."""

    name: str
    guardian: Person | None


def to_guardians(letters: list[Letter]) -> list[Letter]:
    """The letters with each child's guardian in place of the child, in their language, by the way they are known by.

    A child is known by their file, or by their address or number where the letter names nobody. A statement for 500
    of them, none for letters of no institution: codes, which whoever has an account asked for. A child whose guardian
    nobody has named yet is written nothing.
    """
    told = [each for each in letters if each.institution_id is not None and each.key not in _THEIRS]
    by_person = _found({each.person_id for each in told if each.person_id is not None}, _CHILD.id)
    bare = {_known_by(each) for each in told if each.person_id is None and each.address}
    emails = {value for channel, value in bare if channel == "email"}
    numbers = {value for channel, value in bare if channel == "sms"}
    by_email, by_number = _found(emails, _CHILD.email), _found(numbers, _CHILD.phone_blind)

    def child(each: Letter) -> _Child | None:
        if each.institution_id is None or each.key in _THEIRS:
            return None
        if each.person_id is not None:
            return by_person.get(each.person_id)
        channel, value = _known_by(each)
        return (by_email if channel == "email" else by_number).get(value)

    turned = []
    for each in letters:
        found = child(each)
        if found is None:
            turned.append(each)
        elif found.guardian is not None:
            turned.append(_turned(each, found.name, found.guardian))
    return turned


def _known_by(letter: Letter) -> tuple[str, str]:
    """The channel, and the address or the blind index of the number."""
    if letter.channel == "sms":
        return "sms", crypto.blind_index("phone", letter.address)
    return "email", letter.address.casefold()


def _found(values: Collection[Any], column: sa.orm.InstrumentedAttribute[Any]) -> Mapping[Any, _Child]:
    """The children among those whom these values of a column name."""
    found: dict[Any, _Child] = {}
    wanted = sorted(values)
    for part in (wanted[i : i + _CHUNK] for i in range(0, len(wanted), _CHUNK)):
        found |= _children(part, column)
    return found


def _children(values: Sequence[Any], column: sa.orm.InstrumentedAttribute[Any]) -> dict[Any, _Child]:
    live = sa.and_(
        Guardianship.child_id == Application.person_id,
        Guardianship.ended_at.is_(None),
        Guardianship.until > clock.today(),
    )
    rows = db.session.execute(
        sa.select(column, Application.consent, _CHILD.given_name, Person)
        .select_from(Application)
        .join(_CHILD, _CHILD.id == Application.person_id)
        .outerjoin(Guardianship, live)
        .outerjoin(Person, Person.id == Guardianship.guardian_id)
        .where(column.in_(values), Application.consent != Consent.NONE.value)
        .order_by(Application.id, Guardianship.id)
    )
    found: dict[Any, _Child] = {}
    for value, consent, name, guardian in rows:
        if guardian is not None or consent == Consent.WAITING:
            held = found.get(value)
            found[value] = _Child(name, guardian or (held.guardian if held else None))
    return found


def _turned(letter: Letter, name: str, guardian: Person) -> Letter:
    contact = contact_of(guardian)
    passed_on = {"what": _CONCERNS, "values": {"name": name}, "name": name, "page": VISIT}
    return replace(
        letter,
        person_reference=guardian.reference,
        person_id=None,
        address=contact.address,
        channel=contact.channel,
        language=guardian.language,
        variables={**letter.variables, PASSED_ON: passed_on},
    )
