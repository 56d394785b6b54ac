"""Reading what an assignment needs: which readings files lack, and how far the worker is with a large intake."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db
from cohortmgr.base.errors import from_json
from cohortmgr.jobs.models import Job
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.rules import HOLDING, Assignment

# The worker's job that assigns the files of a large intake.
ASSIGN = "reviews.assign"


@dataclass(frozen=True)
class Lack:
    """How many readings a file lacks, and the persons who hold one of it or ever did."""

    number: int
    known: frozenset[int]


def lacking(intake: Intake, files: Collection[int], readings: int) -> dict[int, Lack]:
    """Return what each of these files lacks of its readings; none that is to be read no longer."""
    submitted = (Application.state == "submitted", Application.eligible.is_(True))
    rows = db.session.execute(
        sa.select(Application.id, Review.reviewer_id, Review.state)
        .outerjoin(Review, Review.application_id == Application.id)
        .where(Application.intake_id == intake.id, Application.id.in_(files), *submitted)
    )
    held: dict[int, dict[int, str]] = defaultdict(dict)
    for number, reviewer, state in rows:
        held[number] |= {reviewer: state} if reviewer else {}
    return {
        number: Lack(readings - sum(state in HOLDING for state in states.values()), frozenset(states))
        for number, states in held.items()
    }


def assignment_of(intake: Intake) -> Assignment | None:
    """Return the newest assignment that was asked of the worker in an intake; None if there was none."""
    asked = (Job.institution_id == intake.institution_id, Job.kind == ASSIGN)
    mine = Job.payload["intake"].as_string() == intake.reference
    newest = (
        sa.select(Job.state, Job.percent, Job.result).where(*asked, mine).order_by(Job.id.desc()).limit(1)
    )
    row = db.session.execute(newest).first()
    if row is None:
        return None
    return Assignment(row.state, row.percent, tuple(map(from_json, (row.result or {}).get("problems", ()))))
