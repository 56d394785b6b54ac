"""Finds who is behind each row of a file, and tells apart the rows that bear somebody else's number.

Known persons are found by the blind indexes of their identity numbers. The number of statements does not grow with
the number of rows that can be loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Account, Identifier, Person
from cohortmgr.accounts.queries.viewers import persons_by_identifiers
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import AGREED
from cohortmgr.applications.file.rules import Source, person_values, question_of
from cohortmgr.applications.importing.mappings import ColumnMapping
from cohortmgr.applications.importing.persons import contradiction, is_another, name_in, names_differ
from cohortmgr.applications.importing.sendings import Rejection, RowFault, Sending
from cohortmgr.base import crypto
from cohortmgr.base.databases.parts import in_parts
from cohortmgr.base.db import db
from cohortmgr.programmes.definition.rules import Form
from cohortmgr.programmes.models import Intake


@dataclass(frozen=True)
class Contradiction:
    """The kind of a number that contradicts what is known, and who is known by it or by the others: a person, or
    an earlier row of the same file. `by_name`: the numbers agree, and nothing else does."""

    kind: str
    bearer: Person | None = None
    row: Sending | None = None
    by_name: bool = False


def bearers(numbers: Iterable[Mapping[str, str]]) -> dict[tuple[str, str], Person]:
    by_kind: dict[str, set[str]] = {}
    for each in numbers:
        for kind, value in each.items():
            by_kind.setdefault(kind, set()).add(value)
    return {
        (kind, value): person
        for kind, values in by_kind.items()
        for value, person in persons_by_identifiers(kind, values).items()
    }


def identifiers_of(persons: set[int]) -> dict[int, dict[str, Identifier]]:
    """The identifiers of persons: by the person's id, then by kind."""
    held: dict[int, dict[str, Identifier]] = {number: {} for number in persons}
    for part in in_parts(persons):
        for row in db.session.scalars(sa.select(Identifier).where(Identifier.person_id.in_(part))):
            held[row.person_id][row.kind] = row
    return held


def owner_of(
    sending: Sending,
    numbers: Mapping[str, str],
    known: Mapping[tuple[str, str], Person],
    held: Mapping[int, Mapping[str, Identifier]],
    claimed: Mapping[tuple[str, str], Sending],
) -> Person | Contradiction | None:
    """The person behind a sending, or None for somebody new. A number that belongs to somebody else, or that
    is not the one which this person is known by, is a contradiction: no number replaces another."""
    main = sending.identity[0].removeprefix("identifier.")
    person = known.get((main, numbers[main]))
    for kind, value in numbers.items():
        bearer = known.get((kind, value))
        if (kind, value) in claimed:
            return Contradiction(kind, row=claimed[(kind, value)])
        if bearer is None:
            continue
        if person is None and main not in held[bearer.id]:
            person = bearer
        elif person is None or bearer.id != person.id:
            return Contradiction(kind, bearer)
    if person is not None:
        for kind, value in numbers.items():
            row = held[person.id].get(kind)
            if row is not None and row.blind != crypto.blind_index(kind, value):
                return Contradiction(kind, person)
    return person


def rows_of_others(
    owners: Sequence[tuple[Sending, Person | None]], standing: Mapping[int, Any], form: Form
) -> list[tuple[Sending, Contradiction]]:
    """The rows whose numbers are a known person's, and whose name and birth date are not; of a file that its person
    has claimed, those with another name. A row that is loaded already is not judged again."""
    found: list[tuple[Sending, Contradiction]] = []
    named: list[tuple[Sending, Person]] = []
    for sending, person in owners:
        row = standing.get(person.id) if person else None
        if person is None or (row is not None and row.fingerprint == sending.fingerprint):
            continue
        given = person_values(form, sending.answers)
        if not names_differ(given, _known_of(person)) or (row is not None and _bears(given, row.name)):
            continue
        if is_another(_comparable(given), _known_of(person)):
            found.append((sending, _by_name(sending, person)))
        elif row is not None and row.source == Source.IMPORT:
            named.append((sending, person))
    claimed = _with_account({person.id for _, person in named})
    return found + [(sending, _by_name(sending, person)) for sending, person in named if person.id in claimed]


def _by_name(sending: Sending, person: Person) -> Contradiction:
    return Contradiction(sending.identity[0].removeprefix("identifier."), person, by_name=True)


def _bears(given: Mapping[str, Any], name: str) -> bool:
    """Whether a row gives the name of the file that stands."""
    return bool(name) and not names_differ(given, {"given_name": name})


def _comparable(given: Mapping[str, Any]) -> dict[str, Any]:
    """What a row says of its person, with the telephone as persons are found by it."""
    phone = given.get("phone")
    return {**given, "phone": crypto.blind_index("phone", phone) if phone else None}


def _known_of(person: Person) -> dict[str, Any]:
    names = ("given_name", "family_name", "given_name_ar", "family_name_ar", "email")
    born = person.birth_date.isoformat() if person.birth_date else None
    return {
        **{name: getattr(person, name) for name in names},
        "birth_date": born,
        "phone": person.phone_blind,
    }


def _with_account(persons: set[int]) -> set[int]:
    """Those of the persons who have an account."""
    found: set[int] = set()
    for part in in_parts(persons):
        found |= set(
            db.session.scalars(sa.select(Account.person_id).where(Account.person_id.in_(part))).all()
        )
    return found


def contradicted(
    sending: Sending, form: Form, mapping: ColumnMapping, found: Contradiction, intake: Intake | None
) -> Rejection:
    """The rejection of a row whose numbers are not one person's, with both names. A person who has no file at
    the institution is not named, nor anybody to who enrols a group (no `intake`): they may not know of them."""
    key = question_of(form, f"identifier.{found.kind}")
    given, known = name_in(form, sending.answers), ""
    if found.row is not None:
        known = name_in(form, found.row.answers)
    elif (
        intake is not None and found.bearer is not None and _has_file_at(found.bearer, intake.institution_id)
    ):
        known = found.bearer.name
    problem = contradiction(given, known, key, by_name=found.by_name)
    fault = RowFault(mapping.column_of(key), problem)
    return Rejection(sending.line, sending.raw, (fault,), sending.fingerprint)


def _has_file_at(person: Person, institution_id: int) -> bool:
    here = sa.select(Application.id).where(
        Application.person_id == person.id, Application.institution_id == institution_id, AGREED
    )
    return bool(person.name) and db.session.scalar(here.limit(1)) is not None
