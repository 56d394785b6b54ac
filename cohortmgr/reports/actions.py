"""Acts on reports: asking for one, and storing what the worker computed."""

from __future__ import annotations

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.audit.actions import About, about, record
from cohortmgr.base import clock, storage
from cohortmgr.base.db import db, insert_or_leave
from cohortmgr.base.text import new_reference
from cohortmgr.cohorts.queries import of_intake
from cohortmgr.jobs.actions import queue
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import get_intake
from cohortmgr.reports import queries
from cohortmgr.reports.models import Report
from cohortmgr.reports.rules import Contents, ReportState, to_json

KIND = "reports.cohort"


def ask_report(viewer: Viewer, intake_reference: str, language: str | None = None) -> Report:
    """Ask for the figures of an intake as they are now, in a language (by default the viewer's own).

    If such a report is being computed, that one is returned. One whose computation failed is replaced by a
    new one.
    """
    intake = get_intake(intake_reference)
    require(viewer, queries.READ, intake.path)
    language = language or viewer.language
    known = queries.computing_of(intake.id, language)
    if known is not None and not queries.progress_of(known).failed:
        return known
    if known is not None:
        known.state = ReportState.FAILED.value
        db.session.flush()
    return _new(viewer, intake, language)


def _new(viewer: Viewer, intake: Intake, language: str) -> Report:
    cohort = of_intake(intake.id)
    values = {
        "reference": new_reference(),
        "institution_id": intake.institution_id,
        "intake_id": intake.id,
        "cohort_id": cohort.id if cohort else None,
        "job_reference": "",
        "language": language,
        "state": ReportState.COMPUTING.value,
        "asked_at": clock.now(),
        "asked_by": viewer.reference,
    }
    insert_or_leave(db.session, Report, [values])  # of two at once, both get the first one's report
    report = queries.computing_of(intake.id, language)
    if report is None or report.reference != values["reference"]:
        return report or _new(viewer, intake, language)
    payload = {"report": report.reference}
    report.job_reference = queue.request(viewer, KIND, payload, intake.institution_id)
    after = {"intake": intake.reference, "language": language}
    record(viewer, "reports.ask", about(report), after=after)
    return report


def prepare_workbooks(whole: bytes, masked: bytes) -> tuple[str, str]:
    """Store the two workbooks of a report. Returns their storage keys."""
    return storage.store(whole).key, storage.store(masked).key


def keep(viewer: Viewer, reference: str, contents: Contents, workbooks: tuple[str, str]) -> bool:
    """Store the figures and workbooks of a report that waits for them. Returns False if it already has them."""
    report = db.session.execute(
        sa.select(Report.institution_id, Intake.path)
        .join(Intake, Intake.id == Report.intake_id)
        .where(Report.reference == reference)
    ).one()
    require(viewer, queries.READ, report.path)
    waiting = (Report.reference == reference, Report.state == ReportState.COMPUTING.value)
    values = {
        "state": ReportState.READY.value,
        "figures": to_json(contents),
        "storage_key": workbooks[0],
        "masked_storage_key": workbooks[1],
        "made_at": clock.now(),
    }
    kept = db.session.connection().execute(sa.update(Report).where(*waiting).values(values)).rowcount == 1
    if kept:
        record(viewer, "reports.keep", About("report", reference, report.institution_id))
    return kept
