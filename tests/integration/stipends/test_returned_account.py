"""A transfer that came back is not sent to the same account again unless somebody answers for it."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.ctx import AppContext

from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused, Stale
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.cohorts.models import Cohort
from cohortmgr.stipends.actions import outcomes, payment_files, runs
from cohortmgr.stipends.models import StipendRun
from tests.factories import promotions
from tests.factories.promotions import JANUARY
from tests.integration.stipends.test_outcomes import cancel, handed_over
from tests.integration.stipends.test_sound_figures import (
    APRIL,
    FEBRUARY,
    FULL,
    MARCH,
    approve,
    approved,
    computed,
    give_rib,
    lines,
)


def returned(cohort: Cohort) -> StipendRun:
    """Hand January to the bank, which returns the first line and pays the others."""
    run = handed_over(cohort, JANUARY)
    with writing():
        outcomes.mark_line(SYSTEM, lines(run)[0].reference, clock.today(), True, "Compte clôturé")
    with writing():
        outcomes.mark_paid(SYSTEM, run.reference, clock.today())
    return run


def confirm(run: StipendRun) -> None:
    db.session.refresh(run)
    with writing():
        runs.confirm_account(SYSTEM, lines(run)[0].reference, run.version)


def test_it_is_set_aside_month_after_month_until_the_account_changes(system_context: AppContext) -> None:
    cohort = promotions.placed(2)
    returned(cohort)
    for month in (FEBRUARY, MARCH):
        run = approved(cohort, month)
        line, other = lines(run)
        assert (line.state, other.state) == ("set_aside", "payable")
        assert (
            "revenu de ce compte" in line.exception["what"] and line.exception["values"]["month"] == "01/2026"
        )
    steps = [(item["what"], item["values"].get("month")) for item in lines(run)[0].items]
    assert ("Rappel, %(month)s : revenue de la banque", "01/2026") in steps
    assert ("Rappel, %(month)s : mise de côté", "02/2026") in steps
    give_rib(1, promotions.rib(91))
    april = approved(cohort, APRIL)
    assert (lines(april)[0].state, lines(april)[0].net_cents) == ("payable", 4 * FULL)


def test_somebody_answers_for_the_account_and_again_if_it_gives_back_again(
    system_context: AppContext,
) -> None:
    cohort = promotions.placed(1)
    returned(cohort)
    february = computed(cohort, FEBRUARY)
    with pytest.raises(Stale), writing():
        runs.confirm_account(SYSTEM, lines(february)[0].reference, february.version + 7)
    confirm(february)
    confirm(february)
    assert (lines(february)[0].state, lines(february)[0].net_cents) == ("payable", 2 * FULL)
    with writing():
        runs.compute(SYSTEM, february.reference)
    assert lines(february)[0].state == "payable", "a confirmation outlives the next computing"
    approve(february)
    assert lines(approved(cohort, MARCH))[0].state == "payable"
    with writing():
        payment_files.bank_file(SYSTEM, february.reference)
    with writing():
        outcomes.mark_line(SYSTEM, lines(february)[0].reference, clock.today(), True, "Encore")
    assert lines(computed(cohort, APRIL))[0].state == "set_aside"


def test_a_confirmation_is_of_one_account_and_a_cancelled_month_is_remembered(
    system_context: AppContext,
) -> None:
    cohort = promotions.placed(2)
    january = handed_over(cohort, JANUARY)
    with writing():
        outcomes.mark_line(SYSTEM, lines(january)[0].reference, clock.today(), True, "Compte clôturé")
    cancel(january)
    again = computed(cohort, JANUARY)
    assert lines(again)[0].state == "set_aside", "the month was cancelled, the account is as closed as before"
    confirm(again)
    assert lines(again)[0].state == "payable"
    give_rib(1, promotions.rib(91))
    with writing():
        runs.compute(SYSTEM, again.reference)
    assert not [item for item in lines(again)[0].items if "confirmé" in item["what"]]
    with pytest.raises(Refused, match="rien à confirmer"):
        confirm(again)


def test_the_page_confirms(app: Flask, system_context: AppContext) -> None:
    cohort = promotions.placed(2)
    returned(cohort)
    run = computed(cohort, FEBRUARY)
    line, other = lines(run)
    desk = promotions.browser(app, promotions.staff(cohorts.intake_of(cohort), Role.FINANCE))
    address = f"/staff/stipend-lines/{line.reference}"
    assert "revenu de ce compte" in desk.get(f"/staff/stipends/{run.reference}").text
    assert f"{address}/account" in desk.get(address).text
    assert "/account" not in desk.get(f"/staff/stipend-lines/{other.reference}").text
    done = desk.post(f"{address}/account", data={"version": str(run.version)}, follow_redirects=True)
    assert "Le compte est confirmé" in done.text and "confirmé après un retour" in done.text
    db.session.rollback()
    assert lines(run)[0].state == "payable"


def plain(text: str) -> str:
    """The text with each space that does not break as one that does."""
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_an_approved_month_does_not_pay_an_account_that_gave_a_transfer_back_since(
    app: Flask, system_context: AppContext
) -> None:
    cohort = promotions.placed(2)
    january = handed_over(cohort, JANUARY)
    february = approved(cohort, FEBRUARY)
    with writing():
        outcomes.mark_line(SYSTEM, lines(january)[0].reference, clock.today(), True, "Compte clôturé")
    for act in (payment_files.bank_file, payment_files.payment_sheet):
        with pytest.raises(Refused, match="renvoyé un versement depuis l’accord") as refusal, writing():
            act(SYSTEM, february.reference)
        told = refusal.value.problems[1]
        assert "est revenu de ce compte" in told.what and told.values["month"] == "01/2026"
        assert told.values["name"] == "Prénom Nom 01"
    desk = promotions.browser(app, promotions.staff(cohorts.intake_of(cohort), Role.FINANCE))
    page = desk.post(f"/staff/stipends/{february.reference}/bank-file.csv")
    assert page.status_code == 422 and "Prénom Nom 01 : le versement de 01/2026" in plain(page.text)
    # The way out: cancelled and opened again, the month sets that person aside and pays the others.
    cancel(february)
    again = approved(cohort, FEBRUARY)
    assert [line.state for line in lines(again)] == ["set_aside", "payable"]
    with writing():
        assert b'"TOTAL","1"' in payment_files.bank_file(SYSTEM, again.reference).data


def test_a_return_noted_between_computing_and_approving_stops_the_approval(
    system_context: AppContext,
) -> None:
    cohort = promotions.placed(2)
    january = handed_over(cohort, JANUARY)
    february = computed(cohort, FEBRUARY)
    with writing():
        outcomes.mark_line(SYSTEM, lines(january)[0].reference, clock.today(), True, "Compte clôturé")
    with pytest.raises(Refused, match="a changé depuis le calcul") as refusal:
        approve(february)
    assert refusal.value.problems[0].values["name"] == "Prénom Nom 01"


def test_the_later_month_may_come_back_first_and_a_confirmation_stands(system_context: AppContext) -> None:
    cohort = promotions.placed(2)
    january, february = handed_over(cohort, JANUARY), handed_over(cohort, FEBRUARY)
    with writing():
        outcomes.mark_line(SYSTEM, lines(february)[0].reference, clock.today(), True, "Compte clôturé")
    with pytest.raises(Refused, match="depuis l’accord"), writing():
        payment_files.bank_file(SYSTEM, january.reference)
    cancel(february)
    cancel(january)
    again = computed(cohort, JANUARY)
    assert lines(again)[0].state == "set_aside", "what came back is known of a later month too"
    confirm(again)
    approve(again)
    with writing():
        payment_files.bank_file(SYSTEM, again.reference)
    with writing():  # its own return keeps nobody from reading the file again
        outcomes.mark_line(SYSTEM, lines(again)[0].reference, clock.today(), True, "Encore")
    with writing():
        payment_files.bank_file(SYSTEM, again.reference)
