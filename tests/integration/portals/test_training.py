"""Who trains finds company, tutor, dates, pay and papers on one page, and nobody else finds theirs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from cohortmgr.accounts.rules import Role
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.organisations.models import Organisation
from cohortmgr.placements.models import Placement
from tests.factories import promotions
from tests.factories.promotions import JANUARY
from tests.integration.stipends.test_sound_figures import approved, lines

MARCH = datetime(2026, 3, 10, 9, tzinfo=UTC)


def test_the_page_tells_company_tutor_dates_pay_and_papers(app: Flask, system_context: AppContext) -> None:
    cohort = promotions.placed(4)
    line = lines(approved(cohort, JANUARY))[0]
    placement = db.session.scalars(sa.select(Placement).order_by(Placement.person_id)).first()
    assert placement is not None
    company = db.session.get_one(Organisation, placement.company_id)
    intake = cohorts.intake_of(cohort)
    promotions.contact(intake, company.key, Role.TUTOR)
    promotions.contact(intake, company.key, Role.COMPANY_CONTACT)
    promotions.staff(intake, Role.PROGRAMME_ADMINISTRATOR)
    enrolment = promotions.enrolments_of(cohort)[0].reference
    name = company.name["fr"]
    with clock.at(MARCH):
        client = promotions.browser(app, promotions.candidate(1))
        client.get("/language/fr")
        assert f"/my/training/{enrolment}" in client.get("/my").text
        page = client.get(f"/my/training/{enrolment}").text
    assert name in page and f"tutor-{company.key}@exemple.ma" in page
    assert f"company_contact-{company.key}@exemple.ma" in page
    assert "programme_administrator@exemple.ma" in page
    assert "Tronc commun, seconde partie" in page and "Tronc commun, première partie" not in page, (
        "what is over"
    )
    assert f"/my/stipends/{line.reference}" in page and "Bourse d’alternance" in page
    assert "/receipt" in page and f"/my/wishes/{enrolment}" in page
    with clock.at(MARCH):
        stranger = promotions.browser(app, promotions.candidate(2))
        assert stranger.get(f"/my/training/{enrolment}").status_code == 404
        assert stranger.get(f"/my/training/{enrolment}/dates.ics").status_code == 404


def test_what_is_to_come_goes_into_ones_own_calendar(app: Flask, system_context: AppContext) -> None:
    cohort = promotions.placed(4)
    lines(approved(cohort, JANUARY))
    enrolment, client = (
        promotions.enrolments_of(cohort)[0].reference,
        promotions.browser(app, promotions.candidate(1)),
    )
    with clock.at(MARCH):
        client.get("/language/fr")
        assert f"/my/training/{enrolment}/dates.ics" in client.get(f"/my/training/{enrolment}").text
        sent = client.get(f"/my/training/{enrolment}/dates.ics")
    assert sent.content_type == "text/calendar; charset=utf-8" and sent.headers["Cache-Control"] == "no-store"
    told = sent.text.replace("\r\n ", "")
    assert "SUMMARY:Tronc commun\\, seconde partie" in told and "première partie" not in told, "what is over"
    assert told.count("BEGIN:VEVENT") == told.count(f"UID:{enrolment}-") > 1


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_without_a_company_the_page_says_so_and_leads_to_the_wishes(
    app: Flask, system_context: AppContext, language: str
) -> None:
    cohort = promotions.placed(4)
    first = promotions.enrolments_of(cohort)[0]
    with writing():
        db.session.execute(sa.delete(Placement).where(Placement.enrolment_id == first.id))
    client = promotions.browser(app, promotions.candidate(1))
    client.get(f"/language/{language}")
    page = client.get(f"/my/training/{first.reference}").text
    words = {
        "fr": "Aucune entreprise ne vous accueille",
        "ar": "لا تستقبلكم أي مقاولة",
        "en": "No company hosts you",
    }
    assert words[language] in page and f"/my/wishes/{first.reference}" in page


def test_wishes_are_still_read_once_one_is_placed(app: Flask, system_context: AppContext) -> None:
    cohort = promotions.placed(4)
    client = promotions.browser(app, promotions.candidate(1))
    client.get("/language/fr")
    page = client.get(f"/my/wishes/{promotions.enrolments_of(cohort)[0].reference}").text
    assert "Les vœux que vous avez remis" in page and page.count("<li><bdi>") == 4
