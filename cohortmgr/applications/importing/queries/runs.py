"""Reads the runs of the import, and the tray."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer, allows, require
from cohortmgr.applications.file.queries import READ, staff_intake, within
from cohortmgr.applications.importing.mappings import GivenMapping, mapping_from_json
from cohortmgr.applications.importing.models import ImportRun, TrayRow
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound
from cohortmgr.base.registries.waiting import counted_up_to
from cohortmgr.programmes.models import Intake

IMPORT = "applications.import"
OPEN = ("waiting", "asked")
# Among how many of the last files the one with the same columns is sought.
LAST_FILES = 30


@dataclass(frozen=True)
class Waiting:
    """A row of the tray with its intake and the run that brought it."""

    row: TrayRow
    run: ImportRun
    intake: Intake


def require_run(viewer: Viewer, intake: Intake, run: ImportRun) -> None:
    """Require the right to import, and to see this run. A viewer who enrols a group sees only their own
    imports; a viewer who reads the files sees every import. NotFound otherwise."""
    require(viewer, IMPORT, intake.path)
    if sees_own_only(viewer, intake) and run.by != viewer.reference:
        raise NotFound(run.reference)


def sees_own_only(viewer: Viewer, intake: Intake) -> bool:
    """Whether the viewer sees only their own imports there: they may import, but not read the files."""
    return not allows(viewer, READ, intake.path)


def own_runs(viewer: Viewer, intake: Intake) -> frozenset[int] | None:
    """The ids of the viewer's own imports, if they see only those; None if they may read the files."""
    if not sees_own_only(viewer, intake):
        return None
    mine = sa.select(ImportRun.id).where(ImportRun.intake_id == intake.id, ImportRun.by == viewer.reference)
    return frozenset(db.session.scalars(mine))


def intake_for(viewer: Viewer, reference: str) -> Intake:
    """An intake into which the viewer imports; NotFound otherwise."""
    return staff_intake(viewer, reference, IMPORT)


def runs(viewer: Viewer, intake: Intake, limit: int = 20) -> Sequence[ImportRun]:
    """The latest imports, loaded or waiting for confirmation, newest first."""
    shown = [ImportRun.intake_id == intake.id, ImportRun.state != "dropped"]
    if sees_own_only(viewer, intake):
        shown.append(ImportRun.by == viewer.reference)
    return db.session.scalars(
        sa.select(ImportRun).where(*shown).order_by(ImportRun.at.desc(), ImportRun.id.desc()).limit(limit)
    ).all()


def last_mapping(viewer: Viewer, intake: Intake, header: Sequence[str]) -> GivenMapping | None:
    """How the columns of the last loaded file with this header were read, in whatever intake of the programme; None
    if there was none. Where its table stood, and in which order its dates were, is found anew in each file."""
    shown = [Intake.programme_id == intake.programme_id, ImportRun.institution_id == intake.institution_id]
    if sees_own_only(viewer, intake):
        shown.append(ImportRun.by == viewer.reference)
    query = (
        sa.select(ImportRun.filename, ImportRun.mapping)
        .join(Intake, Intake.id == ImportRun.intake_id)
        .where(*shown, ImportRun.state == "loaded", ImportRun.undone_at.is_(None))
        .order_by(ImportRun.at.desc(), ImportRun.id.desc())
        .limit(LAST_FILES)
    )
    for filename, document in db.session.execute(query):
        kept = mapping_from_json(document)
        if set(kept.columns) == set(header):
            return GivenMapping(kept.columns, kept.values, kept.sent_at, remembered_of=filename)
    return None


def tray(viewer: Viewer, intake: Intake, *, settled: bool = False) -> sa.Select[TrayRow]:
    """The rows of the tray that wait, in the order of the file; with `settled`, those that are settled."""
    wanted = TrayRow.state.in_(OPEN)
    mine: sa.ColumnElement[bool] = sa.true()
    if sees_own_only(viewer, intake):
        mine = TrayRow.run_id.in_(sa.select(ImportRun.id).where(ImportRun.by == viewer.reference))
    return (
        sa.select(TrayRow)
        .where(TrayRow.intake_id == intake.id, sa.not_(wanted) if settled else wanted, mine)
        .order_by(TrayRow.line, TrayRow.id)
    )


def rows_to_mend(viewer: Viewer, intake_id: sa.SQLColumnExpression[int]) -> sa.ColumnElement[int]:
    """How many rows of an intake's tray wait, for the viewer's frame: those of `tray`. `intake_id` is Intake.id."""
    own = TrayRow.run_id.in_(sa.select(ImportRun.id).where(ImportRun.by == viewer.reference))
    mine = sa.or_(within(viewer, READ), own)
    waiting = sa.select(TrayRow.id).where(TrayRow.intake_id == intake_id, TrayRow.state.in_(OPEN), mine)
    return counted_up_to(waiting, intake_id)


def to_mend(viewer: Viewer) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """(id, reference, title, number) of the intakes in whose tray rows wait for the viewer."""
    number = rows_to_mend(viewer, Intake.id).label("number")
    chosen = sa.select(Intake.id, Intake.reference, Intake.title, number)
    with_rows = sa.exists().where(TrayRow.intake_id == Intake.id, TrayRow.state.in_(OPEN))
    rows = db.session.execute(
        chosen.where(within(viewer, IMPORT), with_rows).order_by(Intake.closes_at, Intake.id)
    )
    return [row for row in rows if row.number]


def waiting_row(reference: str, *, lock: bool = False) -> Waiting:
    """The row of the tray with this reference, without any check of rights; NotFound if there is none.
    `lock`: lock it."""
    query = (
        sa.select(TrayRow, ImportRun, Intake)
        .join(ImportRun, ImportRun.id == TrayRow.run_id)
        .join(Intake, Intake.id == TrayRow.intake_id)
        .where(TrayRow.reference == reference)
        .execution_options(populate_existing=True)
    )
    found = db.session.execute(query.with_for_update(of=TrayRow) if lock else query).first()
    if found is None:
        raise NotFound(reference)
    return Waiting(*found)


def stored_keys() -> set[str]:
    """The keys of all files in the storage that wait for the confirmation of their import."""
    return set(db.session.scalars(sa.select(ImportRun.storage_key).where(ImportRun.storage_key.is_not(None))))
