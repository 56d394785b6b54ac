"""Acts that give files to readers and take them back."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.interests import queries as interests
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db, table_of
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.text import new_reference
from cohortmgr.jobs.actions.queue import request
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews import queries
from cohortmgr.reviews.assignment import flow
from cohortmgr.reviews.assignment import queries as assignments
from cohortmgr.reviews.assignment.flow import Shortage
from cohortmgr.reviews.assignment.queries import ASSIGN
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.rules import (
    HOLDING,
    LONGEST_COMMENT,
    REVIEW_STATES,
    ReviewState,
    is_stranded,
)

_CONCERNED = N_(
    "Conflit d’intérêts : cette personne est candidate à cette campagne, ou un enfant dont elle répond, ou elle y "
    "représente une entreprise. Choisissez quelqu’un d’autre, ou remettez les dossiers au partage."
)


@dataclass(frozen=True)
class AssignmentPlan:
    """Who is to read what: (number, reader's reference) to add, the files for which that is too little, the ids of
    files and persons, and the readings to take back, by id with the state in which they were found."""

    intake: Intake
    pairs: Sequence[tuple[str, str]]
    short: Sequence[Shortage]
    files: Mapping[str, int]
    people: Mapping[str, int]
    stranded: Mapping[int, str]


@dataclass(frozen=True)
class GivenReadings:
    """How many readings were given, and which files lack some yet, for nobody else may read them."""

    added: int
    short: Sequence[Shortage] = ()


def assign(viewer: Viewer, intake_reference: str, reviewers: Collection[str] | None = None) -> GivenReadings:
    """Give every eligible file that was sent the readers that it still lacks.

    `reviewers` are references of persons; None means all reviewers of the programme. Nobody with an interest in the
    intake reads any of its files, and nobody one that they abstained from. What is with somebody who may not read goes
    to others, their marks too, unless a decision rests on them. A second call adds nothing. Equals are told apart by
    lots drawn from the intake's reference. Refused if there is nobody to give anything to.
    """
    intake = programmes.get_intake(intake_reference)
    require(viewer, "reviews.assign", intake.path)
    _lock(intake)  # two calls at once queue here, so that the second sees what the first assigned
    plan = _plan(intake, reviewers)
    if plan.stranded:
        release(viewer, plan.stranded)
    if plan.pairs:
        _give(viewer, plan, plan.pairs)
    return GivenReadings(len(plan.pairs), plan.short)


def ask_assignment(viewer: Viewer, intake_reference: str) -> None:
    """Ask the worker to do `assign`, for an intake of many files. While it does, nothing more is asked of it."""
    intake = programmes.get_intake(intake_reference)
    require(viewer, "reviews.assign", intake.path)
    _lock(intake)
    known = assignments.assignment_of(intake)
    if known is None or not known.is_under_way:
        payload = {"intake": intake.reference, "by": viewer.reference}
        request(viewer, ASSIGN, payload, intake.institution_id)


def plan_assignment(viewer: Viewer, intake_reference: str) -> AssignmentPlan:
    """Say which readings `assign` would add and take back. Nothing is changed."""
    intake = programmes.get_intake(intake_reference)
    require(viewer, "reviews.assign", intake.path)
    return _plan(intake, None)


def _plan(intake: Intake, reviewers: Collection[str] | None) -> AssignmentPlan:
    readings = programmes.definition_of(intake).rubric.readings
    able, held = queries.reviewers_in(intake.path), assignments.held_in(intake)
    concerned = interests.concerned_in(intake, assignments.with_holders(able, held))
    people = {person.reference: person.person_id for person in able if person.reference not in concerned}
    chosen = sorted(people if reviewers is None else people.keys() & set(reviewers))
    files = {row.number: row.id for row in assignments.files_to_read(intake)}
    done: dict[str, set[str]] = defaultdict(set)
    barred: set[tuple[str, str]] = set()
    stranded: dict[int, str] = {}
    marked = assignments.marked_by(concerned, held)
    for row in held:
        gone = row.id in marked or is_stranded(row.state, row.reference, people)
        if gone:
            stranded[row.id] = row.state
        if row.state in HOLDING and not gone:
            done[row.number].add(row.reference)
        else:
            barred.add((row.reference, row.number))
    shares = flow.assign(dict.fromkeys(files, readings), chosen, barred, intake.reference, done)
    return AssignmentPlan(intake, shares.pairs, shares.short, files, people, stranded)


def give_some(viewer: Viewer, plan: AssignmentPlan, pairs: Sequence[tuple[str, str]]) -> int:
    """Give some of the planned readings, as far as they still hold: files are withdrawn meanwhile, given to somebody by
    hand, and roles end. Returns how many were given."""
    require(viewer, "reviews.assign", plan.intake.path)
    _lock(plan.intake)
    readings = programmes.definition_of(plan.intake).rubric.readings
    able = {row.reference for row in queries.reviewers_in(plan.intake.path)}
    lacking = assignments.lacking(plan.intake, {plan.files[number] for number, _ in pairs}, readings)
    given, taken = [], Counter[int]()
    for number, name in pairs:
        file, person = plan.files[number], plan.people[name]
        lack = lacking.get(file)
        if lack and lack.number > taken[file] and name in able and person not in lack.known:
            taken[file] += 1
            given.append((number, name))
    if given:
        _give(viewer, plan, given)
    return len(given)


def _give(viewer: Viewer, plan: AssignmentPlan, pairs: Sequence[tuple[str, str]]) -> None:
    _insert(plan.intake, [(plan.files[number], plan.people[name]) for number, name in pairs])
    after = {"readings": [list(pair) for pair in pairs]}
    record(viewer, "reviews.assign", about(plan.intake), after=after)


def _lock(intake: Intake) -> None:
    db.session.execute(sa.select(Intake.id).where(Intake.id == intake.id).with_for_update())


def release(viewer: Viewer, stranded: Mapping[int, str]) -> None:
    """Take readings back from people who may read no longer. What they had noted stands in the trail. One that somebody
    changed since it was found so stays."""
    taken = sa.select(Review).where(Review.id.in_(stranded)).order_by(Review.id).with_for_update()
    for review in db.session.scalars(taken.execution_options(populate_existing=True)):
        if review.state != stranded[review.id]:
            continue
        before = {"state": review.state, "scores": review.scores}
        review.state, review.abstained_because = ReviewState.ABSTAINED.value, ""
        review.scores, review.total_thousandths = {}, None
        record(viewer, "reviews.release", about(review), before=before, after={"state": review.state})
    db.session.flush()


def _insert(intake: Intake, pairs: list[tuple[int, int]]) -> None:
    moment = clock.now()
    rows = [
        {
            "reference": new_reference(),
            "institution_id": intake.institution_id,
            "application_id": application_id,
            "intake_id": intake.id,
            "reviewer_id": reviewer_id,
            "state": ReviewState.ASSIGNED.value,
            "scores": {},
            "comment": "",
            "abstained_because": "",
            "assigned_at": moment,
            "version": 1,
        }
        for application_id, reviewer_id in pairs
    ]
    db.session.execute(sa.insert(table_of(Review)), rows)


def recall(
    viewer: Viewer, intake_reference: str, reader: str, reason: str, to: str | None = None
) -> tuple[int, int]:
    """Take back all files that wait for a reader: for the pool, or for the reviewer whose reference is `to`.

    Returns how many were taken back, and how many of these went to that reviewer: those that they hold or gave back
    stay in the pool, which `assign` shares out. What was handed in stays. For a reader who is silent, absent or
    suspended, or whose role has ended. Doing it again finds nothing to take back. Refused if that reviewer has an
    interest in the intake.
    """
    intake = programmes.get_intake(intake_reference)
    require(viewer, "reviews.assign", intake.path)
    _lock(intake)
    reason = reason.strip()[:LONGEST_COMMENT]
    if not reason:
        raise Refused(Problem(N_("Écrivez le motif : il explique cet acte plus tard."), {}, "reason"))
    person, taker = queries.reader_in(intake, reader), _taker(intake, reader, to)
    rows = assignments.open_of(intake, person.id)
    for row in rows:
        REVIEW_STATES.move(row.Review.state, ReviewState.RECALLED)
        row.Review.state, row.Review.abstained_because = ReviewState.RECALLED.value, reason
        row.Review.scores, row.Review.total_thousandths = {}, None
    db.session.flush()
    given = _hand_over(intake, {row.number: row.Review.application_id for row in rows}, taker)
    if rows:
        after = {
            "from": reader,
            "to": to,
            "reason": reason,
            "files": [row.number for row in rows],
            "given": given,
        }
        record(viewer, "reviews.recall", about(intake), after=after)
    return len(rows), len(given)


def _taker(intake: Intake, reader: str, to: str | None) -> Any:
    """Return the row of the reviewer who is to read instead; None for the pool. Refused for anybody else."""
    if not to:
        return None
    found = [row for row in queries.reviewers_in(intake.path) if row.reference == to != reader]
    if not found:
        raise Refused(Problem(N_("Choisissez une autre personne, qui évalue dans ce programme."), {}, "to"))
    if interests.concerned_in(intake, found):
        raise Refused(Problem(_CONCERNED, {}, "to"))
    return found[0]


def _hand_over(intake: Intake, files: Mapping[str, int], taker: Any) -> list[str]:
    """Give the files to one reviewer, as far as they may read them. Returns the numbers of those."""
    if taker is None:
        return []
    held = {row.number: row.state for row in assignments.held_in(intake) if row.reference == taker.reference}
    again = [number for number in files if held.get(number) == ReviewState.RECALLED]
    fresh = [number for number in files if number not in held]
    if again:
        taken = sa.update(Review).where(Review.reviewer_id == taker.person_id)
        taken = taken.where(Review.application_id.in_([files[number] for number in again]))
        values = {
            "state": ReviewState.ASSIGNED.value,
            "assigned_at": clock.now(),
            "version": Review.version + 1,
        }
        db.session.execute(taken.values(values).execution_options(synchronize_session="fetch"))
    if fresh:
        _insert(intake, [(files[number], taker.person_id) for number in fresh])
    return sorted([*again, *fresh])
