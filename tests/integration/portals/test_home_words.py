"""First pages in words: whose telephone a candidate reads, what a company does here, and a programme by its title."""

from __future__ import annotations

import html

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import Role
from cohortmgr.base.db import db, writing
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.organisations.letterheads.rules import INSTALLATION
from cohortmgr.placements.models import Score
from tests.factories import promotions
from tests.factories.promotions import JANUARY
from tests.integration.stipends.test_sound_figures import approved, lines
from tests.letterheads import shelf_of, write_letterhead


def text(client: FlaskClient, page: str) -> str:
    client.get("/language/fr")
    return " ".join(html.unescape(client.get(page).text).replace("\xa0", " ").split())


def test_a_candidate_of_one_institution_reads_its_telephone_on_each_own_page(
    app: Flask, system_context: AppContext
) -> None:
    cohort = promotions.placed(2)
    line = lines(approved(cohort, JANUARY))[0]
    for place in (INSTALLATION, "inpt"):
        write_letterhead(place)
    shelf_of(app).forget()
    mine = promotions.browser(app, promotions.candidate(1))
    for page in ("/my", f"/my/stipends/{line.reference}"):
        foot = text(mine, page).partition("<footer")[2]
        assert "05 37 00 00 27" in foot and "05 37 00 00 10" not in foot, page


@pytest.mark.parametrize("role", [Role.COMPANY_CONTACT, Role.TUTOR])
def test_a_company_s_first_page_says_what_it_does_and_what_waits(
    app: Flask, system_context: AppContext, role: Role
) -> None:
    intake = cohorts.intake_of(promotions.placed(2))
    page = text(
        promotions.browser(app, promotions.contact(intake, promotions.COMPANIES[0], role)), "/company"
    )
    assert ("Vous notez" if role is Role.COMPANY_CONTACT else "Vous suivez les apprentis") in page
    assert "Ce qui vous attend" in page and "Rien ne vous attend" in page


def test_scores_that_a_company_owes_wait_on_its_first_page(app: Flask, system_context: AppContext) -> None:
    cohort = promotions.wished(3)
    contact = promotions.contact(cohorts.intake_of(cohort), promotions.COMPANIES[0])
    with writing():
        db.session.execute(sa.delete(Score))
    page = text(promotions.browser(app, contact), "/company")
    waits = page.partition("Ce qui vous attend")[2].partition("<section")[0]
    assert "notes à donner : " in waits and "/company/positions/" in waits


def test_an_intake_stands_below_the_title_of_its_programme(app: Flask, system_context: AppContext) -> None:
    intake = promotions.accepted(1)
    desk = promotions.browser(app, promotions.staff(intake, Role.PROGRAMME_ADMINISTRATOR, "une"))
    for page in ("/staff", f"/staff/intakes/{intake.reference}"):
        said = text(desk, page)
        assert '<p class="eyebrow">Master Data & IA en alternance</p>' in said and ">MDIA<" not in said
