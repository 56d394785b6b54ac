"""Keeping harmonised marks: asking the worker for those of an intake, and writing what it found of a phase."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.base.db import append, db, table_of
from cohortmgr.base.text import new_reference
from cohortmgr.jobs.actions import keeping
from cohortmgr.jobs.actions.keeping import ResultWanted
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.harmonising.models import Harmonisation, HarmonisedFile
from cohortmgr.reviews.harmonising.queries import harmonisation_of
from cohortmgr.reviews.jury.queries.kept import KIND
from cohortmgr.reviews.jury.rules import HarmonisedPhase

# How many rows are written by one statement.
CHUNK = 1_000
_FILES = table_of(HarmonisedFile)


def ask(viewer: Viewer, intake: Intake) -> None:
    """Ask the worker to harmonise the phases of an intake, unless that is asked for already or was a moment ago."""
    require(viewer, "reviews.read", intake.path)
    keeping.ask(viewer, _wanted(intake), {"intake": intake.reference})


def keep(
    viewer: Viewer,
    intake: Intake,
    key: str,
    found: HarmonisedPhase,
    ids: Mapping[str, int],
    read_at: datetime,
) -> None:
    """Keep what was found of a phase instead of what was kept before, with the rows of its files; `read_at` is when its
    marks were read: what is handed in from then on is not in it. Two who do so at once queue at the intake's kept
    result."""
    require(viewer, "reviews.read", intake.path)
    keeping.keep(viewer, _wanted(intake), {})
    row = harmonisation_of(intake.id, key)
    if row is None:
        row = Harmonisation(
            reference=new_reference(), institution_id=intake.institution_id, intake_id=intake.id, phase=key
        )
        db.session.add(row)
    row.made_at, row.digest, row.seats = read_at, found.digest, found.seats
    row.formulas, row.figures = found.formulas, found.figures
    db.session.flush()
    db.session.execute(sa.delete(_FILES).where(_FILES.c.harmonisation_id == row.id))
    common = {"harmonisation_id": row.id, "institution_id": intake.institution_id}
    rows: list[dict[str, Any]] = [
        {**common, "application_id": ids[number], **asdict(outcome)}
        for number, outcome in found.files.items()
        if number in ids
    ]
    for start in range(0, len(rows), CHUNK):
        append(db.session, HarmonisedFile, rows[start : start + CHUNK])


def hold(viewer: Viewer, intake: Intake, key: str, stamp: str) -> None:
    """Keep that what was found of a settled phase stands as it is, by the stamp of today."""
    require(viewer, "reviews.read", intake.path)
    row = harmonisation_of(intake.id, key)
    if row is not None:
        row.figures = {**row.figures, "stamp": stamp}


def forget(viewer: Viewer, intake: Intake, stamp: str, kept: Collection[str]) -> None:
    """Forget what was found of phases in which nobody's reading counts any more, and keep that all others are done.
    `kept` has the keys of those that were found, or are settled."""
    require(viewer, "reviews.read", intake.path)
    keeping.keep(viewer, _wanted(intake), {"stamp": stamp})
    gone = (Harmonisation.intake_id == intake.id, Harmonisation.phase.not_in(sorted(kept)))
    db.session.execute(sa.delete(Harmonisation).where(*gone))


def confirm(viewer: Viewer, intake: Intake, stamp: str) -> None:
    """Keep that what was found still holds, by the stamp of today."""
    require(viewer, "reviews.read", intake.path)
    keeping.keep(viewer, _wanted(intake), {"stamp": stamp})


def _wanted(intake: Intake) -> ResultWanted:
    return ResultWanted(KIND, intake.reference, intake.institution_id)
