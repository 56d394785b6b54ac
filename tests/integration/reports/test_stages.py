"""The stages of a report count who ever reached them, so that none holds more than the one before (finding 13)."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from fractions import Fraction

import sqlalchemy as sa
from flask.ctx import AppContext

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import SYSTEM, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.reports import queries
from cohortmgr.reports.figures import Marks, figures
from cohortmgr.reports.rules import STAGE_NAMES, marks_by_point
from cohortmgr.reviews.models import Review
from cohortmgr.selection.actions import offers
from cohortmgr.selection.models import Offer
from cohortmgr.selection.rules import OfferState
from cohortmgr.stipends.actions import outcomes, payment_files, runs
from cohortmgr.stipends.models import StipendLine, StipendRun
from tests.factories import promotions
from tests.factories.promotions import JANUARY

ORDER = ("chosen", "accepted", "enrolled", "placed", "paid")


def counts(intake_id: int) -> list[int]:
    records = queries.records(intake_id, 2)
    return [sum(each.files for each in records if stage in each.stages) for stage in ORDER]


def test_13_who_gave_a_seat_up_still_counts_as_having_accepted(system_context: AppContext) -> None:
    cohort = promotions.placed(6)
    second = Viewer("second", is_system=True)
    with writing():
        run = runs.compute(SYSTEM, runs.open_run(SYSTEM, cohort.reference, JANUARY).reference)
    with writing():
        runs.approve(second, run.reference, "6", run.version)
    assert counts(cohort.intake_id) == [6] * 5
    rows = db.session.scalars(sa.select(Offer).order_by(Offer.id)).all()[:3]
    with writing():
        db.session.execute(
            sa.text("UPDATE offerings SET taken = 6 WHERE id = :o"), {"o": rows[0].offering_id}
        )
    for offer in rows:
        with writing():
            offers.release_on_withdrawal(SYSTEM, db.session.get_one(Application, offer.application_id))
    assert counts(cohort.intake_id) == [6] * 5
    assert STAGE_NAMES["chosen"] == "Place proposée", "it counts those who were called, beyond the seats"


def test_13_an_acceptance_is_kept_when_it_is_given_up_before_any_enrolment(
    system_context: AppContext,
) -> None:
    intake = promotions.accepted(2, state="sent")
    with writing():
        for offer in db.session.scalars(sa.select(Offer)):
            offer.deadline = offer.deadline.replace(year=2999)
        db.session.execute(sa.text("UPDATE offerings SET taken = 2 WHERE id = :o"), {"o": offer.offering_id})
    with clock.at(datetime(2025, 9, 2, 9, tzinfo=UTC)), writing():
        for offer in db.session.scalars(sa.select(Offer).order_by(Offer.id).limit(1)):
            assert offers.move(SYSTEM, offer, (OfferState.SENT,), OfferState.ACCEPTED)
            assert offers.move(SYSTEM, offer, (OfferState.ACCEPTED,), OfferState.DECLINED)
    assert counts(intake.id)[:3] == [2, 1, 0]


def test_13_a_month_counts_no_centime_that_the_bank_returned(system_context: AppContext) -> None:
    cohort = promotions.placed(2)
    second = Viewer("second", is_system=True)
    with writing():
        run = runs.compute(SYSTEM, runs.open_run(SYSTEM, cohort.reference, JANUARY).reference)
    with writing():
        runs.approve(second, run.reference, "2", run.version)
    with writing():
        payment_files.bank_file(SYSTEM, run.reference)
    line = db.session.scalars(sa.select(StipendLine).order_by(StipendLine.id)).first()
    assert line is not None
    with writing():
        outcomes.mark_line(SYSTEM, line.reference, clock.today(), True, "Compte clôturé")
    [month] = queries.stipends_by_month(cohort.intake_id)
    assert (month.people, month.cents) == (1, 400_000)
    assert db.session.scalar(sa.select(StipendRun.total_cents)) == 800_000


def test_the_marks_are_those_of_each_file_read_alone_whatever_the_number_of_files(
    system_context: AppContext, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    """A mean of two readings ends in a half every second time: it is rounded to even, as one file's always was."""
    chance, intake = random.Random(13), promotions.placed(6).intake_id
    with writing() as session:
        session.execute(sa.delete(Review))
        files = session.scalars(sa.select(Application).where(Application.intake_id == intake)).all()
        people = session.scalars(sa.select(Person.id).order_by(Person.id).limit(3)).all()
        for row in files:
            row.region, row.diploma = (
                chance.choice([None, "MA-04", "MA-06"]),
                chance.choice([None, "physique"]),
            )
            for reader in people[: chance.randint(0, 3)]:
                session.add(
                    Review(
                        institution_id=row.institution_id, application_id=row.id, intake_id=intake, reviewer_id=reader,
                        state=chance.choice(["submitted", "submitted", "submitted", "drafted"]), scores={},
                        assigned_at=clock.now(), total_thousandths=chance.choice([10_000, 10_001, 10_002, 20_000]),
                    )
                )  # fmt: skip
    totals: dict[int, list[int]] = defaultdict(list)
    submitted = sa.select(Review.application_id, Review.total_thousandths).where(Review.state == "submitted")
    for number, total in db.session.execute(submitted):
        totals[number].append(int(total or 0))
    means = {
        row: round(Fraction(sum(totals[row.id]), len(totals[row.id])))
        for row in files
        if len(totals[row.id]) >= 2
    }
    assert means
    with statements() as seen:
        found = queries.records(intake, 2)
    assert len(seen) == 2
    made = figures(found)
    assert made.funnel.counts["received"] == len(files) and made.funnel.counts["read"] == len(means)
    assert made.funnel.mean == round(Fraction(sum(means.values()), len(means)))
    for group in made.regions:
        theirs = [mean for row, mean in means.items() if (row.region or "") == group.key]
        assert group.counts["received"] == sum((row.region or "") == group.key for row in files)
        assert group.mean == (round(Fraction(sum(theirs), len(theirs))) if theirs else None)
    points = marks_by_point(each.marks for each in found if each.marks is not None)
    assert points == marks_by_point(Marks(mean // 1000, 1, mean) for mean in means.values())
