"""Bring the drafts of an intake to its amended form; a sent file stays under the form it was sent under."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, cast

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.answers import amended
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import seal_answers, sealed_answers
from cohortmgr.applications.file.rules import ApplicationState, listed
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.programmes.definition.rules import Definition
from cohortmgr.programmes.models import DefinitionVersion, Intake
from cohortmgr.programmes.queries import definition_of

CHUNK = 500


def move_drafts(viewer: Viewer, intake: Intake) -> int:
    """Bring every draft of an intake to its definition in force; returns how many moved.

    Drafts whose form asks the same take one statement, others two for each five hundred. An answer that no
    question asks for any more is kept aside. An answer to a changed question is read again, and asked for
    again if it is no longer valid. Whoever is saving a draft meanwhile is told to look again.
    """
    require(viewer, "programmes.manage", intake.path)
    moved = 0
    for version in _versions_left(intake):
        before, after = definition_of(version).of_intake(intake.key), definition_of(intake)
        if amended.changed(before.form, after.form):
            moved += _rewrite(intake, version.id, before, after)
        else:
            moved += _renumber(intake, version.id)
    if moved:
        counted = {"drafts": moved}
        record(viewer, "applications.move_drafts", about(intake), after=counted)
    return moved


def _of(intake: Intake, version_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Application.intake_id == intake.id,
        Application.state == ApplicationState.DRAFT.value,
        Application.version_id == version_id,
    )


def _versions_left(intake: Intake) -> Sequence[DefinitionVersion]:
    """The definition versions, other than the one in force, under which the intake still has drafts."""
    held = sa.select(Application.version_id).where(
        Application.intake_id == intake.id,
        Application.state == ApplicationState.DRAFT.value,
        Application.version_id != intake.definition_version_id,
    )
    return db.session.scalars(sa.select(DefinitionVersion).where(DefinitionVersion.id.in_(held))).all()


def _renumber(intake: Intake, version_id: int) -> int:
    values = {"version_id": intake.definition_version_id, "version": Application.version + 1}
    done = sa.update(Application).where(*_of(intake, version_id)).values(values)
    return int(db.session.execute(done.execution_options(synchronize_session=False)).rowcount)  # type: ignore[attr-defined]


def _rewrite(intake: Intake, version_id: int, before: Definition, after: Definition) -> int:
    today, moved, last = clock.today(), 0, 0
    wanted = sa.select(Application).where(*_of(intake, version_id)).order_by(Application.id).limit(CHUNK)
    while True:
        rows = db.session.scalars(wanted.where(Application.id > last).with_for_update()).all()
        if not rows:
            return moved
        told = [_moved(row, intake, before, after, today) for row in rows]
        table = cast(sa.Table, Application.__table__)
        changed: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in told[0] if name != "row"}
        by_row = sa.update(table).where(table.c.id == sa.bindparam("row_id"))
        statement = by_row.values({**changed, "version": table.c.version + 1})
        db.session.connection().execute(
            statement, [{"row_id": each["row"], **_renamed(each)} for each in told]
        )
        moved, last = moved + len(rows), rows[-1].id
        for row in rows:
            db.session.expunge(row)


def _renamed(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"new_{name}": value for name, value in values.items() if name != "row"}


def _moved(
    row: Application, intake: Intake, before: Definition, after: Definition, today: date
) -> dict[str, Any]:
    """The columns of a draft under the later form; `row` is the draft's id."""
    found = amended.amended(before.form, after.form, row.answers, sealed_answers(row), today)
    return {
        "row": row.id,
        "version_id": intake.definition_version_id,
        "answers": found.opened,
        "sealed_answers": seal_answers(found.sealed, row.reference),
        **listed(after, {**found.opened, **found.sealed}, row.number),
    }
