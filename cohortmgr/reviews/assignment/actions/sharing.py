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
from cohortmgr.reviews.assignment.actions.giving import give, intake_locked, require_to_come, take_back
from cohortmgr.reviews.assignment.anchoring import anchor_pairs, anchors_of
from cohortmgr.reviews.assignment.flow import Shortage
from cohortmgr.reviews.assignment.queries import bars
from cohortmgr.reviews.assignment.queries import giving as assignments
from cohortmgr.reviews.assignment.queries.giving import ASSIGN, ReadingStanding
from cohortmgr.reviews.gaps import queries as gaps
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.rules import (
    ReadingChange,
    ReviewState,
)


@dataclass(frozen=True)
class AssignmentPlan:
    """Who is to read what until when: (number, reader's reference) to add, the files for which that is too little, what
    it was found from, and how many readings each file is to have."""

    intake: Intake
    pairs: Sequence[tuple[str, str]]
    short: Sequence[Shortage]
    standing: ReadingStanding
    wanted: Mapping[str, int]
    due_on: date | None = None
    anchors: Collection[str] = ()
    scarce: Sequence[Problem] = ()

    @property
    def lacks(self) -> list[Problem]:
        """What cannot be met: files that have too few readers, and the languages and fields that too few read."""
        return [flow.short_of(self.short), *self.scarce] if self.short else []


@dataclass(frozen=True)
class GivenReadings:
    """How many readings were given, and which files lack some yet, for nobody else may read them, told by `lacks`."""

    added: int
    short: Sequence[Shortage] = ()
    lacks: Sequence[Problem] = ()


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
        give_planned(viewer, plan, plan.pairs)
    return GivenReadings(len(plan.pairs), plan.short, plan.lacks)


def ask_assignment(
    viewer: Viewer,
    intake_reference: str,
    due_on: date | None = None,
    *,
    anchors: bool = False,
    apart: bool = False,
) -> None:
    """Ask the worker to do `assign`, for an intake of many files; with `apart`, `ask_more` of all that differ. While it
    does, nothing more is asked of it."""
    intake = intake_locked(viewer, intake_reference)
    require_to_come(viewer, intake, due_on)
    known = assignments.assignment_of(intake)
    if known is None or not known.is_under_way:
        payload: dict[str, Any] = {
            "intake": intake.reference,
            "by": viewer.reference,
            "anchors": anchors,
            "apart": apart,
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
    queries.require_unconcerned(viewer, intake)
    return _plan(intake, None, due_on, anchors=anchors)


def plan_apart(viewer: Viewer, intake_reference: str, due_on: date | None = None) -> AssignmentPlan:
    """Say which readings `ask_more` would add of all files whose readings differ too much. Nothing is changed."""
    intake = programmes.get_intake(intake_reference)
    require(viewer, "reviews.assign", intake.path)
    queries.require_unconcerned(viewer, intake)
    phase, standing = programmes.definition_of(intake).rubric.files, assignments.standing_in(intake)
    return _one_more(intake, standing, gaps.apart_in(intake, phase), due_on)


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
        standing.files, able, standing.closed, intake.reference, phase.anchor_files
    )
    first = anchor_pairs(chosen, able, standing.closed, standing.done, standing.limits)
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
    given = (standing.done, standing.limits)
    try:
        shares = flow.assign(wanted, chosen, standing.closed, intake.reference, *given)
    except Refused as refusal:
        lacking = [file for file, number in wanted.items() if number > len(standing.done.get(file, ()))]
        named = bars.scarce(intake, lacking, standing.subjects, chosen)
        raise Refused(*refusal.problems, *named) from None
    short = [each.file for each in shares.short]
    scarce = bars.scarce(intake, short, standing.subjects, chosen)
    return AssignmentPlan(intake, shares.pairs, shares.short, standing, wanted, due_on, scarce=scarce)


def ask_more(
    viewer: Viewer, intake_reference: str, number: str | None = None, due_on: date | None = None
) -> GivenReadings:
    """Ask one more reading of a file; without a number, of every file whose readings differ by more than the programme
    allows. One that waits for a reading already is left out, and so is one that has all that it may have."""
    intake = intake_locked(viewer, intake_reference)
    require_to_come(viewer, intake, due_on)
    phase, standing = programmes.definition_of(intake).rubric.files, assignments.standing_in(intake)
    if number is None:
        asked = gaps.apart_in(intake, phase)
    else:
        asked = [number.strip()]
        _require_open_to_more(standing, asked[0], phase)
    plan = _one_more(intake, standing, asked, due_on)
    if plan.pairs:
        give_planned(viewer, plan, plan.pairs)
    return GivenReadings(len(plan.pairs), plan.short, plan.lacks)


def _one_more(
    intake: Intake, standing: ReadingStanding, asked: Collection[str], due_on: date | None
) -> AssignmentPlan:
    wanted = {
        each: len(standing.done[each]) + 1
        for each in asked
        if each in standing.files and each in standing.done
    }
    if not wanted:
        return AssignmentPlan(intake, (), (), standing, {}, due_on)
    return _planned(intake, standing, wanted, due_on=due_on)


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
    able = {row.reference for row in queries.reviewers_in(intake.path)}
    files, people = plan.standing.files, plan.standing.people
    numbers = {number for number, _ in pairs}
    barred, anchors = bars.barred_pairs(intake, numbers), set(plan.anchors)
    # An anchor that no reading lacks is wanted as well.
    wanted = {files[number]: plan.wanted.get(number, 0) for number in numbers}
    lacking = assignments.lacking(intake, wanted)
    given, taken = [], Counter[int]()
    for number, name in pairs:
        file, person = files[number], people[name]
        lack = lacking.get(file)
        free = name in able and (name, number) not in barred
        needed = lack is not None and (lack.number > taken[file] or number in anchors)
        if free and lack and needed and person not in lack.known:
            taken[file] += 1
            given.append((number, name))
    if given:
        give_planned(viewer, plan, given)
    return len(given)


def give_planned(viewer: Viewer, plan: AssignmentPlan, pairs: Sequence[tuple[str, str]]) -> None:
    """Write readings that were planned under the intake's lock, in this transaction, and one event of the trail."""
    require(viewer, "reviews.assign", plan.intake.path)
    files, people = plan.standing.files, plan.standing.people
    anchors = {files[number] for number in plan.anchors if number in files}
    rows = [(files[number], people[name]) for number, name in pairs]
    give(viewer, plan.intake, rows, plan.due_on, anchors)
    after: dict[str, Any] = {"readings": [list(pair) for pair in pairs]}
    if plan.due_on is not None:
        after["due"] = plan.due_on.isoformat()
    record(viewer, "reviews.assign", about(plan.intake), after=after)


def release(viewer: Viewer, stranded: Mapping[int, str]) -> None:
    """Take readings back from people who may read no longer: none abstained, so that each file may be given to them
    again once they may read. What they had noted stays on record. One that somebody changed since it was found so
    stays."""
    taken = sa.select(Review).where(Review.id.in_(stranded)).order_by(Review.id).with_for_update()
    for review in db.session.scalars(taken.execution_options(populate_existing=True)):
        if review.state != stranded[review.id]:
            continue
        take_back(viewer, review, ReviewState.RECALLED, ReadingChange.RELEASED)
    db.session.flush()
