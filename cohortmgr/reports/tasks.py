"""The worker's job of reports: the database sums the files of an intake, and the figures are stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base import clock, storage
from cohortmgr.base.db import writing
from cohortmgr.jobs.actions.queue import ProgressCallback, handler
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rules import Definition
from cohortmgr.reports import actions, queries
from cohortmgr.reports.display import stages_of, workbook
from cohortmgr.reports.figures import FileRecord, figures
from cohortmgr.reports.masking import masked
from cohortmgr.reports.rules import Contents, marks_by_point


@handler(actions.KIND)
def compute(payload: Mapping[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Compute the report `payload["report"]`.

    A second run finds the report stored and does nothing. If two run at the same time, one result is stored
    and the files of the other are removed."""
    reference = str(payload["report"])
    wanted = queries.to_compute(reference)
    if wanted is None:
        return {"report": reference}
    intake = programmes.get_intake(wanted.reference)
    definition, title, number = programmes.definition_of(intake), dict(intake.title), wanted.intake_id
    found = queries.records(number, definition.rubric.readings, definition.rubric.files.key)
    progress(1, 3)
    contents = _contents(found, definition, number)
    today = clock.today()
    stages = stages_of(definition)
    whole = workbook(contents, wanted.language, title, today, stages)
    shown = workbook(masked(contents), wanted.language, title, today, stages)
    keys = actions.prepare_workbooks(whole, shown)
    progress(2, 3)
    kept = False
    try:
        with writing():
            kept = actions.keep(SYSTEM, reference, contents, keys)
    finally:
        if not kept:
            for key in keys:
                storage.delete(key)
    return {"report": reference, "files": sum(each.files for each in found)}


def _contents(found: Sequence[FileRecord], definition: Definition, intake_id: int) -> Contents:
    return Contents(
        figures=figures(found),
        marks=marks_by_point(each.marks for each in found if each.marks is not None),
        offers=queries.offers_by_state(intake_id),
        stipends=queries.stipends_by_month(intake_id),
        line=queries.line_of(intake_id),
        company_seats=queries.seats_by_company(intake_id),
        **queries.names_of(definition, intake_id),
    )
