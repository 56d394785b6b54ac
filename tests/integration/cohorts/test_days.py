"""Who joins or leaves in the middle of a month takes part, and is paid, from the true day (finding 4)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotPermitted, Refused, Stale
from cohortmgr.cohorts import actions
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.cohorts.models import Cohort
from cohortmgr.programmes.models import Offering
from cohortmgr.selection.actions import offers
from cohortmgr.selection.models import Offer
from cohortmgr.stipends.actions import runs
from cohortmgr.stipends.models import StipendLine
from cohortmgr.stipends.rules import proportion
from tests.factories import promotions
from tests.factories.promotions import JANUARY


def nets(cohort: Cohort, month: date) -> list[int]:
    with writing():
        run = runs.compute(SYSTEM, runs.open_run(SYSTEM, cohort.reference, month).reference)
    mine = sa.select(StipendLine.net_cents).where(StipendLine.run_id == run.id)
    return list(db.session.scalars(mine.order_by(StipendLine.enrolment_id)))


def test_4_who_accepts_after_the_first_day_takes_part_from_that_day(system_context: AppContext) -> None:
    intake = promotions.accepted(1, state="sent")
    with writing():
        cohort = actions.open_cohort(SYSTEM, intake.reference)
        offer = db.session.scalars(sa.select(Offer)).one()
        offer.deadline = offer.deadline.replace(year=2999)
        db.session.get_one(Offering, offer.offering_id).taken = 1
    viewer = promotions.candidate(1)
    with clock.at(datetime(2026, 1, 20, 9, tzinfo=UTC)):
        with writing():
            offers.answer_offer(viewer, offer.reference, True)
        with writing():
            actions.confirm(SYSTEM, cohort.reference)
    [enrolment] = promotions.enrolments_of(cohort)
    assert enrolment.starts_on == date(2026, 1, 20) and enrolment.confirmed_at is not None
    assert nets(cohort, JANUARY) == [proportion(400_000, 9, 22)]


def test_4_who_accepted_before_the_first_day_begins_with_the_cohort(system_context: AppContext) -> None:
    intake = promotions.accepted(2)
    with writing():
        first, second = db.session.scalars(sa.select(Offer).order_by(Offer.id)).all()
        first.answered_at = datetime(2025, 8, 1, 9, tzinfo=UTC)
        second.answered_at = datetime(2025, 10, 3, 23, 30, tzinfo=UTC)
    with writing():
        cohort = actions.open_cohort(SYSTEM, intake.reference)
    days = [row.starts_on for row in promotions.enrolments_of(cohort)]
    assert days == [cohort.starts_on, date(2025, 10, 4)], "the day is Casablanca's"


def test_4_staff_write_the_true_days_with_a_reason(app: Flask, system_context: AppContext) -> None:
    cohort = promotions.placed(2)
    enrolment = promotions.enrolments_of(cohort)[0]
    first, last = date(2026, 1, 12), date(2026, 1, 20)
    for wrong, what in (
        ((cohort.starts_on.replace(day=1), None, "Motif"), "commence"),
        ((last, first, "Motif"), "avant le premier"),
        ((first, None, " "), "motif"),
    ):
        with pytest.raises(Refused, match=what), writing():
            actions.set_days(SYSTEM, enrolment.reference, *wrong, None)
    with pytest.raises(Stale), writing():
        actions.set_days(SYSTEM, enrolment.reference, first, last, "Motif", 99)
    for _ in range(2):
        with writing():
            actions.set_days(SYSTEM, enrolment.reference, first, last, "Arrivée le 12, partie le 20", None)
    assert nets(cohort, JANUARY) == [proportion(400_000, 7, 22), 400_000]
    trainer = promotions.staff(cohorts.intake_of(cohort), Role.TRAINER)
    with pytest.raises(NotPermitted), writing():
        actions.set_days(trainer, enrolment.reference, first, None, "Motif", None)
    centre = promotions.browser(app, promotions.staff(cohorts.intake_of(cohort), Role.CENTRE_MANAGER))
    page = f"/staff/enrolments/{enrolment.reference}/days"
    assert page in centre.get(f"/staff/cohorts/{cohort.reference}").text
    version = str(promotions.enrolments_of(cohort)[0].version)
    given = {"starts_on": "2026-01-12", "ends_on": "2026-01-01", "reason": "x", "version": version}
    wrong_page = centre.post(page, data=given)
    assert wrong_page.status_code == 422 and "2026-01-01" in wrong_page.text
    assert centre.post(page, data={**given, "ends_on": ""}).status_code == 302
    assert nets(cohort, JANUARY) == [proportion(400_000, 15, 22), 400_000]


def test_4_a_departure_may_be_dated_otherwise_than_today(system_context: AppContext) -> None:
    cohort = promotions.placed(1)
    [enrolment] = promotions.enrolments_of(cohort)
    offer = db.session.scalars(sa.select(Offer)).one()
    with clock.at(datetime(2026, 2, 3, 9, tzinfo=UTC)), writing():
        actions.leave(SYSTEM, offer)
    with pytest.raises(Refused, match="dernier jour"), writing():
        actions.set_days(SYSTEM, enrolment.reference, enrolment.starts_on, None, "Motif", None)
    with writing():
        actions.set_days(
            SYSTEM, enrolment.reference, enrolment.starts_on, date(2026, 1, 16), "Partie le 16", None
        )
    assert nets(cohort, JANUARY) == [proportion(400_000, 12, 22)]
