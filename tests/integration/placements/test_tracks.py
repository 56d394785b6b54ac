"""A company is told the track of each apprentice, and staff see it in the cohort: that of the seat, and neither the
first offering nor the dearest wish."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db, writing
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.organisations.queries import by_key
from cohortmgr.placements.actions import positions
from cohortmgr.placements.models import Placement, Position
from cohortmgr.placements.queries import placements
from cohortmgr.programmes.models import Offering
from cohortmgr.selection.models import Offer
from tests.factories import promotions

NAMES = ("Cybersécurité", "Cloud")


def _two_tracks(cohort_intake: int) -> None:
    """Let every second file have its seat in another offering of the same intake; all wished for the first one most."""
    with writing() as session:
        first = session.scalars(sa.select(Offering).where(Offering.intake_id == cohort_intake)).one()
        first.title = dict.fromkeys(("fr", "ar", "en"), NAMES[0])
        other = Offering(
            institution_id=first.institution_id,
            intake_id=first.intake_id,
            key="cloud",
            title=dict.fromkeys(("fr", "ar", "en"), NAMES[1]),
            seats=30,
            published_at=first.published_at,
        )
        session.add(other)
        session.flush()
        for number, file in enumerate(session.scalars(sa.select(Application).order_by(Application.id))):
            file.offering_id = first.id
            seat = sa.update(Offer).where(Offer.application_id == file.id)
            session.execute(seat.values(offering_id=(first, other)[number % 2].id))


def test_each_apprentice_has_the_track_of_their_own_seat(app: Flask, system_context: AppContext) -> None:
    cohort = promotions.placed(8)
    intake = cohorts.intake_of(cohort)
    _two_tracks(intake.id)
    contact = promotions.browser(app, promotions.contact(intake, "inwi"))
    inwi = by_key("inwi")
    assert inwi is not None
    rows = db.session.execute(
        sa.select(Placement.reference, Offering.title)
        .join(Offer, Offer.person_id == Placement.person_id)
        .join(Offering, Offering.id == Offer.offering_id)
        .where(Placement.company_id == inwi.id)
    ).all()
    assert rows
    listed = contact.get("/company/apprentices").text
    for row in rows:
        mine, other = row.title["fr"], NAMES[1 - NAMES.index(row.title["fr"])]
        page = contact.get(f"/company/apprentices/{row.reference}").text
        assert mine in page and other not in page and mine in listed
    assert any(row.title["fr"] in contact.get("/company").text for row in rows)
    staff = promotions.browser(
        app, promotions.someone(Role.PROGRAMME_ADMINISTRATOR, intake.path, intake.institution_id, "admin")
    )
    page = staff.get(f"/staff/cohorts/{cohort.reference}").text
    assert page.count(NAMES[0]) >= 4 and page.count(NAMES[1]) >= 4


def test_a_position_bears_the_name_of_no_track_where_there_are_several(system_context: AppContext) -> None:
    cohort = promotions.enrolled(4)
    intake = cohorts.intake_of(cohort)
    _two_tracks(intake.id)
    with writing():
        assert positions.open_positions(SYSTEM, cohort.reference) == 4
    titles = [row.Position.title["fr"] for row in placements.positions_of(cohort.id)]
    assert (
        set(titles) == {intake.title["fr"]} and db.session.scalar(sa.select(sa.func.count(Position.id))) == 4
    )
