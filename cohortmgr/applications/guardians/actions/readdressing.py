"""Send letters about a child's file to the guardian, whichever room wrote them: adults write to no child."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.applications.guardians.actions.telling import AGREED
from cohortmgr.applications.guardians.queries import CHILD, Guarded, children_named, contact_of
from cohortmgr.base import crypto
from cohortmgr.base.databases.parts import in_parts
from cohortmgr.base.errors import N_
from cohortmgr.outbox.actions import Letter
from cohortmgr.outbox.texts.display.rendering import PASSED_ON

# Letters that go to the guardians already, by the telephone or the address that the file names; and the child's own.
_THEIRS = frozenset({"guardian_asked", "guardian_receipt", AGREED})
# The page on which a guardian asks for a link, by the telephone or address that they are known by.
VISIT = "/guardian"
_CONCERNS = N_("Ce message concerne %(name)s, dont vous êtes le tuteur légal.")


def to_guardians(letters: list[Letter]) -> list[Letter]:
    """Put the guardian in place of each child, in the language and by the contact of the guardian.

    A child is known by their file, or by their address or number if the letter names nobody. One statement
    for each 500; none for letters without an institution: these are codes, which the owner of an account
    asked for. A letter to a child whose guardian has not been named yet is left out.
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
    """The channel, and the e-mail address or the blind index of the number."""
    if letter.channel == "sms":
        return "sms", crypto.blind_index("phone", letter.address)
    return "email", letter.address.casefold()


def _found(values: Collection[Any], column: sa.orm.InstrumentedAttribute[Any]) -> Mapping[Any, Guarded]:
    """The children among the persons whom these values of a column name, by the value."""
    found: dict[Any, Guarded] = {}
    for part in in_parts(values):
        found |= children_named(part, column)
    return found


def _turned(letter: Letter, name: str, guardian: Person) -> Letter:
    contact = contact_of(guardian)
    passed_on = {"what": _CONCERNS, "values": {"name": name}, "name": name, "page": VISIT}
    # The guardian is greeted by their own name.
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
