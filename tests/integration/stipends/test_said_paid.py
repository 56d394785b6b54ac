"""Nobody reads that a stipend was paid before somebody said so: on no page, in no file and in no message."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient
from flask_babel import gettext

from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import N_
from cohortmgr.base.i18n import speaking
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.cohorts.models import Cohort
from cohortmgr.outbox.models import Message
from cohortmgr.stipends.actions import outcomes, payment_files
from cohortmgr.stipends.models import StipendRun
from tests.crawling import crawl
from tests.factories import promotions
from tests.factories.promotions import JANUARY
from tests.integration.reports.test_reports import computed as report_of
from tests.integration.stipends.test_sound_figures import approved, lines

SAID = (N_("Versée le %(day)s"), N_("Versée le %(day)s."), N_("Versé"), N_("Payé"))
# What is done with a line, what may come of it, and what does not happen: none of it says that one was paid.
NO_WORD = re.compile(
    r"[Mm]arqu\w+ (?:\d+ )?(?:lignes? )?versée?s?|versée, ou revenue|(?:seront?|sera|être) (?:pas )?payée?s?"
    r"|par mois pendant \d+ mois, versés par|\b0 / \d+ mois payés?"  # what a programme promises; none of so many
)
PAID = re.compile(r"\b(?:vers|pay)ée?s?\b", re.IGNORECASE)


def seen_by(app: Flask, cohort: Cohort) -> dict[str, tuple[FlaskClient, tuple[str, ...]]]:
    """Who reads anything of pay, from which pages on, and below which."""
    intake = cohorts.intake_of(cohort)
    staff = (f"/staff/cohorts/{cohort.reference}/stipends", "/staff/stipends", "/staff/stipend-lines")
    return {
        "candidate": (promotions.browser(app, promotions.candidate(1)), ("/my",)),
        "company": (promotions.browser(app, promotions.contact(intake, "inwi")), ("/company",)),
        "finance": (promotions.browser(app, promotions.staff(intake, Role.FINANCE)), staff),
        "auditor": (promotions.browser(app, promotions.staff(intake, Role.AUDITOR)), staff),
        "manager": (
            promotions.browser(app, promotions.staff(intake, Role.PROGRAMME_ADMINISTRATOR)),
            (*staff, "/staff/intakes", "/staff/reports", "/staff/cohorts"),
        ),
    }


def shown(text: str) -> str:
    """What a page says, without its scripts and marks."""
    return " ".join(re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", text, flags=re.DOTALL).split())


@pytest.fixture
def cohort(system_context: AppContext) -> Cohort:
    return promotions.placed(2)


def step(run: StipendRun, state: str) -> None:
    if state == "exported":
        with writing():
            payment_files.bank_file(SYSTEM, run.reference)


def test_no_page_or_file_says_it_before_the_bank(app: Flask, cohort: Cohort) -> None:
    run = approved(cohort, JANUARY)
    people = seen_by(app, cohort)
    letters = sa.select(sa.func.count()).select_from(Message)
    before = db.session.scalar(letters)
    for state in ("approved", "exported"):
        step(run, state)
        assert db.session.scalar(sa.select(StipendRun.state)) == state
        report_of(cohorts.intake_of(cohort).reference)
        for who, (client, within) in people.items():
            client.get("/language/fr")
            pages = crawl(client, within[0] if who != "manager" else "/staff", within[0], within=within)
            assert len(pages) > (1 if who == "company" else 2)
            for address, text in pages.items():
                assert not PAID.findall(NO_WORD.sub("", shown(text))), (state, who, address)
    assert db.session.scalar(letters) == before, "no message speaks of pay"


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_each_language_says_it_once_it_is_so(app: Flask, cohort: Cohort, language: str) -> None:
    run = approved(cohort, JANUARY)
    client = promotions.browser(app, promotions.candidate(1))
    client.get(f"/language/{language}")
    with speaking(language):
        told = gettext(SAID[0]).split("%")[0].strip()
    pages = ("/my", f"/my/stipends/{lines(run)[0].reference}")
    for state in ("approved", "exported"):
        step(run, state)
        assert not any(told in client.get(page).text for page in pages)
    with writing():
        outcomes.mark_paid(SYSTEM, run.reference, clock.today())
    assert all(told in client.get(page).text for page in pages)
