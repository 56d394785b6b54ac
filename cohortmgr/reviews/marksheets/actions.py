"""Acts on a sheet of marks: keeping what was read until its reader has looked at it, and taking its rows."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Refused
from cohortmgr.base.text import new_reference
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews import queries
from cohortmgr.reviews.marksheets import queries as sheets
from cohortmgr.reviews.marksheets.models import Marksheet
from cohortmgr.reviews.marksheets.rules import KeptRow, MarkedRow, as_kept, from_kept
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.rules import rubric_mark

_GONE = N_(
    "Cette feuille n’attend plus : une autre a été donnée depuis, ou un jour a passé. Rien n’en est repris ; donnez-la "
    "de nouveau."
)


def keep_sheet(viewer: Viewer, intake: Intake, rows: Sequence[MarkedRow]) -> Marksheet:
    """Keep the rows of a sheet that may be taken, instead of those of the sheet that was looked at before."""
    require(viewer, "reviews.score", intake.path)
    sheet = sheets.sheet_of(viewer, intake, lock=True)
    mark = rubric_mark(definition_of(intake).rubric.files)
    if sheet is None:
        sheet = Marksheet(
            institution_id=intake.institution_id, intake_id=intake.id, reader_id=viewer.person_id
        )
        db.session.add(sheet)
    # Another reference: the page of the sheet before is told that it waits no longer.
    sheet.reference, sheet.at, sheet.rows = new_reference(), clock.now(), as_kept(rows, mark)
    return sheet


def rows_of(viewer: Viewer, intake: Intake, reference: str) -> list[KeptRow]:
    """Return the rows of the sheet with this reference. Raises Refused if it waits no longer."""
    require(viewer, "reviews.score", intake.path)
    sheet = sheets.sheet_of(viewer, intake)
    if sheet is None or sheet.reference != reference:
        raise Refused(_GONE)
    return from_kept(sheet.rows)


def take(viewer: Viewer, row: KeptRow, *, hand_in: bool) -> Review:
    """Take the marks of a row: handed in if they are complete and that is wanted, else kept.

    Raises Stale if the reading was changed after the sheet was looked at, and Refused if the rubric was."""
    flag = queries.get_for(viewer, row.reading).to_discuss
    said = (viewer, row.reading, row.scores, row.comment)
    keep = reading.score if hand_in and row.is_whole else reading.draft
    return keep(*said, version=row.version, to_discuss=flag, rubric=row.rubric)


def forget_old(viewer: Viewer) -> None:
    """Forget the sheets about which nobody said a word for a day."""
    db.session.execute(sa.delete(Marksheet).where(sheets.outlived()))
