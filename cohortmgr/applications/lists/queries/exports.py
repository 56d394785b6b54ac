"""Reads kept lists: long workbooks that the worker writes, and who may fetch them."""

from __future__ import annotations

import json

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.queries import READ, within
from cohortmgr.applications.lists.filters import ApplicationFilters
from cohortmgr.applications.lists.models import ListExport
from cohortmgr.applications.lists.queries.allowed import open_to
from cohortmgr.applications.lists.rules import ListExportState
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound
from cohortmgr.jobs.models import Job
from cohortmgr.jobs.rules import LOST
from cohortmgr.programmes.models import Intake


def export_for(viewer: Viewer, reference: str) -> tuple[ListExport, Intake]:
    """The viewer's own kept list, with its intake. NotFound for anybody else's, once it is over, or if its files, or
    some of its columns or conditions, are open to them no longer."""
    wanted = (
        sa.select(ListExport, Intake)
        .join(Intake, Intake.id == ListExport.intake_id)
        .where(ListExport.reference == reference, ListExport.asked_by == viewer.reference)
        .where(ListExport.expires_at > clock.now(), within(viewer, READ))
    )
    row = db.session.execute(wanted).first()
    if row is None:
        raise NotFound(reference)
    filters, _reason = asked_of(row[0])
    if open_to(viewer, row[1], filters) != filters:
        raise NotFound(reference)
    return row[0], row[1]


def asked_of(export: ListExport) -> tuple[ApplicationFilters, str]:
    """What was asked for in a kept list, unsealed: its filters, and the reason for telephones in it."""
    asked = json.loads(crypto.unseal(export.sealed, "list_exports", "sealed", export.reference))
    return ApplicationFilters.of(asked), str(asked.get("reason", ""))


def progress_of(export: ListExport) -> tuple[int, str]:
    """How far a kept list is: whole percent, and its state. One whose job was lost has failed."""
    if export.state != ListExportState.WRITING:
        return 100, export.state
    asked = sa.select(Job.percent, Job.state).where(Job.reference == export.job_reference)
    row = db.session.execute(asked).first()
    if row is not None and row.state in LOST:
        return row.percent, ListExportState.FAILED.value
    return (row.percent if row is not None else 0), export.state


def being_written(intake_id: int, account: str, blind: str) -> ListExport | None:
    """The kept list of the same filters that the worker still writes for an account; None if there is none."""
    same = (ListExport.intake_id == intake_id, ListExport.asked_by == account, ListExport.blind == blind)
    return db.session.scalar(
        sa.select(ListExport).where(*same, ListExport.state == ListExportState.WRITING.value)
    )


def stored_keys() -> set[str]:
    """The keys of all kept lists in the storage."""
    return set(
        db.session.scalars(sa.select(ListExport.storage_key).where(ListExport.storage_key.is_not(None)))
    )
