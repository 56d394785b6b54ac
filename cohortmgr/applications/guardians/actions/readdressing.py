"""Adults write to no child: what a child's file has to say goes to the guardian, whichever room wrote it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.applications.guardians.queries import CHILD, Guarded, children_named, contact_of
from cohortmgr.base import crypto
from cohortmgr.base.errors import N_
from cohortmgr.outbox.actions import Letter
from cohortmgr.outbox.texts.display.rendering import PASSED_ON

_CHUNK = 500
# To the guardians themselves, by the telephone or the address that the file names.
_THEIRS = frozenset({"guardian_asked", "guardian_receipt"})
# Where a guardian asks for a link of their visit by the telephone or address that they are known by.
VISIT = "/guardian"
_CONCERNS = N_("Ce message concerne %(name)s, dont vous êtes le tuteur légal.")


def to_guardians(letters: list[Letter]) -> list[Letter]:
    """The letters with each child's guardian in place of the child, in their language, by the way they are known by.

    A child is known by their file, or by their address or number where the letter names nobody. A statement for 500
    of them, none for letters of no institution: codes, which whoever has an account asked for. A child whose guardian
    nobody has named yet is written nothing.
    """
    told = [each for each in letters if each.institution_id is not None and each.key not in _THEIRS]
    by_person = _found({each.person_id for each in told if each.person_id is not None}, CHILD.id)
    bare = {_known_by(each) for each in told if each.person_id is None and each.address}
    emails = {value for channel, value in bare if channel == "email"}
    numbers = {value for channel, value in bare if channel == "sms"}
    by_email, by_number = _found(emails, CHILD.email), _found(numbers, CHILD.phone_blind)

    def child(each: Letter) -> Guarded | None:
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


def _found(values: Collection[Any], column: sa.orm.InstrumentedAttribute[Any]) -> Mapping[Any, Guarded]:
    """The children among those whom these values of a column name."""
    found: dict[Any, Guarded] = {}
    wanted = sorted(values)
    for part in (wanted[i : i + _CHUNK] for i in range(0, len(wanted), _CHUNK)):
        found |= children_named(part, column)
    return found


def _turned(letter: Letter, name: str, guardian: Person) -> Letter:
    contact = contact_of(guardian)
    passed_on = {"what": _CONCERNS, "values": {"name": name}, "name": name, "page": VISIT}
    # Whoever reads it is greeted by their own name.
    greeted = {"name": guardian.given_name} if "name" in letter.variables else {}
    return replace(
        letter,
        person_reference=guardian.reference,
        person_id=None,
        address=contact.address,
        channel=contact.channel,
        language=guardian.language,
        variables={**letter.variables, **greeted, PASSED_ON: passed_on},
    )
