"""Finds files that may be one person's, in one intake or in several, and files that are known to be.

Everything here is in intakes that the viewer may see, so that nobody learns through a pair what an
institution that is closed to them knows of a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cohortmgr.accounts.models import Identifier, Person
from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.duplicates.models import Merge
from cohortmgr.applications.duplicates.rules import PersonTraits, Sign, pairs
from cohortmgr.applications.file import queries as file
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.programmes.models import Intake

# More files than these are not compared in one request: 20,000 take eight seconds and 440 MB.
COMPARED = 20_000
_TOO_MANY = N_(
    "C’est trop pour une page : au-delà de %(most)s dossiers, les ressemblances ne sont pas cherchées ici."
)
_LIVING = (ApplicationState.DRAFT.value, ApplicationState.SUBMITTED.value)
# In other intakes, a file that was withdrawn counts too.
_TELLING = (*_LIVING, ApplicationState.WITHDRAWN.value)


@dataclass(frozen=True)
class DuplicatePair:
    """Two files that look like one person's, with their intakes, a score from 0 to 100, and the signs behind it."""

    score: int
    signs: tuple[Sign, ...]
    files: tuple[Application, Application]
    intakes: tuple[Intake, Intake]


def alike(viewer: Viewer, intake: Intake, *, elsewhere: bool = False) -> list[DuplicatePair]:
    """The pairs of an intake's files that look like one person's, the most alike first. With `elsewhere`, the
    pairs of its files with files of every other intake that the viewer manages. Takes four statements at most. Refused
    beyond COMPARED files, which would fill the memory of the machine."""
    require(viewer, file.MANAGE, intake.path)
    chosen = sa.and_(Application.intake_id == intake.id, Application.state.in_(_LIVING), file.AGREED)
    if elsewhere:
        chosen = sa.or_(chosen, _sharing(viewer, intake))
    _require_few(chosen)
    rows = db.session.execute(_held(Application, Person, Intake).where(chosen).order_by(Application.id)).all()
    numbers: dict[int, dict[str, str]] = {}
    bearers = _held(Application.person_id).where(chosen)
    for row in db.session.scalars(sa.select(Identifier).where(Identifier.person_id.in_(bearers))):
        numbers.setdefault(row.person_id, {})[row.kind] = row.blind
    known = [_known(application, person, numbers.get(person.id)) for application, person, _at in rows]
    mine = {application.id for application, _person, at in rows if at.id == intake.id}
    settled = _settled(intake) if elsewhere else set()
    files = {application.id: (application, at) for application, _person, at in rows}
    found = [
        (each, sorted((each.first, each.second), key=lambda number: number not in mine))
        for each in pairs(known, mine if elsewhere else None)
        if frozenset((each.first, each.second)) not in settled
    ]
    return [
        DuplicatePair(
            each.score, each.signs, (files[one][0], files[other][0]), (files[one][1], files[other][1])
        )
        for each, (one, other) in found
    ]


def _require_few(chosen: sa.ColumnElement[bool]) -> None:
    few = _held(sa.literal_column("1").label("one")).where(chosen).limit(COMPARED + 1).subquery()
    if (db.session.scalar(sa.select(sa.func.count()).select_from(few)) or 0) > COMPARED:
        raise Refused(Problem(_TOO_MANY, {"most": COMPARED}))


def _held(*wanted: Any) -> sa.Select[Any]:
    chosen = sa.select(*wanted).select_from(Application)
    return chosen.join(Person, Person.id == Application.person_id).join(
        Intake, Intake.id == Application.intake_id
    )


def _sharing(viewer: Viewer, intake: Intake) -> sa.ColumnElement[bool]:
    """The files of other intakes that share a telephone, an address, a date of birth or a name with a file of
    this intake, and are not of the same person. No other file can reach the threshold."""
    one, person = aliased(Application), aliased(Person)

    def theirs(column: Any) -> sa.Select[Any]:
        chosen = sa.select(column).select_from(one).join(person, person.id == one.person_id)
        return chosen.where(one.intake_id == intake.id, one.state.in_(_LIVING), column.is_not(None))

    return sa.and_(
        Application.intake_id != intake.id,
        Application.state.in_(_TELLING),
        file.AGREED,
        file.within(viewer, file.MANAGE, Intake.path),
        Application.person_id.not_in(theirs(one.person_id)),
        sa.or_(
            Person.phone_blind.in_(theirs(person.phone_blind)),
            Person.birth_date.in_(theirs(person.birth_date)),
            Application.email.in_(theirs(one.email)),
            sa.and_(Application.sort_name != "", Application.sort_name.in_(theirs(one.sort_name))),
        ),
    )


def _settled(intake: Intake) -> set[frozenset[int]]:
    """The pairs, with a file of this intake, that are known to be one person's."""
    wanted = (
        sa.select(Merge.kept_id, Merge.aside_id)
        .join(Application, Application.id.in_([Merge.kept_id, Merge.aside_id]))
        .where(Application.intake_id == intake.id, Merge.undone_at.is_(None))
    )
    return {frozenset((kept, aside)) for kept, aside in db.session.execute(wanted)}


def _known(application: Application, person: Person, numbers: dict[str, str] | None) -> PersonTraits:
    return PersonTraits(
        application.id,
        person.name or application.name,
        f"{person.given_name_ar} {person.family_name_ar}".strip(),
        person.birth_date,
        person.phone_blind,
        application.email or person.email,
        numbers,
    )


def merged(viewer: Viewer, intake: Intake) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Every merge with a file of the intake, the newest first. Each row holds the merge, the kept file, the
    other file, and their two intakes."""
    require(viewer, file.MANAGE, intake.path)
    kept, aside, of_kept, of_aside = (
        aliased(Application), aliased(Application), aliased(Intake), aliased(Intake),
    )  # fmt: skip
    return db.session.execute(
        sa.select(Merge, kept, aside, of_kept, of_aside)
        .join(kept, kept.id == Merge.kept_id)
        .join(aside, aside.id == Merge.aside_id)
        .join(of_kept, of_kept.id == kept.intake_id)
        .join(of_aside, of_aside.id == aside.intake_id)
        .where(sa.or_(kept.intake_id == intake.id, aside.intake_id == intake.id))
        .where(
            file.within(viewer, file.MANAGE, of_kept.path),
            file.within(viewer, file.MANAGE, of_aside.path),
        )
        .order_by(Merge.id.desc())
    ).all()


def same_person(viewer: Viewer, application: Application) -> Sequence[sa.Row[Application, Intake]]:
    """The other files of a file's person that the viewer may read, the newest first: those with the same
    person and those united with it by a merge. One statement."""
    live = Merge.undone_at.is_(None)
    kept, at = aliased(Application), aliased(Intake)
    keepers = (
        sa.select(Merge.kept_id)
        .join(kept, kept.id == Merge.kept_id)
        .join(at, at.id == kept.intake_id)
        .where(Merge.aside_id == application.id, live, file.within(viewer, file.READ, at.path))
    )
    asides = sa.select(Merge.aside_id)
    # One way a SELECT: as conditions joined by OR they would have every file of the institution read.
    theirs = sa.union(
        sa.select(kept.id).where(kept.person_id == application.person_id),
        keepers,
        asides.where(Merge.kept_id == application.id, live),
        asides.where(Merge.kept_id.in_(keepers), live),
    )
    return db.session.execute(
        sa.select(Application, Intake)
        .join(Intake, Intake.id == Application.intake_id)
        .where(
            Application.id != application.id,
            file.AGREED,
            file.within(viewer, file.READ, Intake.path),
            Application.id.in_(theirs),
        )
        .order_by(Application.created_at.desc(), Application.id.desc())
    ).all()


def intake_of(row: Merge) -> str:
    """The reference of the intake to which a merge belongs."""
    return db.session.get_one(Intake, row.intake_id).reference
