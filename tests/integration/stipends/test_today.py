"""What of the payments waits stands on the page of today: for finance, and for who approves."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.accounts.actions import people as accounts
from cohortmgr.accounts.models import Account
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.stipends.actions import outcomes, payment_files, runs
from tests.factories import promotions
from tests.factories.promotions import JANUARY
from tests.integration.applications.importing.sheets import words
from tests.integration.stipends.test_sound_figures import FEBRUARY, approve, approved, computed, lines

IN_FEBRUARY = datetime(2026, 2, 20, 9, tzinfo=UTC)


def waiting(client: FlaskClient) -> str:
    """What today's page says that waits, without its marks."""
    client.get("/language/fr")
    text: str = client.get("/staff").text
    return words(text[text.index("Ce qui vous attend") : text.index("Campagnes</h2>")])


def test_finance_finds_each_step_of_a_month_and_what_came_back(
    app: Flask, system_context: AppContext
) -> None:
    cohort = promotions.placed(2)
    finance = promotions.browser(app, promotions.staff(cohorts.intake_of(cohort), Role.FINANCE))
    assert "Mois à préparer : janvier 2026" in waiting(finance)
    assert f"/staff/cohorts/{cohort.reference}/stipends" in waiting(finance)
    with writing():
        run = runs.open_run(SYSTEM, cohort.reference, JANUARY)
    assert "État de paiement à calculer : janvier 2026" in waiting(finance)
    computed(cohort, JANUARY)
    assert "en attente d'une deuxième personne : janvier 2026" in waiting(finance)
    approve(run)
    assert "à remettre à la banque : janvier 2026" in waiting(finance)
    with writing():
        payment_files.bank_file(SYSTEM, run.reference)
    assert "2 versements sans réponse de la banque : janvier 2026" in waiting(finance)
    with writing():
        outcomes.mark_line(SYSTEM, lines(run)[0].reference, clock.today(), True, "Compte clôturé")
    assert "1 versement sans réponse de la banque : janvier 2026" in waiting(finance)
    assert "1 versement revenu de la banque : janvier 2026" in waiting(finance)
    assert f"/staff/stipends/{run.reference}" in waiting(finance)
    with writing():
        outcomes.mark_paid(SYSTEM, run.reference, clock.today())
    assert "revenu de la banque" in waiting(finance) and "sans réponse" not in waiting(finance)
    approved(cohort, FEBRUARY)
    assert "revenu de la banque" not in waiting(finance), "the next month has taken it over"


def test_a_month_is_told_from_the_day_on_which_it_is_payable(app: Flask, system_context: AppContext) -> None:
    cohort = promotions.placed(1)
    finance = promotions.browser(app, promotions.staff(cohorts.intake_of(cohort), Role.FINANCE))
    with clock.at(datetime(2025, 12, 1, 9, tzinfo=UTC)):
        assert "Mois à préparer" not in waiting(finance)
    with clock.at(IN_FEBRUARY):
        assert "Mois à préparer : janvier 2026" in waiting(finance)
        assert "février" not in waiting(finance), "one month of a cohort at a time, in order"


def test_who_approves_finds_the_run_of_another_and_not_their_own(
    app: Flask, system_context: AppContext
) -> None:
    cohort = promotions.placed(1)
    intake = cohorts.intake_of(cohort)
    approver = promotions.staff(intake, Role.PROGRAMME_ADMINISTRATOR)
    both = promotions.staff(intake, Role.PROGRAMME_ADMINISTRATOR, "deux")
    with writing():
        account = db.session.get_one(Account, both.account_id)
        accounts.grant(SYSTEM, account, Role.FINANCE, "scope", "two", intake.path, [intake.institution_id])
    both = promotions.viewer_of("deux@exemple.ma")
    with writing():
        runs.compute(both, runs.open_run(both, cohort.reference, JANUARY).reference)
    assert "attend votre accord" in waiting(promotions.browser(app, approver))
    own = waiting(promotions.browser(app, both))
    assert "attend votre accord" not in own and "en attente d'une deuxième personne" in own
    stranger = promotions.staff(intake, Role.REVIEWER)
    assert "paiement" not in waiting(promotions.browser(app, stranger))
