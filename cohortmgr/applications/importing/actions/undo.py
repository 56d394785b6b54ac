"""Undoes an import within a day: removes the files it made that nobody has touched since."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from cohortmgr.accounts.actions import links
from cohortmgr.accounts.models import Account, Identifier, Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.applications.guardians.models import Guardianship
from cohortmgr.applications.importing.actions.runs import run_of
from cohortmgr.applications.importing.models import ImportRun, TrayRow
from cohortmgr.audit.actions import About, record
from cohortmgr.base import clock
from cohortmgr.base.databases.parts import in_parts
from cohortmgr.base.db import Model, db, present, table_of
from cohortmgr.base.errors import N_, NotFound, Refused
from cohortmgr.outbox.actions import turn_bundle
from cohortmgr.programmes.models import Intake

WITHIN = timedelta(days=1)
_TOO_LATE = N_("Un jour est passé : ce chargement ne se défait plus.")
# The version of a file just after its import; every later change raises it.
_UNTOUCHED = 1
_APPLICATIONS, _PERSONS = table_of(Application), table_of(Person)
_IDENTIFIERS, _GUARDIANSHIPS, _TRAY = table_of(Identifier), table_of(Guardianship), table_of(TrayRow)


_File = sa.Row[int, str, int, str, int, str]


@dataclass(frozen=True)
class Undoing:
    """What undoing an import would do.

    `going` are the files that it removes, `staying` those that stay because somebody touched them; both are
    rows of id, reference, person_id, name, version and state. `tray` counts the waiting rows of the tray that
    it removes."""

    run: ImportRun
    intake: Intake
    going: Sequence[_File]
    staying: Sequence[_File]
    tray: int

    @property
    def until(self) -> datetime:
        """The moment until which the import may be undone."""
        return self.run.at + WITHIN

    @property
    def is_open(self) -> bool:
        """Whether the import may still be undone, and was not."""
        return self.run.undone_at is None and clock.now() < self.until


def look(viewer: Viewer, run_reference: str, *, lock: bool = False) -> Undoing:
    """What would go and what would stay, in four statements whatever the number of rows. NotFound for an
    import of somebody else, or one that nobody confirmed."""
    run, intake = run_of(viewer, run_reference)
    if run.state != "loaded":
        raise NotFound(run_reference)
    mine = sa.select(Application.id).where(Application.run_id == run.id)
    if lock:  # by their ids, as everybody locks several files; and nothing may point to them from now on
        db.session.execute(mine.order_by(Application.id).with_for_update())
    chosen = sa.select(
        Application.id, Application.reference, Application.person_id, Application.name, Application.version,
        Application.state,
    ).where(Application.run_id == run.id).order_by(Application.sort_name, Application.id)  # fmt: skip
    rows = db.session.execute(chosen).all()
    touched = _touched(run)
    fresh = (ApplicationState.HELD.value, ApplicationState.SUBMITTED.value)
    going = [
        row for row in rows if row.version == _UNTOUCHED and row.state in fresh and row.id not in touched
    ]
    gone = {row.id for row in going}
    waiting = sa.select(sa.func.count()).where(TrayRow.run_id == run.id, TrayRow.state == "waiting")
    return Undoing(
        run, intake, going, [row for row in rows if row.id not in gone], db.session.scalar(waiting) or 0
    )


def _touched(run: ImportRun) -> set[int]:
    """The ids of the import's files to which a row of any table in any room points, or whose person has an
    account."""
    mine = sa.select(Application.id).where(Application.run_id == run.id)
    parts = [sa.select(column).where(column.in_(mine)) for column in _pointing(_APPLICATIONS)]
    claimed = sa.select(Application.id).join(Account, Account.person_id == Application.person_id)
    parts.append(claimed.where(Application.run_id == run.id))
    return set(db.session.scalars(sa.union(*parts)))


def _pointing(target: sa.Table) -> list[sa.Column[Any]]:
    """The columns, in all tables, that are foreign keys to the ids of this table."""
    return [
        key.parent
        for table in Model.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table is target and key.column.name == "id"
    ]


def undo(viewer: Viewer, run_reference: str) -> int:
    """Undo the import. Returns how many files went; 0 if it was undone already. Refused after a day."""
    found = look(viewer, run_reference, lock=True)
    run, intake = found.run, found.intake
    if run.undone_at is not None:
        return 0
    if not found.is_open:
        raise Refused(_TOO_LATE)
    run.undone_at = clock.now()
    if run.bundle is not None:
        turn_bundle(run.bundle, "called_off")
    db.session.flush()
    connection = db.session.connection()
    connection.execute(sa.delete(_TRAY).where(_TRAY.c.run_id == run.id, _TRAY.c.state == "waiting"))
    persons = [row.person_id for row in found.going]
    _keep_in_sight(persons)
    for part in in_parts(row.id for row in found.going):
        connection.execute(sa.delete(_APPLICATIONS).where(_APPLICATIONS.c.id.in_(part)))
    _forget_persons([*persons, *_forget_guardians(persons, intake)], run)
    db.session.expire_all()
    after = {
        "applications": sorted(row.reference for row in found.going),
        "stayed": sorted(row.reference for row in found.staying),
        "tray": found.tray,
    }
    record(viewer, "imports.undo", About("import_run", run_reference, intake.institution_id), after=after)
    return len(found.going)


def _forget_guardians(children: Sequence[int], intake: Intake) -> list[int]:
    """Delete the guardianships of children who are gone, and use up the links of guardians who have no
    others. Returns the ids of these guardians."""
    guardians: set[int] = set()
    for part in in_parts(children):
        here = (_GUARDIANSHIPS.c.child_id.in_(part), _GUARDIANSHIPS.c.institution_id == intake.institution_id)
        theirs = set(db.session.scalars(sa.select(_GUARDIANSHIPS.c.guardian_id).where(*here)))
        _keep_in_sight(theirs)
        guardians |= theirs
        db.session.connection().execute(sa.delete(_GUARDIANSHIPS).where(*here))
    left: set[int] = set()
    for part in in_parts(guardians):
        chosen = sa.select(_GUARDIANSHIPS.c.guardian_id).where(_GUARDIANSHIPS.c.guardian_id.in_(part))
        left |= set(db.session.scalars(chosen))
    for part in in_parts(guardians - left):
        gone = db.session.scalars(sa.select(_PERSONS.c.reference).where(_PERSONS.c.id.in_(part)))
        links.use_up("guardian", gone.all())
    return sorted(guardians - left)


def _keep_in_sight(persons: Iterable[int]) -> None:
    """Let persons be seen still when nothing of theirs is left here, so that they can be forgotten."""
    for part in in_parts(persons):
        present(*db.session.scalars(sa.select(_PERSONS.c.reference).where(_PERSONS.c.id.in_(part))))


def _forget_persons(persons: Sequence[int], run: ImportRun) -> None:
    """Delete the persons whom the import brought and of whom nothing else is known.

    Another institution may hold rows about them that cannot be seen from here; then the delete fails and they
    stay."""
    for part in in_parts(persons):
        elsewhere = [
            sa.select(column).where(column.in_(part))
            for column in _pointing(_PERSONS)
            if column.table is not _IDENTIFIERS
        ]
        known = set(db.session.scalars(sa.union(*elsewhere)))
        ours = sa.select(_PERSONS.c.id).where(_PERSONS.c.id.in_(part), _PERSONS.c.created_at >= run.at)
        gone = [number for number in db.session.scalars(ours) if number not in known]
        try:
            with db.session.begin_nested():
                connection = db.session.connection()
                connection.execute(sa.delete(_IDENTIFIERS).where(_IDENTIFIERS.c.person_id.in_(gone)))
                connection.execute(sa.delete(_PERSONS).where(_PERSONS.c.id.in_(gone)))
        except IntegrityError:
            continue
