"""Passing readings on at once: what one person does not read goes to others, without a word from a coordinator."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cohortmgr.accounts.rules import SYSTEM, Viewer, require
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import Refused
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.assignment import flow
from cohortmgr.reviews.assignment.actions.giving import files_locked, give, intake_locked
from cohortmgr.reviews.assignment.actions.sharing import release
from cohortmgr.reviews.assignment.flow import Shares
from cohortmgr.reviews.assignment.pairing import ReaderPair
from cohortmgr.reviews.assignment.queries import giving as assignments
from cohortmgr.reviews.assignment.queries.giving import ReadingStanding
from cohortmgr.reviews.models import Review


def pass_on(
    viewer: Viewer, intake: Intake, left: Mapping[str, int], days: Mapping[str, date | None] | None = None
) -> int:
    """Give files, by number, to as many others as have left them, by the day by which these were to read them if it is
    to come yet. What nobody else may read stays without a reader, and is named when files are next shared out. Returns
    how many readings were given. Of two who give one file back at once the second waits, and finds another person."""
    require(viewer, "reviews.assign", intake.path)
    db.session.flush()
    files_locked(viewer, intake, left)
    standing = assignments.standing_in(intake, left)
    pairs = _found(intake, standing, left).pairs
    _give(viewer, intake, standing, pairs, days or {})
    return len(pairs)


def _found(intake: Intake, standing: ReadingStanding, left: Mapping[str, int]) -> Shares:
    """Who is to read files that lack so many readers, as far as there is anybody."""
    most = programmes.definition_of(intake).rubric.files.most_readings
    wanted = {
        number: min(most, len(standing.done.get(number, ())) + left[number])
        for number in left
        if number in standing.files
    }
    try:
        return flow.assign(
            wanted,
            standing.people.keys(),
            standing.closed,
            intake.reference,
            standing.done,
            standing.limits,
            standing.loads,
        )
    except Refused:
        return Shares((), ())


def _give(
    viewer: Viewer,
    intake: Intake,
    standing: ReadingStanding,
    pairs: Sequence[ReaderPair],
    days: Mapping[str, date | None],
) -> None:
    by_day: dict[date | None, list[ReaderPair]] = defaultdict(list)
    for number, name in pairs:
        day = days.get(number)
        by_day[day if day is not None and day >= clock.today() else None].append((number, name))
    for day, same in by_day.items():
        rows = [(standing.files[number], standing.people[name]) for number, name in same]
        give(viewer, intake, rows, day)
    if pairs:
        after = {"readings": [list(pair) for pair in pairs]}
        record(viewer, "reviews.pass_on", about(intake), after=after)


def pass_on_given_back(viewer: Viewer, review: Review) -> None:
    """Give a file that its reader gave back to somebody else, in the same transaction; an interview has its panel."""
    intake = db.session.get_one(Intake, review.intake_id)
    require(viewer, "reviews.score", intake.path)
    if review.phase != programmes.definition_of(intake).rubric.files.key:
        return
    number = assignments.number_of(review)
    pass_on(SYSTEM, intake, {number: 1}, {number: review.due_on})


@dataclass(frozen=True)
class PassingPlan:
    """Who is to read what is with people who may read it no longer: of each file, by number, the readings to take back,
    by id with their state, and as many others; with the days by which they are due."""

    intake: Intake
    standing: ReadingStanding
    moves: Mapping[str, Sequence[tuple[int, str]]]
    days: Mapping[str, date | None]


def plan_stranded(viewer: Viewer, intake_reference: str) -> PassingPlan:
    """Find others for what is with people who may read it no longer, as far as there are any. Nothing is changed."""
    intake = programmes.get_intake(intake_reference)
    require(viewer, "reviews.assign", intake.path)
    standing = assignments.standing_in(intake)
    rows = assignments.stranded_rows(standing.stranded)
    left = Counter(row.number for row in rows)
    moves: dict[str, list[tuple[int, str]]] = defaultdict(list)
    stranded = defaultdict[str, list[int]](list)
    for row in rows:
        stranded[row.number].append(row.id)
    for number, name in _found(intake, standing, left).pairs if left else ():
        moves[number].append((stranded[number].pop(0), name))
    return PassingPlan(intake, standing, dict(moves), {row.number: row.due_on for row in rows})


def pass_some(viewer: Viewer, plan: PassingPlan, numbers: Sequence[str]) -> int:
    """Do what is planned for some files, as far as it still holds: readings are handed in meanwhile, files withdrawn,
    roles end and come back. What nobody else may read stays where it is: its reader may come back, and somebody may be
    invited. Returns how many readings were given."""
    intake = intake_locked(viewer, plan.intake.reference)
    files_locked(viewer, intake, numbers)
    standing = assignments.standing_in(intake, numbers)
    passed, pairs = dict[int, str](), list[ReaderPair]()
    for number in numbers:
        for reading, name in plan.moves[number]:
            free = name in standing.people and name not in standing.done.get(number, ())
            if free and number in standing.files and (name, number) not in standing.closed:
                state = standing.stranded.get(reading)
                if state is not None and state == plan.standing.stranded[reading]:
                    passed[reading] = state
                    pairs.append((number, name))
    _give(viewer, intake, standing, pairs, plan.days)
    release(viewer, passed)
    return len(pairs)
