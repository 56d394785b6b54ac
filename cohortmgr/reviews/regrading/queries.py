"""Reading which marks were begun on criteria that mean something else by another rubric."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db
from cohortmgr.programmes.definition.rules import Rubric
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.rules import OPEN, remade_criteria


@dataclass(frozen=True)
class BegunReading:
    """A reading that was begun on criteria that are made anew (`remade`), with its file's number and its reader."""

    review: Review
    number: str
    reader: str
    remade: frozenset[str]


def begun_otherwise(intake: Intake, was: Rubric, now: Rubric) -> list[BegunReading]:
    """Return the readings of an intake that wait for their readers and have marks which mean nothing any more once it
    is read by another rubric, by number, in one statement; none, and none asked, where nothing that is read changes."""
    after = {each.key: each for each in now.phases}
    anew = {each.key: remade_criteria(each, after.get(each.key, now.files)) for each in was.phases}
    keys = sorted(key for key, criteria in anew.items() if criteria)
    if not keys:
        return []
    wanted = (
        sa.select(Review, Application.number, Person)
        .join(Application, Application.id == Review.application_id)
        .join(Person, Person.id == Review.reviewer_id)
        .where(Review.intake_id == intake.id, Review.phase.in_(keys))
        .where(Review.state.in_([state.value for state in OPEN]))
        .order_by(Application.number, Review.id)
    )
    return [
        BegunReading(review, number, person.name, anew[review.phase])
        for review, number, person in db.session.execute(wanted)
        if anew[review.phase] & review.scores.keys()
    ]
