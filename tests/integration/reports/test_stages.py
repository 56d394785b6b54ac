"""The stages of a report count who ever reached them, so that none holds more than the one before (finding 13)."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from flask.ctx import AppContext

from cohortmgr.accounts.rules import SYSTEM, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.reports import queries
from cohortmgr.reports.rules import STAGE_NAMES
from cohortmgr.selection.actions import offers
from cohortmgr.selection.models import Offer
from cohortmgr.selection.rules import OfferState
from cohortmgr.stipends.actions import outcomes, payment_files, runs
from cohortmgr.stipends.models import StipendLine, StipendRun
from tests.factories import promotions
from tests.factories.promotions import JANUARY

ORDER = ("chosen", "accepted", "enrolled", "placed", "paid")


def counts(intake_id: int) -> list[int]:
    records = queries.records(queries.received_ids(intake_id), 2)
    return [sum(stage in record.stages for record in records) for stage in ORDER]


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
