"""Reads the children whom somebody enrolled as a group: their names and whether their guardians agreed, and no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import PUBLIC, within
from cohortmgr.applications.file.rules import ApplicationState, Consent
from cohortmgr.applications.importing.models import ImportRun
from cohortmgr.applications.importing.queries.runs import IMPORT
from cohortmgr.base.databases.parts import SIZE
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound
from cohortmgr.base.paging import COUNTED, ListPlace, Page, page_of
from cohortmgr.base.registries.waiting import counted_up_to
from cohortmgr.programmes.models import Intake


def _own(viewer: Viewer, intake: Intake) -> sa.ColumnElement[bool]:
    mine = sa.select(ImportRun.id).where(ImportRun.intake_id == intake.id, ImportRun.by == viewer.reference)
    return Application.run_id.in_(mine)


def _waiting() -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Application.state == ApplicationState.HELD.value,
        Application.consent == Consent.WAITING.value,
    )


def enrolled_by(viewer: Viewer, intake: Intake, place: ListPlace, size: int, consent: str = "") -> Page:
    """A page of name, consent, state and reference of the files that the viewer's own imports made, and nothing else of
    them; nor does it begin at another's name. `consent` chooses those of one answer."""
    own = _own(viewer, intake)
    shown: tuple[Any, ...] = (
        Application.name,
        Application.consent,
        Application.state,
        Application.reference,
    )
    listed = sa.select(*shown).where(own).order_by(Application.sort_name, Application.id)
    if consent:
        listed = listed.where(Application.consent == consent)
    return page_of(listed, place, size, among=[own])


def counts(viewer: Viewer, intake: Intake) -> dict[str, int]:
    """How many of the children whom the viewer enrolled have each consent, of a thousand at most; one statement."""
    first = sa.select(Application.consent).where(_own(viewer, intake)).limit(COUNTED).subquery()
    rows = db.session.execute(sa.select(first.c.consent, sa.func.count()).group_by(first.c.consent))
    return {row[0]: row[1] for row in rows}


def awaiting_guardians(viewer: Viewer) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """(id, reference, title, number) of the intakes in which guardians of the viewer's children have not answered; of
    one in preparation none was asked."""
    own = sa.select(ImportRun.id).where(ImportRun.by == viewer.reference)
    here = (Application.intake_id == Intake.id, Application.run_id.in_(own))
    number = counted_up_to(sa.select(Application.id).where(*here, *_waiting()), Intake.id).label("number")
    brought = sa.exists().where(ImportRun.intake_id == Intake.id, ImportRun.by == viewer.reference)
    chosen = sa.select(Intake.id, Intake.reference, Intake.title, number).where(
        within(viewer, IMPORT), brought, PUBLIC
    )
    rows = db.session.execute(chosen.order_by(Intake.closes_at, Intake.id))
    return [row for row in rows if row.number]


def child_for(viewer: Viewer, reference: str, *, lock: bool = False) -> tuple[Application, Intake]:
    """The file of a child whom the viewer enrolled, and its intake. NotFound for any other file."""
    mine = sa.select(ImportRun.id).where(ImportRun.by == viewer.reference)
    wanted = (
        sa.select(Application, Intake)
        .join(Intake, Intake.id == Application.intake_id)
        .where(Application.reference == reference, Application.run_id.in_(mine))
        .where(Application.consent != Consent.NONE.value)
        .execution_options(populate_existing=True)
    )
    row = db.session.execute(wanted.with_for_update(of=Application) if lock else wanted).first()
    if row is None:
        raise NotFound(reference)
    require(viewer, IMPORT, row[1].path)
    return row[0], row[1]


def still_waiting(viewer: Viewer, intake: Intake) -> Iterator[Application]:
    """The files of the viewer's children whose guardians have not answered, locked in the order of their ids, a part at
    a time."""
    after = 0
    while True:
        wanted = sa.select(Application).where(_own(viewer, intake), *_waiting(), Application.id > after)
        held = wanted.order_by(Application.id).limit(SIZE).with_for_update()
        rows = db.session.scalars(held.execution_options(populate_existing=True)).all()
        yield from rows
        if len(rows) < SIZE:
            return
        after = rows[-1].id
