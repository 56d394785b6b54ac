"""Passing readings on at once: what one person does not read goes to others, without a word from a coordinator."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date

from cohortmgr.accounts.rules import SYSTEM, Viewer, require
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import Refused
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.assignment import flow
from cohortmgr.reviews.assignment.actions.giving import give, intake_locked
from cohortmgr.reviews.assignment.actions.sharing import release
from cohortmgr.reviews.assignment.queries import giving as assignments
from cohortmgr.reviews.models import Review


def pass_on(
    viewer: Viewer, intake: Intake, left: Mapping[str, int], days: Mapping[str, date | None] | None = None
) -> int:
    """Give files, by number, to as many others as have left them, by the day by which these were to read them if it is
    to come yet. What nobody else may read stays without a reader, and is named when files are next shared out. Returns
    how many readings were given."""
    require(viewer, "reviews.assign", intake.path)
    db.session.flush()
    standing = assignments.standing_in(intake, left)
    most = programmes.definition_of(intake).rubric.files.most_readings
    wanted = {
        number: min(most, len(standing.done.get(number, ())) + left[number])
        for number in left
        if number in standing.files
    }
    try:
        shares = flow.assign(
            wanted,
            standing.people.keys(),
            standing.barred,
            intake.reference,
            standing.done,
            standing.limits,
            standing.loads,
        )
    except Refused:
        return 0
    by_day: dict[date | None, list[tuple[str, str]]] = defaultdict(list)
    for number, name in shares.pairs:
        day = (days or {}).get(number)
        by_day[day if day is not None and day >= clock.today() else None].append((number, name))
    for day, pairs in by_day.items():
        rows = [(standing.files[number], standing.people[name]) for number, name in pairs]
        give(viewer, intake, rows, day)
    if shares.pairs:
        after = {"readings": [list(pair) for pair in shares.pairs]}
        record(viewer, "reviews.pass_on", about(intake), after=after)
    return len(shares.pairs)


def pass_on_given_back(viewer: Viewer, review: Review) -> None:
    """Give a file that its reader gave back to somebody else, in the same transaction; an interview has its panel."""
    intake = db.session.get_one(Intake, review.intake_id)
    require(viewer, "reviews.score", intake.path)
    if review.phase != programmes.definition_of(intake).rubric.files.key:
        return
    number = assignments.number_of(review)
    pass_on(SYSTEM, intake, {number: 1}, {number: review.due_on})


def pass_on_stranded(viewer: Viewer, intake_reference: str) -> int:
    """Take back what is with people who may read no longer, and give it to others, as far as there are any. Returns how
    many readings were given."""
    intake = intake_locked(viewer, intake_reference)
    standing = assignments.standing_in(intake)
    rows = assignments.stranded_rows(standing.stranded)
    if not rows:
        return 0
    left = Counter(row.number for row in rows)
    before = {number: len(standing.done.get(number, ())) for number in left}
    given = pass_on(viewer, intake, left, {row.number: row.due_on for row in rows})
    after = assignments.standing_in(intake, left)
    # What nobody else may read stays where it is: its reader may come back, and somebody may be invited.
    found = {number: len(after.done.get(number, ())) - before[number] for number in left}
    passed: dict[int, str] = {}
    for row in rows:
        if found[row.number] > 0:
            found[row.number] -= 1
            passed[row.id] = standing.stranded[row.id]
    release(viewer, passed)
    return given
