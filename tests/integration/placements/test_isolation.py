"""Each company sees its own apprentices and nobody else's: by page, by query, and in the SQL that is sent."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from cohortmgr.accounts.rules import ANONYMOUS, SYSTEM, Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db, see, writing
from cohortmgr.base.errors import NotFound
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.cohorts.models import Enrolment
from cohortmgr.organisations.queries import by_key
from cohortmgr.placements.models import MatchingRun, Placement, Position, Wish
from cohortmgr.placements.queries import placements
from cohortmgr.stipends.queries import runs as stipends
from tests.factories import promotions

Statements = Callable[[], AbstractContextManager[list[str]]]


def company_id(key: str) -> int:
    found = by_key(key)
    assert found is not None
    return found.id


def placements_at(key: str) -> list[Placement]:
    chosen = sa.select(Placement).where(Placement.company_id == company_id(key))
    return list(db.session.scalars(chosen.order_by(Placement.id)))


def test_each_company_lists_and_opens_its_own_alone(app: Flask, system_context: AppContext) -> None:
    cohort = promotions.placed(12)
    intake = cohorts.intake_of(cohort)
    contacts = {key: promotions.contact(intake, key) for key in promotions.COMPANIES}
    browsers = {key: promotions.browser(app, viewer) for key, viewer in contacts.items()}
    everyone = {key: [row.reference for row in placements_at(key)] for key in contacts}
    assert sum(len(each) for each in everyone.values()) == 12 and all(everyone.values())
    for key, client in browsers.items():
        page = client.get("/company/apprentices")
        assert page.status_code == 200
        for other, references in everyone.items():
            for reference in references:
                assert (reference in page.text) == (other == key)
                status = client.get(f"/company/apprentices/{reference}").status_code
                assert status == (200 if other == key else 404), (key, other)
    tutor = promotions.browser(app, promotions.contact(intake, "inwi", Role.TUTOR))
    assert tutor.get(f"/company/apprentices/{everyone['inwi'][0]}").status_code == 200
    assert tutor.get(f"/company/apprentices/{everyone['nareva'][0]}").status_code == 404


def test_the_query_itself_holds_the_company(app: Flask, system_app: Flask) -> None:
    """As the application's role, with the institution listed as a contact's grant lists it."""
    with system_app.app_context():
        cohort = promotions.placed(12)
        cohort_id, intake = cohort.id, cohorts.intake_of(cohort)
        inwi = promotions.contact(intake, "inwi")
        theirs, others = {row.id for row in placements_at("inwi")}, placements_at("nareva")[0].reference
        stranger = promotions.someone(Role.COMPANY_CONTACT, "ma.inwi-two.", intake.institution_id, "stranger")
    with app.app_context():
        see(inwi.institutions, inwi.person_id)
        assert {row.id for row in db.session.scalars(placements.visible(inwi))} == theirs
        plain = db.session.execute(placements.visible(inwi)).all()
        assert {row.Placement.company_id for row in plain} == {company_id("inwi")}
        with pytest.raises(NotFound):
            placements.get_for(inwi, others)
        assert stipends.runs_of(cohort_id) == []
        assert db.session.scalars(stipends.visible(inwi)).all() == []
        assert db.session.scalars(cohorts.visible(inwi, "cohorts.read")).all() == []
    for nobody in (stranger, ANONYMOUS, Viewer("nobody", 987654)):
        with app.app_context():
            see(nobody.institutions, nobody.person_id)
            assert db.session.scalars(placements.visible(nobody)).all() == []
            assert placements.apprentices(nobody) == []
            assert placements.company_positions(nobody) == []


def test_once_decided_a_company_reads_its_own_apprentices_and_none_of_those_placed_elsewhere(
    app: Flask, system_app: Flask
) -> None:
    """Before the matching, those who wish for its positions; after it was approved, its own, and nobody else's."""
    with system_app.app_context():
        cohort = promotions.placed(12)
        contact = promotions.contact(cohorts.intake_of(cohort), "inwi")
        own = {row.enrolment_id for row in placements_at("inwi")}
        mine = sa.select(Position.id, Position.reference).where(Position.company_id == company_id("inwi"))
        rows = db.session.execute(mine).all()
        wished = set(
            db.session.scalars(sa.select(Wish.enrolment_id).where(Wish.position_id.in_([r[0] for r in rows])))
        )
        assert wished > own, "some of those who wished for it were placed elsewhere"
        called = sa.select(Enrolment.id, Application.name)
        called = called.join(Application, Application.id == Enrolment.application_id)
        names = {row[0]: row[1] for row in db.session.execute(called)}
        client = promotions.browser(app, contact)
    pages = "".join(client.get(f"/company/positions/{reference}").text for _, reference in rows)
    for enrolment, name in names.items():
        assert (name in pages) == (enrolment in own & wished), name
    with system_app.app_context(), writing():
        db.session.execute(sa.update(MatchingRun).values(state="draft"))
        db.session.execute(sa.delete(Placement))
    pages = "".join(client.get(f"/company/positions/{reference}").text for _, reference in rows)
    assert {enrolment for enrolment, name in names.items() if name in pages} == wished


def test_a_path_that_begins_alike_is_another_company(system_context: AppContext) -> None:
    cohort = promotions.placed(4)
    short = promotions.someone(Role.COMPANY_CONTACT, "ma.in.", cohort.institution_id, "short")
    assert db.session.scalars(placements.visible(short)).all() == []


def test_a_broken_placement_is_the_company_s_no_more(app: Flask, system_context: AppContext) -> None:
    cohort = promotions.placed(4)
    inwi = promotions.contact(cohorts.intake_of(cohort), "inwi")
    row = placements_at("inwi")[0]
    with writing():
        row.state = "broken"
    assert row.reference not in promotions.browser(app, inwi).get("/company/apprentices").text
    with pytest.raises(NotFound):
        placements.get_for(inwi, row.reference)
    assert placements.get_for(SYSTEM, row.reference)


def test_candidates_and_staff_have_no_company_pages(app: Flask, system_context: AppContext) -> None:
    cohort = promotions.placed(4)
    manager = promotions.staff(cohorts.intake_of(cohort), Role.CENTRE_MANAGER)
    reference = placements_at("inwi")[0].reference
    for viewer in (promotions.candidate(1), manager):
        client = promotions.browser(app, viewer)
        assert client.get("/company/apprentices").status_code == 404
        assert client.get(f"/company/apprentices/{reference}").status_code == 404
    company = promotions.browser(app, promotions.contact(cohorts.intake_of(cohort), "inwi"))
    assert company.get(f"/staff/cohorts/{cohort.reference}/placements").status_code == 404


@pytest.mark.postgres_only
def test_without_the_institution_not_a_row(app: Flask, system_app: Flask) -> None:
    with system_app.app_context():
        promotions.placed(4)
    with app.app_context():
        assert db.session.scalars(sa.select(Placement)).all() == []


def test_the_list_reads_no_more_for_more_apprentices(
    app: Flask, system_context: AppContext, statements: Statements
) -> None:
    cohort = promotions.placed(16)
    client = promotions.browser(app, promotions.contact(cohorts.intake_of(cohort), "inwi"))
    with statements() as many:
        client.get("/company/apprentices")
    with writing():
        mine = sa.select(sa.func.min(Placement.id)).where(Placement.company_id == company_id("inwi"))
        first = db.session.scalar(mine)
        db.session.execute(sa.delete(Placement).where(Placement.id != first))
    with statements() as few:
        client.get("/company/apprentices")
    assert len(many) == len(few) <= 4, many
