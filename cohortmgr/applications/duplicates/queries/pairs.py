"""Reads the pairs of files that may be one person's, in one intake or in several, and files that are known to be.

Everything here is in intakes that the viewer may see, so that nobody learns through a pair what an
institution that is closed to them knows of a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.duplicates.models import DuplicatePair, FileToCompare, Merge, TraitCrowd
from cohortmgr.applications.duplicates.rules import TraitKind
from cohortmgr.applications.file import queries as file
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db
from cohortmgr.base.paging import COUNTED, ListPlace, Page, page_of
from cohortmgr.programmes.models import Intake

# How many pairs a page shows, how many crowds it tells, and how many merges.
SHOWN, CROWDS_SHOWN, MERGES_SHOWN = 50, 20, 200


@dataclass(frozen=True)
class PairOfFiles:
    """Two files that look like one person's, with their intakes; the first is of the intake whose page it is."""

    pair: DuplicatePair
    files: tuple[Application, Application]
    intakes: tuple[Intake, Intake]


@dataclass(frozen=True)
class Crowd:
    """What too many files of an intake share to be compared by it alone: how many, and one of them, if it may be
    shown. `files` of a date of birth is the most that also have a beginning of a name in common."""

    kind: TraitKind
    files: int
    sample: Application | None
    birth: date | None


def alike(viewer: Viewer, intake: Intake, place: ListPlace, *, elsewhere: bool = False) -> Page:
    """A page of the pairs of an intake's files that look like one person's, the most alike first. With `elsewhere`, the
    pairs of its files with files of every other intake that the viewer manages. Its rows are PairOfFiles."""
    require(viewer, file.MANAGE, intake.path)
    pairs = sa.select(DuplicatePair).where(
        DuplicatePair.intake_id == intake.id, DuplicatePair.across.is_(elsewhere)
    )
    if elsewhere:
        managed = sa.select(Intake.id).where(file.within(viewer, file.MANAGE, Intake.path))
        pairs = pairs.where(DuplicatePair.beside_intake_id.in_(managed))
    page = page_of(pairs.order_by(DuplicatePair.score.desc(), DuplicatePair.id.desc()), place, SHOWN)
    return page.with_rows(_with_files([row[0] for row in page.rows]))


def _with_files(pairs: Sequence[DuplicatePair]) -> list[PairOfFiles]:
    """The pairs with their files. What a file has become since it was compared may have taken it out of sight."""
    wanted = {number for pair in pairs for number in (pair.file_id, pair.beside_id)}
    chosen = sa.select(Application, Intake).join(Intake, Intake.id == Application.intake_id)
    rows = db.session.execute(chosen.where(Application.id.in_(sorted(wanted)), file.AGREED))
    found = {application.id: (application, at) for application, at in rows}
    return [
        PairOfFiles(
            pair,
            (found[pair.file_id][0], found[pair.beside_id][0]),
            (found[pair.file_id][1], found[pair.beside_id][1]),
        )
        for pair in pairs
        if pair.file_id in found and pair.beside_id in found
    ]


def crowds(viewer: Viewer, intake: Intake) -> list[Crowd]:
    """What too many files of the intake share, the largest first: each telephone, each address, each date of birth in
    one row, CROWDS_SHOWN at most."""
    require(viewer, file.MANAGE, intake.path)
    largest = (
        sa.select(TraitCrowd)
        .where(TraitCrowd.intake_id == intake.id, TraitCrowd.files > 1)
        .order_by(TraitCrowd.files.desc())
        .limit(CROWDS_SHOWN)
        .subquery()
    )
    chosen = (
        sa.select(largest.c.kind, largest.c.files, Application, Person.birth_date)
        .outerjoin(Application, sa.and_(Application.id == largest.c.sample_id, file.AGREED))
        .outerjoin(Person, Person.id == Application.person_id)
        .order_by(largest.c.files.desc(), largest.c.sample_id)
    )
    found: dict[object, Crowd] = {}
    for kind, files, sample, birth in db.session.execute(chosen):
        of_birth = kind == TraitKind.BIRTH
        crowd = Crowd(TraitKind(kind), files, sample, birth if of_birth else None)
        found.setdefault(birth if of_birth else (kind, sample, files), crowd)
    return list(found.values())


def waiting(viewer: Viewer, intake: Intake) -> int:
    """How many files of the intake wait to be compared; COUNTED + 1 if there are more changes than it counts."""
    require(viewer, file.MANAGE, intake.path)
    chosen = sa.select(FileToCompare.application_id).where(FileToCompare.intake_id == intake.id)
    rows = db.session.scalars(chosen.limit(COUNTED + 1)).all()
    return len(rows) if len(rows) > COUNTED else len(set(rows))


def anything_waits() -> bool:
    """Whether a file waits to be compared; takes no lock. For the worker."""
    return db.session.scalar(sa.select(FileToCompare.id).limit(1)) is not None


def merged(viewer: Viewer, intake: Intake) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """The merges with a file of the intake, the newest first, MERGES_SHOWN and one more at most. Each row holds the
    merge, the kept file, the other file, and their two intakes."""
    require(viewer, file.MANAGE, intake.path)
    kept, aside, of_kept, of_aside = (
        aliased(Application), aliased(Application), aliased(Intake), aliased(Intake),
    )  # fmt: skip
    # One way a SELECT: a merge belongs to the kept file's intake, and the other file may be this one's.
    theirs = sa.union(
        sa.select(Merge.id).where(Merge.intake_id == intake.id),
        sa.select(Merge.id)
        .join(Application, Application.id == Merge.aside_id)
        .where(Merge.intake_id != intake.id, Application.intake_id == intake.id),
    )
    return db.session.execute(
        sa.select(Merge, kept, aside, of_kept, of_aside)
        .join(kept, kept.id == Merge.kept_id)
        .join(aside, aside.id == Merge.aside_id)
        .join(of_kept, of_kept.id == kept.intake_id)
        .join(of_aside, of_aside.id == aside.intake_id)
        .where(
            Merge.id.in_(theirs),
            file.within(viewer, file.MANAGE, of_kept.path),
            file.within(viewer, file.MANAGE, of_aside.path),
        )
        .order_by(Merge.id.desc())
        .limit(MERGES_SHOWN + 1)
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
