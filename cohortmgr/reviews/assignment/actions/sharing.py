"""Giving the files of an intake to its readers, in equal parts, and what is with nobody able to read it to others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.audit.actions import about, record
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.jobs.actions.queue import request
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rules import RubricPhase
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews import queries
from cohortmgr.reviews.assignment import flow
from cohortmgr.reviews.assignment.actions.giving import give, intake_locked, require_to_come
from cohortmgr.reviews.assignment.anchoring import anchor_pairs, anchors_of
from cohortmgr.reviews.assignment.flow import Shortage
from cohortmgr.reviews.assignment.queries import conflicts
from cohortmgr.reviews.assignment.queries import giving as assignments
from cohortmgr.reviews.assignment.queries.giving import ASSIGN, ReadingStanding
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.rules import ReviewState


@dataclass(frozen=True)
class AssignmentPlan:
    """Who is to read what until when: (number, reader's reference) to add, the files for which that is too little, and
    what it was found from."""

    intake: Intake
    pairs: Sequence[tuple[str, str]]
    short: Sequence[Shortage]
    standing: ReadingStanding
    due_on: date | None = None
    anchors: Collection[str] = ()


@dataclass(frozen=True)
class GivenReadings:
    """How many readings were given, and which files lack some yet, for nobody else may read them."""

    added: int
    short: Sequence[Shortage] = ()


def assign(
    viewer: Viewer,
    intake_reference: str,
    reviewers: Collection[str] | None = None,
    due_on: date | None = None,
    *,
    anchors: bool = False,
) -> GivenReadings:
    """Give every eligible file that was sent the readers that it still lacks, to be read by a day if one is given; with
    `anchors`, as many files as the rubric says to everybody who may read them.

    `reviewers` are references of persons; None means all reviewers of the programme. Nobody with an interest in the
    intake reads any of its files, and nobody one that they abstained from. What is with somebody who may not read goes
    to others, their marks too, unless a decision rests on them. A second call adds nothing. Equals are told apart by
    lots drawn from the intake's reference. Refused if there is nobody to give anything to.
    """
    intake = intake_locked(viewer, intake_reference)
    require_to_come(viewer, intake, due_on)
    plan = _plan(intake, reviewers, due_on, anchors=anchors)
    if plan.standing.stranded:
        release(viewer, plan.standing.stranded)
    if plan.pairs:
        _give(viewer, plan, plan.pairs)
    return GivenReadings(len(plan.pairs), plan.short)


def ask_assignment(
    viewer: Viewer, intake_reference: str, due_on: date | None = None, *, anchors: bool = False
) -> None:
    """Ask the worker to do `assign`, for an intake of many files. While it does, nothing more is asked of it."""
    intake = intake_locked(viewer, intake_reference)
    require_to_come(viewer, intake, due_on)
    known = assignments.assignment_of(intake)
    if known is None or not known.is_under_way:
        payload: dict[str, Any] = {
            "intake": intake.reference,
            "by": viewer.reference,
            "anchors": anchors,
        }
        if due_on is not None:
            payload["due_on"] = due_on.isoformat()
        request(viewer, ASSIGN, payload, intake.institution_id)


def plan_assignment(
    viewer: Viewer, intake_reference: str, due_on: date | None = None, *, anchors: bool = False
) -> AssignmentPlan:
    """Say which readings `assign` would add and take back. Nothing is changed."""
    intake = programmes.get_intake(intake_reference)
    require(viewer, "reviews.assign", intake.path)
    return _plan(intake, None, due_on, anchors=anchors)


def _plan(
    intake: Intake, reviewers: Collection[str] | None, due_on: date | None, *, anchors: bool
) -> AssignmentPlan:
    if not programmes.definition_of(intake).rubric.criteria:
        raise Refused(N_("Ce programme ne lit pas de dossiers : sa grille de lecture n’a aucun critère."))
    phase, standing = programmes.definition_of(intake).rubric.files, assignments.standing_in(intake)
    wanted = dict.fromkeys(standing.files, phase.readings)
    if not anchors:
        return _planned(intake, standing, wanted, reviewers, due_on)
    able = standing.people.keys() if reviewers is None else standing.people.keys() & set(reviewers)
    chosen = assignments.anchors_in(intake) or anchors_of(
        standing.files, able, standing.barred, intake.reference, phase.anchor_files
    )
    first = anchor_pairs(chosen, able, standing.barred, standing.done, standing.limits)
    done = {number: set(held) for number, held in standing.done.items()}
    for number, name in first:
        done.setdefault(number, set()).add(name)
    plan = _planned(intake, replace(standing, done=done), wanted, reviewers, due_on)
    return replace(plan, pairs=[*first, *plan.pairs], anchors=chosen)


def _planned(
    intake: Intake,
    standing: ReadingStanding,
    wanted: Mapping[str, int],
    reviewers: Collection[str] | None = None,
    due_on: date | None = None,
) -> AssignmentPlan:
    able = standing.people.keys()
    chosen = sorted(able if reviewers is None else able & set(reviewers))
    shares = flow.assign(wanted, chosen, standing.barred, intake.reference, standing.done, standing.limits)
    return AssignmentPlan(intake, shares.pairs, shares.short, standing, due_on)


def ask_more(
    viewer: Viewer, intake_reference: str, number: str | None = None, due_on: date | None = None
) -> GivenReadings:
    """Ask one more reading of a file; without a number, of every file whose readings differ by more than the programme
    allows. One that waits for a reading already is left out, and so is one that has all that it may have."""
    intake = intake_locked(viewer, intake_reference)
    require_to_come(viewer, intake, due_on)
    phase, standing = programmes.definition_of(intake).rubric.files, assignments.standing_in(intake)
    if number is None:
        asked = assignments.apart_in(intake, phase)
    else:
        asked = [number.strip()]
        _require_open_to_more(standing, asked[0], phase)
    wanted = {
        each: len(standing.done[each]) + 1
        for each in asked
        if each in standing.files and each in standing.done
    }
    if not wanted:
        return GivenReadings(0)
    plan = _planned(intake, standing, wanted, due_on=due_on)
    if plan.pairs:
        _give(viewer, plan, plan.pairs)
    return GivenReadings(len(plan.pairs), plan.short)


def _require_open_to_more(standing: ReadingStanding, number: str, phase: RubricPhase) -> None:
    values = {"number": number, "most": phase.most_readings}
    if number not in standing.files:
        what = N_("Aucun dossier à lire ne porte le numéro %(number)s.")
    elif len(standing.done.get(number, ())) < phase.readings or number in standing.awaited:
        what = N_(
            "Le dossier %(number)s attend déjà une lecture : demandez-en une autre une fois qu’elle est remise."
        )
    elif len(standing.done[number]) >= phase.most_readings:
        what = N_("Le dossier %(number)s a déjà toutes les lectures que la grille permet : %(most)s.")
    else:
        return
    raise Refused(Problem(what, values, "number"))


def give_some(viewer: Viewer, plan: AssignmentPlan, pairs: Sequence[tuple[str, str]]) -> int:
    """Give some of the planned readings, as far as they still hold: files are withdrawn meanwhile, given to somebody by
    hand, and roles end. Returns how many were given."""
    intake = intake_locked(viewer, plan.intake.reference)
    readings = programmes.definition_of(intake).rubric.readings
    able = {row.reference for row in queries.reviewers_in(intake.path)}
    files, people = plan.standing.files, plan.standing.people
    barred, anchors = conflicts.barred_ids(intake), set(plan.anchors)
    lacking = assignments.lacking(intake, {files[number] for number, _ in pairs}, readings)
    given, taken = [], Counter[int]()
    for number, name in pairs:
        file, person = files[number], people[name]
        lack = lacking.get(file)
        free = name in able and (file, person) not in barred
        needed = lack is not None and (lack.number > taken[file] or number in anchors)
        if free and lack and needed and person not in lack.known:
            taken[file] += 1
            given.append((number, name))
    if given:
        _give(viewer, plan, given)
    return len(given)


def _give(viewer: Viewer, plan: AssignmentPlan, pairs: Sequence[tuple[str, str]]) -> None:
    files, people = plan.standing.files, plan.standing.people
    anchors = {files[number] for number in plan.anchors if number in files}
    rows = [(files[number], people[name]) for number, name in pairs]
    give(viewer, plan.intake, rows, plan.due_on, anchors)
    after: dict[str, Any] = {"readings": [list(pair) for pair in pairs]}
    if plan.due_on is not None:
        after["due"] = plan.due_on.isoformat()
    record(viewer, "reviews.assign", about(plan.intake), after=after)


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
