"""The overview sums in the database what reading every reading would give."""

from __future__ import annotations

import random
from collections import defaultdict
from fractions import Fraction

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db, writing
from cohortmgr.reviews.assignment.actions import sharing as assignment
from cohortmgr.reviews.assignment.queries import giving as assignments
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.progress.queries import progress_of
from cohortmgr.reviews.rules import COUNTING, HOLDING, OPEN
from tests.integration.reviews.test_reading import readers, sent, someone

STATES = (*("submitted",) * 6, "assigned", "drafted", "reopened", "abstained", "recalled")


@pytest.mark.usefixtures("system_context")
@pytest.mark.parametrize("seed", range(3))
def test_the_overview_says_what_every_reading_read_one_by_one_says(app: Flask, seed: int) -> None:
    chance = random.Random(seed)
    intake = sent(9)
    manager = someone(intake, Role.SELECTION_MANAGER)
    readers(intake, 4)
    with writing():
        assignment.assign(manager, intake.reference)
    with writing() as session:
        people = session.scalars(
            sa.select(Person.id).join(Review, Review.reviewer_id == Person.id).distinct()
        ).all()
        for number in session.scalars(sa.select(Application.id)).all():
            held = set(
                session.scalars(sa.select(Review.reviewer_id).where(Review.application_id == number)).all()
            )
            first = session.scalars(sa.select(Review).where(Review.application_id == number)).first()
            for person in people:  # some files have three or four readings
                if first is not None and person not in held and chance.random() < 0.3:
                    session.add(
                        Review(
                            institution_id=first.institution_id, application_id=number, intake_id=intake.id,
                            reviewer_id=person, state="submitted", scores={}, assigned_at=first.assigned_at,
                        )
                    )  # fmt: skip
        session.flush()
        for review in session.scalars(sa.select(Review).order_by(Review.id)).all():
            review.state = chance.choice(STATES)
            handed_in = review.state == "submitted"
            review.total_thousandths = chance.randint(0, 20_000) if handed_in else None
        gone = session.scalars(sa.select(Application).order_by(Application.id)).all()[-1]
        gone.state = "withdrawn"
    db.session.expire_all()
    progress = progress_of(intake)
    rows = db.session.execute(
        sa.select(Review, Person.reference)
        .join(Person, Person.id == Review.reviewer_id)
        .join(Application, Application.id == Review.application_id)
        .where(Application.state == "submitted", Application.eligible.is_(True))
    ).all()
    by_file: dict[int, dict[str, int]] = defaultdict(dict)
    for review, reference in rows:
        if review.state in COUNTING:
            by_file[review.application_id][reference] = int(review.total_thousandths or 0)
    totals = [list(each.values()) for each in by_file.values()]
    assert progress.files == len(assignments.files_to_read(intake)) == 8
    assert progress.handed_in == sum(map(len, totals))
    assert progress.complete == sum(len(each) >= progress.readings for each in totals)
    assert (
        progress.assigned == sum(review.state in HOLDING for review, _reference in rows) - progress.stranded
    )
    gaps = [(max(each) - min(each)) // 1000 for each in totals if len(each) > 1]
    means = [sum(each) // len(each) // 1000 for each in totals]
    for told, said in ((progress.spread, gaps), (progress.totals, means)):
        assert told == tuple((value, said.count(value)) for value in range(min(said), max(said) + 1))
    for reader in progress.readers:
        own = [review for review, reference in rows if reference == reader.reference]
        given = [int(review.total_thousandths or 0) for review in own if review.state in COUNTING]
        assert reader.held == sum(review.state in HOLDING for review in own)
        assert reader.waiting == sum(review.state in OPEN for review in own)
        assert reader.abstained == sum(review.state == "abstained" for review in own)
        assert (reader.handed_in, reader.mean) == (
            len(given),
            round(sum(given) / len(given)) if given else None,
        )
        apart = [
            each[reader.reference] - Fraction(sum(each.values()) - each[reader.reference], len(each) - 1)
            for each in by_file.values()
            if reader.reference in each and len(each) > 1
        ]
        assert reader.severity == (round(sum(apart) / len(apart)) if apart else None)
