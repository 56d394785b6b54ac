"""What the worker does with lists: write the long ones that were asked for, and erase them after some days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.queries.viewers import viewer_of_account
from cohortmgr.accounts.rules import Viewer, allows
from cohortmgr.applications.file import queries as file
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.lists import actions, display
from cohortmgr.applications.lists.models import ListExport
from cohortmgr.applications.lists.queries import exports
from cohortmgr.applications.lists.queries import pages as lists
from cohortmgr.applications.lists.queries.allowed import open_to
from cohortmgr.applications.lists.queries.telephones import told
from cohortmgr.applications.lists.rules import ListExportState
from cohortmgr.base import clock, storage
from cohortmgr.base.db import after_commit, db, reading_as, writing
from cohortmgr.base.work import Stopping, Work
from cohortmgr.jobs.actions.queue import ProgressCallback, handler
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of

# How many rows are read in one statement, between two steps of the percentage.
CHUNK = 5_000


@handler(actions.EXPORT)
def export(payload: Mapping[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Write the list `payload["export"]` as whoever asked for it sees it now, by what they hold now.

    A second run finds it written and does nothing. Whoever may read these files no longer gets none."""
    reference = str(payload["export"])
    waits = (ListExport.reference == reference, ListExport.state == ListExportState.WRITING.value)
    wanted = db.session.scalar(sa.select(ListExport).where(*waits))
    if wanted is None:
        return {"export": reference}
    intake = db.session.get_one(Intake, wanted.intake_id)
    asker = viewer_of_account(wanted.asked_by)
    if asker is None or not allows(asker, file.READ, intake.path):
        with writing():
            closed = {"state": ListExportState.CLOSED.value}
            db.session.execute(sa.update(ListExport).where(*waits).values(closed))
        return {"export": reference, "closed": True}
    with reading_as(asker.person_id or 0, asker.listed):
        return {"export": reference, "rows": _write(asker, wanted, intake, progress)}


def _write(asker: Viewer, wanted: ListExport, intake: Intake, progress: ProgressCallback) -> int:
    asked, reason = exports.asked_of(wanted)
    filters = open_to(asker, intake, asked)
    definition = definition_of(intake)
    total, written = lists.number_of(intake.id, filters), 0

    def rows() -> Iterator[Any]:
        nonlocal written
        for chunk in lists.in_chunks(intake.id, filters, CHUNK):
            yield from told(chunk, filters.shown, whole=True)
            written += len(chunk)
            progress(written, max(written, total) + 1)

    data = display.workbook(rows(), filters.shown, definition, intake.title, wanted.language)
    key, kept = storage.store(data).key, False
    try:
        with writing():
            kept = actions.keep_export(asker, wanted, filters, key, written, reason)
    finally:
        if not kept:
            storage.delete(key)
    return written


def forget(_stopping: Stopping) -> None:
    """Erase the kept lists whose days are over."""
    with writing():
        _erase(ListExport.expires_at <= clock.now())


def forget_with(subject: str) -> None:
    """Erase the kept lists in which an erased person may stand: those of the intakes of their files."""
    theirs = sa.select(Application.intake_id).join(Person, Person.id == Application.person_id)
    _erase(ListExport.intake_id.in_(theirs.where(Person.reference == subject)))


def _erase(condition: sa.ColumnElement[bool]) -> None:
    """Erase kept lists: their rows in this transaction, and their files after its commit."""
    rows = db.session.execute(sa.select(ListExport.id, ListExport.storage_key).where(condition)).all()
    for row in rows:
        gone = sa.delete(ListExport).where(ListExport.id == row.id)
        db.session.execute(gone.execution_options(synchronize_session=False))
        if row.storage_key:
            after_commit(f"list-{row.storage_key}", partial(storage.delete, row.storage_key))


WORKS = (Work("forget.lists", forget, every=3600),)
