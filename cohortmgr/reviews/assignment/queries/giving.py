"""Reading what an assignment needs: what files lack, who holds them, and how far the worker is with a large intake."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.interests import queries as interests
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import from_json
from cohortmgr.jobs.models import Job
from cohortmgr.programmes.definition.rules import IntakeState
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews.assignment.acquaintance import SayingKind
from cohortmgr.reviews.assignment.anchoring import Agreement, agreement_on
from cohortmgr.reviews.assignment.fitness import FileSubject, unfit
from cohortmgr.reviews.assignment.models import ReaderLimit
from cohortmgr.reviews.assignment.pairing import ReaderPair
from cohortmgr.reviews.assignment.queries import bars
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.phases.queries import in_phase
from cohortmgr.reviews.queries import (
    _PEOPLE,
    followed,
    frozen_file,
    of_files,
    reader_in,
    reviewers_in,
    to_read_in,
    visible,
)
from cohortmgr.reviews.rules import (
    HOLDING,
    OPEN,
    Assignment,
    ReviewState,
    is_stranded,
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
        .where(followed(viewer, permission), *closed, *conditions)
        .order_by(Intake.decision_by, Intake.id)
    )
    return {row[0]: row[1] for row in rows if definition_of(row[0]).rubric.ranks}


@dataclass(frozen=True)
class Lack:
    """How many readings a file lacks, and the persons who hold one of it or ever did."""

    number: int
    known: frozenset[int]


def lacking(intake: Intake, wanted: Mapping[int, int]) -> dict[int, Lack]:
    """Return what each of some files lacks of the readings that are wanted of it; none that is to be read no longer."""
    submitted = (Application.state == "submitted", Application.eligible.is_(True))
    rows = db.session.execute(
        sa.select(Application.id, Review.reviewer_id, Review.state)
        .outerjoin(Review, sa.and_(Review.application_id == Application.id, of_files(intake)))
        .where(Application.intake_id == intake.id, Application.id.in_(sorted(wanted)), *submitted)
    )
    held: dict[int, dict[int, str]] = defaultdict(dict)
    for number, reviewer, state in rows:
        held[number] |= {reviewer: state} if reviewer else {}
    return {
        number: Lack(wanted[number] - sum(state in HOLDING for state in states.values()), frozenset(states))
        for number, states in held.items()
    }


def assignment_of(intake: Intake, kind: str = ASSIGN) -> Assignment | None:
    """Return the newest assignment that was asked of the worker in an intake; None if there was none. `kind` is that of
    the job that gives readings out."""
    asked = (Job.institution_id == intake.institution_id, Job.kind == kind)
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


def files_to_read(intake: Intake, numbers: Collection[str] | None = None) -> Sequence[Any]:
    """Return (id, number, person_id) of the files that are to be read, of those with some numbers or of all: they were
    sent, meet the conditions, and went on from what comes before they are read."""
    return db.session.execute(
        sa.select(Application.id, Application.number, Application.person_id)
        .where(Application.intake_id == intake.id, Application.state == "submitted")
        .where(Application.eligible.is_(True), *_among(numbers))
        .where(*in_phase(intake, definition_of(intake).rubric.files.key))
        .order_by(Application.number)
    ).all()


def held_in(intake: Intake, numbers: Collection[str] | None = None) -> Sequence[Any]:
    """Return (number, reviewer's reference, state, id) of the readings of an intake, of the files with some numbers or
    of all."""
    return db.session.execute(
        sa.select(Application.number, Person.reference, Review.state, Review.id)
        .join(Application, Application.id == Review.application_id)
        .join(Person, Person.id == Review.reviewer_id)
        .where(Review.intake_id == intake.id, of_files(intake), *_among(numbers))
    ).all()


def _among(numbers: Collection[str] | None) -> list[sa.ColumnElement[bool]]:
    return [] if numbers is None else [Application.number.in_(sorted(numbers))]


@dataclass(frozen=True)
class ReadingStanding:
    """How the reading of an intake stands: the ids of its files by number, and of who may read in it by reference; who
    holds or read a file, and who must not (reference, number); the numbers of files with a reading that is not handed
    in; how many files somebody has at most; the readings to take back from who may read no longer, by id with their
    state; languages and fields, where somebody does not read them all, and who is not given what for that."""

    files: Mapping[str, int]
    people: Mapping[str, int]
    done: Mapping[str, Collection[str]]
    barred: Collection[tuple[str, str]]
    awaited: Collection[str]
    limits: Mapping[str, int]
    stranded: Mapping[int, str]
    loads: Mapping[str, int]
    subjects: Mapping[str, FileSubject]
    unfit: Collection[tuple[str, str]]

    @cached_property
    def closed(self) -> Collection[ReaderPair]:
        """Whom no file is given when files are shared out: who must not read it, and who reads neither its language nor
        its field."""
        return {*self.barred, *self.unfit} if self.unfit else self.barred


def standing_in(intake: Intake, numbers: Collection[str] | None = None) -> ReadingStanding:
    """Return how the reading of an intake stands; of the files with some numbers alone, it is found in as many rows as
    these have readings, and `loads` says how many other files somebody holds."""
    able, held = reviewers_in(intake.path), held_in(intake, numbers)
    concerned = interests.concerned_in(intake, with_holders(able, held))
    people = {person.reference: person.person_id for person in able if person.reference not in concerned}
    done: dict[str, set[str]] = defaultdict(set)
    words = bars.words_in(intake, list(SayingKind))
    known = bars.barred_pairs(intake, numbers, words=words)
    barred = set(known)
    awaited: set[str] = set()
    stranded: dict[int, str] = {}
    marked = marked_by(concerned, held)
    for row in held:
        gone = row.id in marked or is_stranded(row.state, row.reference, people)
        gone = gone or (row.state in OPEN and (row.reference, row.number) in known)
        if gone:
            stranded[row.id] = row.state
        if row.state in HOLDING and not gone:
            done[row.number].add(row.reference)
            if row.state in OPEN:
                awaited.add(row.number)
        else:
            barred.add((row.reference, row.number))
    files = {row.number: row.id for row in files_to_read(intake, numbers)}
    loads = {} if numbers is None else _loads_beside(intake, numbers)
    scopes = bars.scopes_of(words)
    subjects = bars.subjects_of(intake, numbers) if scopes else {}
    rest = (_limits_in(intake), stranded, loads, subjects, unfit(subjects, scopes))
    return ReadingStanding(files, people, done, barred, awaited, *rest)


def _loads_beside(intake: Intake, numbers: Collection[str]) -> dict[str, int]:
    """How many files of an intake each reader holds besides those with these numbers, by the reader's reference."""
    rows = sa.select(Person.reference, sa.func.count()).join(Review, Review.reviewer_id == Person.id)
    rows = rows.join(Application, Application.id == Review.application_id)
    rows = rows.where(
        Review.intake_id == intake.id, of_files(intake), Application.number.not_in(sorted(numbers))
    )
    holds = Review.state.in_([state.value for state in HOLDING])
    return {row[0]: row[1] for row in db.session.execute(rows.where(holds).group_by(Person.reference))}


def number_of(review: Review) -> str:
    """Return the number of the file of a reading."""
    return db.session.get_one(Application, review.application_id).number


def stranded_rows(stranded: Mapping[int, str]) -> Sequence[Any]:
    """Return (id, number, day) of those of some readings whose file is to be read and rests on no decision."""
    if not stranded:
        return []
    rows = sa.select(Review.id, Application.number, Review.due_on)
    rows = rows.join(Application, Application.id == Review.application_id)
    rows = rows.where(Review.id.in_(sorted(stranded)), Application.state == "submitted", ~frozen_file())
    read = rows.where(Application.eligible.is_(True)).order_by(Application.number, Review.id)
    return db.session.execute(read).all()


def intakes_left() -> Sequence[Intake]:
    """Return the intakes in which something is open with somebody who may not read it, or no longer; none that is
    archived. Three statements and a few more for each intake where people read now."""
    waits = Review.state.in_([state.value for state in OPEN])
    pairs = sa.select(Review.intake_id, Review.reviewer_id, Review.phase).where(waits).distinct()
    holders: dict[int, set[tuple[int, str]]] = defaultdict(set)
    for intake_id, reader_id, phase in db.session.execute(pairs):
        holders[intake_id].add((reader_id, phase))
    alive = (Intake.id.in_(sorted(holders)), Intake.state != IntakeState.ARCHIVED.value)
    found = []
    for intake in db.session.scalars(sa.select(Intake).where(*alive).order_by(Intake.id)).all():
        able = reviewers_in(intake.path)
        concerned = interests.concerned_in(intake, able)
        able_ids = {row.person_id for row in able if row.reference not in concerned}
        key = definition_of(intake).rubric.files.key
        reading = {reader_id for reader_id, phase in holders[intake.id] if phase == key}
        if reading - able_ids or bars.has_open_barred(intake):
            found.append(intake)
    return found


def _limits_in(intake: Intake) -> dict[str, int]:
    rows = sa.select(Person.reference, ReaderLimit.most_files).join(
        Person, Person.id == ReaderLimit.reader_id
    )
    return {row[0]: row[1] for row in db.session.execute(rows.where(ReaderLimit.intake_id == intake.id))}


def limit_of(intake: Intake, reader_id: int) -> ReaderLimit | None:
    """Return how many files of an intake a reader has at most; None without a limit."""
    mine = (ReaderLimit.intake_id == intake.id, ReaderLimit.reader_id == reader_id)
    return db.session.scalar(sa.select(ReaderLimit).where(*mine))


def reviewer_or_reader(intake: Intake, reference: str) -> Person:
    """Return the person with this reference who may read files of the intake, or has. Raises NotFound."""
    able = {row.reference: row.person_id for row in reviewers_in(intake.path)}
    if reference in able:
        return db.session.get_one(Person, able[reference])
    return reader_in(intake, reference)


def recalled_from(intake: Intake, reader_id: int) -> set[str]:
    """Return the numbers of the files that were taken back from a reader."""
    rows = sa.select(Application.number).join(Review, Review.application_id == Application.id)
    mine = (Review.intake_id == intake.id, Review.reviewer_id == reader_id, of_files(intake))
    return set(db.session.scalars(rows.where(*mine, Review.state == ReviewState.RECALLED.value)))


def anchors_in(intake: Intake) -> Sequence[str]:
    """Return the numbers of the files that everybody is to read, sorted; none before they are given out."""
    rows = sa.select(Application.number).join(Review, Review.application_id == Application.id)
    rows = rows.where(Review.intake_id == intake.id, of_files(intake), Review.anchor.is_(True))
    rows = rows.where(Application.state == "submitted", Application.eligible.is_(True)).distinct()
    return db.session.scalars(rows.order_by(Application.number)).all()


def agreement_in(viewer: Viewer, intake: Intake) -> Agreement:
    """Return how far readers agree on the files that everybody reads, by the readings that the viewer may see: whoever
    reads too sees no mark of a file before their own is handed in. Three statements."""
    anchors = anchors_in(intake)
    rows = sa.select(Application.number, Person.reference, Person.given_name, Person.family_name)
    rows = rows.add_columns(Review.total_thousandths).select_from(Review)
    rows = rows.join(Application, Application.id == Review.application_id)
    rows = rows.join(Person, Person.id == Review.reviewer_id).where(Review.intake_id == intake.id)
    rows = rows.where(of_files(intake))
    counts = (Review.state == ReviewState.SUBMITTED.value, Review.total_thousandths.is_not(None))
    seen = Review.id.in_(visible(viewer).with_only_columns(Review.id))
    found = (
        db.session.execute(rows.where(Application.number.in_(anchors), *counts, seen)).all()
        if anchors
        else []
    )
    named = [*reviewers_in(intake.path), *found]
    names = {row.reference: f"{row.given_name} {row.family_name}".strip() for row in named}
    totals = [(row.number, row.reference, row.total_thousandths or 0) for row in found]
    return agreement_on(anchors, names, totals)


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
    rows = sa.select(Review.id).join(Application, Application.id == Review.application_id)
    return set(db.session.scalars(rows.where(Review.id.in_(sorted(theirs)), ~frozen_file())))


def open_of(intake: Intake, reader_id: int) -> Sequence[Any]:
    """Return (Review, number) of the readings of files of an intake that wait for this reader, by number."""
    return db.session.execute(
        sa.select(Review, Application.number)
        .join(Application, Application.id == Review.application_id)
        .where(Review.intake_id == intake.id, Review.reviewer_id == reader_id, of_files(intake))
        .where(Review.state.in_([state.value for state in OPEN]), Application.state == "submitted")
        .order_by(Application.number)
    ).all()
