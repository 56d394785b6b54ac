"""Reading what an assignment needs: which readings files lack, and how far the worker is with a large intake."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.queries.viewers import within
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application, IntakeCount
from cohortmgr.applications.file.rules import HIDDEN
from cohortmgr.base import clock
from cohortmgr.base.db import db, table_of
from cohortmgr.base.errors import from_json
from cohortmgr.jobs.models import Job
from cohortmgr.programmes.definition.rules import IntakeState
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.rules import HOLDING, Assignment

# The worker's job that assigns the files of a large intake.
ASSIGN = "reviews.assign"


def to_read_in(intake_id: Any) -> sa.Select[int]:
    """Select how many files of an intake were sent, may be read and meet the conditions, by the counters."""
    counted = table_of(IntakeCount).c
    of_kind = (counted.state == "submitted", counted.eligible == "yes", counted.consent.not_in(HIDDEN))
    return sa.select(sa.func.sum(counted.files)).where(counted.intake_id == intake_id, *of_kind)


def closed_with_files(
    viewer: Viewer, permission: str, *conditions: sa.ColumnElement[bool]
) -> dict[Intake, int]:
    """Return the intakes with something to read that take files no more, where the viewer holds the permission, each
    with how many files; the one that promised its answers first comes first. One that is archived and has begun its
    training is history, and is not among them. One statement."""
    number = sa.cast(to_read_in(Intake.id).scalar_subquery(), sa.BigInteger)
    begun = sa.and_(Intake.state == IntakeState.ARCHIVED.value, Intake.starts_on <= clock.today())
    closed = (Intake.state != IntakeState.DRAFT.value, Intake.closes_at <= clock.now(), ~begun, number > 0)
    rows = db.session.execute(
        sa.select(Intake, number.label("number"))
        .where(within(viewer, permission, Intake.path), *closed, *conditions)
        .order_by(Intake.decision_by, Intake.id)
    )
    return {row[0]: row[1] for row in rows if definition_of(row[0]).rubric.criteria}


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
