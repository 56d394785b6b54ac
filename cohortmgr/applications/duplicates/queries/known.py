"""What is known of files that are compared, for the system alone: of every institution, and of no viewer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from cohortmgr.accounts.models import Identifier, Person
from cohortmgr.applications.duplicates.models import Merge
from cohortmgr.applications.duplicates.rules import TELLING, PersonTraits
from cohortmgr.applications.file import queries as file
from cohortmgr.applications.file.models import Application
from cohortmgr.base.databases.parts import in_parts
from cohortmgr.base.db import db

# Keys of rows, which a plan looks up one by one however many a statement has.
AT_ONCE = 5_000


@dataclass(frozen=True)
class KnownFile:
    """A file that may be told of another: whose and where it is, and what is known of its person."""

    id: int
    person_id: int
    intake_id: int
    institution_id: int
    state: str
    traits: PersonTraits


def known_files(files: Collection[int]) -> dict[int, KnownFile]:
    """What is known of those of the files that may look like another. The others are missing: a file that was put
    aside, one that waits for a guardian, one that is gone."""
    found: dict[int, KnownFile] = {}
    for part in in_parts(files, AT_ONCE):
        found |= _known(part)
    return found


def _known(files: Collection[int]) -> dict[int, KnownFile]:
    a, p = Application, Person
    chosen = (
        sa.select(
            a.id, a.person_id, a.intake_id, a.institution_id, a.state, a.name, a.email,
            p.given_name, p.family_name, p.given_name_ar, p.family_name_ar, p.birth_date, p.phone_blind,
            p.email.label("own_email"),
        )
        .join(p, p.id == a.person_id)
        .where(a.id.in_(files), a.state.in_(TELLING), file.AGREED)
    )  # fmt: skip
    rows = db.session.execute(chosen).all()
    numbers: dict[int, dict[str, str]] = defaultdict(dict)
    bearers = sorted({row.person_id for row in rows})
    held = sa.select(Identifier.person_id, Identifier.kind, Identifier.blind)
    for person_id, kind, blind in db.session.execute(held.where(Identifier.person_id.in_(bearers))):
        numbers[person_id][kind] = blind
    return {
        row.id: KnownFile(
            row.id,
            row.person_id,
            row.intake_id,
            row.institution_id,
            row.state,
            PersonTraits(
                row.id,
                f"{row.given_name} {row.family_name}".strip() or row.name,
                f"{row.given_name_ar} {row.family_name_ar}".strip(),
                row.birth_date,
                row.phone_blind,
                row.email or row.own_email,
                numbers.get(row.person_id),
            ),
        )
        for row in rows
    }


def united_pairs(files: Collection[int]) -> set[frozenset[int]]:
    """The pairs, with one of these files, that are known to be one person's."""
    found: set[frozenset[int]] = set()
    for part in in_parts(files, AT_ONCE):
        for column in (Merge.kept_id, Merge.aside_id):
            united = sa.select(Merge.kept_id, Merge.aside_id).where(
                column.in_(part), Merge.undone_at.is_(None)
            )
            found |= {frozenset((kept, aside)) for kept, aside in db.session.execute(united)}
    return found
