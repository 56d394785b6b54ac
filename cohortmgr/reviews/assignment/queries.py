"""Reading what an assignment needs: what files lack, who holds them, and how far the worker is with a large intake."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.queries.viewers import within
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import from_json
from cohortmgr.jobs.models import Job
from cohortmgr.programmes.definition.rules import IntakeState
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews import hooks
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.queries import _PEOPLE, to_read_in
from cohortmgr.reviews.rules import (
    HOLDING,
    OPEN,
    Assignment,
    ReviewState,
)

# The worker's job that assigns the files of a large intake.
ASSIGN = "reviews.assign"


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
    result = row.result or {}
    problems = tuple(map(from_json, result.get("problems", ())))
    return Assignment(row.state, row.percent, problems, "added" in result)


def files_to_read(intake: Intake) -> Sequence[Any]:
    """Return (id, number, person_id) of the files that were sent and meet the conditions."""
    return db.session.execute(
        sa.select(Application.id, Application.number, Application.person_id)
        .where(Application.intake_id == intake.id, Application.state == "submitted")
        .where(Application.eligible.is_(True))
        .order_by(Application.number)
    ).all()


def held_in(intake: Intake) -> Sequence[Any]:
    """Return (number, reviewer's reference, state, id) of every reading of an intake."""
    return db.session.execute(
        sa.select(Application.number, Person.reference, Review.state, Review.id)
        .join(Application, Application.id == Review.application_id)
        .join(Person, Person.id == Review.reviewer_id)
        .where(Review.intake_id == intake.id)
    ).all()


def with_holders(people: Sequence[Any], held: Sequence[Any]) -> Sequence[Any]:
    """Return rows as `reviewers_in` does, with those of other persons who hold readings; no statement without any."""
    others = {row.reference for row in held} - {row.reference for row in people}
    if not others:
        return people
    return [*people, *db.session.execute(_PEOPLE.where(Person.reference.in_(sorted(others)))).all()]


def marked_by(readers: Collection[str], held: Sequence[Any]) -> set[int]:
    """Return the ids of readings that these persons handed in, and on which no decision rests. `held` is as of
    `held_in`."""
    theirs = {row.id: row for row in held if row.reference in readers and row.state == ReviewState.SUBMITTED}
    if not theirs:
        return set()
    rows = sa.select(Review.id, Application).join(Application, Application.id == Review.application_id)
    rows = rows.where(Review.id.in_(sorted(theirs)))
    return {number for number, file in db.session.execute(rows) if not any(hooks.frozen(file))}


def open_of(intake: Intake, reader_id: int) -> Sequence[Any]:
    """Return (Review, number) of the readings of an intake that wait for this reader, by number."""
    return db.session.execute(
        sa.select(Review, Application.number)
        .join(Application, Application.id == Review.application_id)
        .where(Review.intake_id == intake.id, Review.reviewer_id == reader_id)
        .where(Review.state.in_([state.value for state in OPEN]), Application.state == "submitted")
        .order_by(Application.number)
    ).all()
