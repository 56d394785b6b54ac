"""A guardian takes the agreement back while the child is in a company: the desk is told, and nothing else says them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import ANONYMOUS, Role
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.guardians.actions import consents
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.cohorts.models import Cohort, Enrolment
from cohortmgr.messages.helpdesk.models import HelpRequest
from cohortmgr.organisations.models import Organisation
from cohortmgr.placements.models import Placement
from cohortmgr.programmes.models import Intake, Offering
from tests.crawling import crawl
from tests.factories import promotions

pytestmark = pytest.mark.usefixtures("system_context")


@pytest.fixture
def cohort() -> Iterator[Cohort]:
    """Three people in their companies, of whom the first is a child with the guardian's agreement."""
    with clock.at(promotions.AT):
        found = promotions.placed(3)
        with writing() as session:
            session.execute(sa.update(Offering).values(taken=3))
        yield found


def withdraw() -> Application:
    """What a guardian's no to what is required brings about, from the act to its end."""
    db.session.rollback()
    with writing() as session:
        row = session.scalars(sa.select(Application).order_by(Application.id)).first()
        assert row is not None
        row.name, row.sort_name = "Zohra Cachée", "cachee zohra"
        row.consent, row.state, row.sent_at = "withdrawn", "held", None
        session.flush()
        for follow in consents.on_hidden:
            follow(ANONYMOUS, row)
    return row


def test_the_desk_is_told_once_and_the_company_sees_nothing_more(app: Flask, cohort: Cohort) -> None:
    intake = db.session.get_one(Intake, cohort.intake_id)
    hosted = db.session.scalars(
        sa.select(Organisation)
        .join(Placement, Placement.company_id == Organisation.id)
        .order_by(Placement.id)
    ).all()
    row = withdraw()
    question = db.session.scalars(sa.select(HelpRequest)).one()
    manager = promotions.browser(app, promotions.staff(intake, Role.SELECTION_MANAGER))
    listed = manager.get("/staff/questions").text
    assert row.number in listed and "Zohra" not in listed
    page = manager.get(f"/staff/questions/{question.reference}").text
    assert "Zohra Cachée" in page and "a retiré son accord" in page and "Appelez l’entreprise" in page
    for key in sorted({each.key for each in hosted}):
        client = promotions.browser(app, promotions.contact(intake, key))
        pages = crawl(client, "/company", "/company/apprentices")
        assert len(pages) > 2 and not [place for place, text in pages.items() if "Zohra" in text]
    pages = crawl(
        manager, f"/staff/cohorts/{cohort.reference}", f"/staff/cohorts/{cohort.reference}/placements"
    )
    told = {place for place, text in pages.items() if "Zohra" in text}
    assert told <= {f"/staff/questions/{question.reference}"}
    states = db.session.scalars(sa.select(Placement.state)).all()
    assert states.count("confirmed") == 2


def test_once_it_has_ended_nobody_needs_to_be_told_and_the_company_reads_the_name_no_longer(
    app: Flask, cohort: Cohort
) -> None:
    with writing() as session:
        session.execute(sa.update(Placement).values(state="ended"))
        session.execute(sa.update(Enrolment).values(state="completed"))
    withdraw()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(HelpRequest)) == 0
    intake = db.session.get_one(Intake, cohort.intake_id)
    placed = sa.select(Organisation.key, Placement).join(Placement, Placement.company_id == Organisation.id)
    rows = db.session.execute(placed.order_by(Placement.person_id)).all()
    names: dict[str, str] = {}
    for key in sorted({row.key for row in rows}):
        client = promotions.browser(app, promotions.contact(intake, key))
        names |= crawl(client, "/company", "/company/apprentices")
        for row in rows:
            answer = client.get(f"/company/apprentices/{row.Placement.reference}")
            shown = row.key == key and row != rows[0]
            assert answer.status_code == (200 if shown else 404)
    assert not [place for place, text in names.items() if "Zohra" in text]
