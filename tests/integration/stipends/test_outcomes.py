"""The bank's word line by line, and a run that is cancelled with a reason and opened again (findings 6 and 18)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, NotPermitted, Refused
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.cohorts.models import Cohort
from cohortmgr.stipends.actions import outcomes, payment_files, runs
from cohortmgr.stipends.models import BankDetails, StipendLine, StipendRun
from cohortmgr.stipends.queries import runs as queries
from tests.factories import promotions
from tests.factories.promotions import JANUARY
from tests.integration.stipends.test_sound_figures import (
    APRIL,
    FEBRUARY,
    FULL,
    MARCH,
    SECOND,
    adjust,
    approved,
    computed,
    give_rib,
    lines,
)


def handed_over(cohort: Cohort, month: date) -> StipendRun:
    run = approved(cohort, month)
    with writing():
        payment_files.bank_file(SYSTEM, run.reference)
    db.session.refresh(run)
    return run


def cancel(run: StipendRun, reason: str = "Montants faux") -> StipendRun:
    db.session.refresh(run)
    with writing():
        return outcomes.cancel(SYSTEM, run.reference, reason, run.version)


def test_6_nobody_reads_that_a_stipend_was_paid_before_somebody_said_so(
    app: Flask, system_context: AppContext
) -> None:
    cohort = promotions.placed(1)
    run = approved(cohort, JANUARY)
    client = promotions.browser(app, promotions.candidate(1))
    line = lines(run)[0]
    pages = ("/my", f"/my/stipends/{line.reference}")
    client.get("/language/fr")
    for _ in range(2):
        for page in pages:
            text = client.get(page).text
            assert "Approuvée, le versement était prévu le" in text and "Versée le" not in text
        if run.state == "approved":
            with writing():
                payment_files.bank_file(SYSTEM, run.reference)
    day = clock.today()
    with writing():
        assert outcomes.mark_paid(SYSTEM, run.reference, day) == 1
    for page in pages:
        text = client.get(page).text
        assert "Versée le" in text and "prévu" not in text
    with writing():
        outcomes.mark_line(SYSTEM, line.reference, day, True, "Compte clôturé")
    for page in pages:
        text = client.get(page).text
        assert "Revenue de la banque le" in text and "Versée le" not in text


def test_18_what_the_bank_returned_is_paid_by_the_next_month_and_once(system_context: AppContext) -> None:
    cohort = promotions.placed(2)
    run = handed_over(cohort, JANUARY)
    first, second = lines(run)
    today = clock.today()
    with pytest.raises(Refused, match="motif"), writing():
        outcomes.mark_line(SYSTEM, first.reference, today, True, " ")
    for wrong in (today + timedelta(days=1), clock.local(run.approved_at).date() - timedelta(days=1)):
        with pytest.raises(Refused, match="Choisissez un jour"), writing():
            outcomes.mark_line(SYSTEM, first.reference, wrong, False)
    for _ in range(2):
        with writing():
            outcomes.mark_line(SYSTEM, first.reference, today, True, "Compte clôturé")
    db.session.refresh(run)
    assert run.state == "exported" and queries.waits_for_the_bank(run.id) == 1
    with writing():
        assert outcomes.mark_paid(SYSTEM, run.reference, today) == 1
    db.session.refresh(run)
    assert run.state == "paid"
    give_rib(1, promotions.rib(91))
    assert [line.net_cents for line in lines(approved(cohort, FEBRUARY))] == [2 * FULL, FULL]
    with pytest.raises(Refused, match="déjà repris"), writing():
        outcomes.mark_line(SYSTEM, first.reference, today, False)
    assert [line.net_cents for line in lines(approved(cohort, MARCH))] == [FULL, FULL]
    assert second.paid_on is not None


def test_18_what_comes_back_after_later_months_were_approved_is_not_lost(system_context: AppContext) -> None:
    cohort = promotions.placed(1)
    january = handed_over(cohort, JANUARY)
    with writing():
        outcomes.mark_paid(SYSTEM, january.reference, clock.today())
    approved(cohort, FEBRUARY)
    with writing():
        outcomes.mark_line(SYSTEM, lines(january)[0].reference, clock.today(), True, "Revenu tard")
    give_rib(1, promotions.rib(91))
    march = approved(cohort, MARCH)
    assert lines(march)[0].net_cents == 2 * FULL
    assert {"month": "01/2026"} in [item["values"] for item in lines(march)[0].items]
    assert lines(approved(cohort, APRIL))[0].net_cents == FULL


def test_18_the_bank_says_nothing_of_a_run_whose_file_it_has_not(system_context: AppContext) -> None:
    run = approved(promotions.placed(1), JANUARY)
    for act in (
        lambda: outcomes.mark_paid(SYSTEM, run.reference, clock.today()),
        lambda: outcomes.mark_line(SYSTEM, lines(run)[0].reference, clock.today(), False),
    ):
        with pytest.raises(Refused, match="pas encore le fichier"), writing():
            act()


def test_18_a_cancelled_month_is_opened_again_with_its_adjustments_and_what_it_took_over(
    app: Flask, system_context: AppContext
) -> None:
    cohort = promotions.placed(1)
    kept = db.session.scalars(sa.select(BankDetails)).one()
    with writing():
        blind, kept.blind, kept.sealed = kept.blind, "x", kept.sealed
        db.session.execute(sa.update(BankDetails).values(blind=blind))
    january = computed(cohort, JANUARY)
    adjust(january, lines(january)[0], 2, [])
    january = _approve(january)
    before = lines(january)[0].net_cents
    viewer = promotions.candidate(1)
    assert len(queries.mine(viewer)) == 1
    with pytest.raises(Refused, match="motif"):
        cancel(january, "  ")
    db.session.rollback()
    cancel(january)
    assert cancel(january).state == "cancelled"
    assert queries.mine(viewer) == [], "none of its amounts is paid"
    with pytest.raises(Refused), writing():
        payment_files.bank_file(SYSTEM, january.reference)
    again = computed(cohort, JANUARY)
    assert again.reference != january.reference
    assert lines(again)[0].net_cents == before and lines(again)[0].absences == 2
    with writing():
        assert runs.read_reason(SYSTEM, lines(again)[0]) == "Motif"
    february = computed(cohort, FEBRUARY)
    with pytest.raises(Refused, match="n’est pas approuvé"):
        _approve(february)  # a cancelled month is not a settled one
    db.session.rollback()


def _approve(run: StipendRun) -> StipendRun:
    db.session.refresh(run)
    with writing():
        return runs.approve(SECOND, run.reference, str(run.lines), run.version)


def test_18_cancelling_gives_back_what_was_taken_over_and_needs_the_later_months_cancelled(
    system_context: AppContext,
) -> None:
    cohort = promotions.placed(1)
    january = handed_over(cohort, JANUARY)
    with writing():
        outcomes.mark_line(SYSTEM, lines(january)[0].reference, clock.today(), True, "Revenu")
    give_rib(1, promotions.rib(91))
    february = approved(cohort, FEBRUARY)
    assert lines(february)[0].net_cents == 2 * FULL
    with pytest.raises(Refused):
        cancel(january)
    db.session.rollback()
    cancel(february)
    assert lines(january)[0].taken_by_id is None
    assert lines(approved(cohort, FEBRUARY))[0].net_cents == 2 * FULL


def test_18_a_month_on_which_a_later_one_rests_is_not_cancelled(system_context: AppContext) -> None:
    cohort = promotions.placed(1)
    january, february = approved(cohort, JANUARY), approved(cohort, FEBRUARY)
    with pytest.raises(Refused, match="repose sur celui-ci"):
        cancel(january)
    db.session.rollback()
    cancel(february)
    cancel(january)
    assert lines(approved(cohort, JANUARY))[0].net_cents == FULL


def test_files_leave_in_the_order_of_months_so_that_each_can_be_cancelled_until_it_left(
    app: Flask, system_context: AppContext
) -> None:
    """February paid before January's file: January rests under it for ever, and pays nobody if an account changes."""
    cohort = promotions.placed(2)
    january, february = approved(cohort, JANUARY), approved(cohort, FEBRUARY)
    finance = promotions.staff(cohorts.intake_of(cohort), Role.FINANCE)
    page = promotions.browser(app, finance).post(f"/staff/stipends/{february.reference}/bank-file.csv")
    assert page.status_code == 422 and "L’état de 01/2026 est approuvé" in page.text
    give_rib(1, promotions.rib(91))
    with pytest.raises(Refused, match="depuis l’accord"), writing():
        payment_files.bank_file(SYSTEM, january.reference)
    # The way out stands open: nothing of February left, so both are cancelled and approved again.
    cancel(february)
    cancel(january)
    for month in (JANUARY, FEBRUARY):
        again = handed_over(cohort, month)
        assert [line.state for line in lines(again)] == ["payable", "payable"]


def test_18_a_run_of_which_the_bank_paid_a_line_is_not_cancelled(system_context: AppContext) -> None:
    run = handed_over(promotions.placed(2), JANUARY)
    with writing():
        outcomes.mark_line(SYSTEM, lines(run)[0].reference, clock.today(), False)
    with pytest.raises(Refused, match="a payé des lignes"):
        cancel(run)


def test_18_the_pages_cancel_and_mark(app: Flask, system_context: AppContext) -> None:
    cohort = promotions.placed(2)
    intake = cohorts.intake_of(cohort)
    finance, head = (
        promotions.staff(intake, Role.FINANCE),
        promotions.staff(intake, Role.PROGRAMME_ADMINISTRATOR),
    )
    desk, chief = promotions.browser(app, finance), promotions.browser(app, head)
    run = computed(cohort, JANUARY)
    address = f"/staff/stipends/{run.reference}"
    assert "Annuler cet état" in desk.get(address).text
    run = _approve(run)
    version = str(run.version)
    assert "Annuler cet état" not in desk.get(address).text
    assert desk.post(f"{address}/cancel", data={"reason": "Faux", "version": version}).status_code == 404
    empty = chief.post(f"{address}/cancel", data={"reason": "", "version": version})
    assert empty.status_code == 422 and "Écrivez le motif" in empty.text
    assert desk.post(f"{address}/paid", data={"day": f"{clock.today()}"}).status_code == 422
    assert desk.post(f"{address}/bank-file.csv").status_code == 200
    assert "ne le donnez pas deux fois" in desk.get(address).text
    line = f"/staff/stipend-lines/{lines(run)[0].reference}"
    today = f"{clock.today()}"
    wrong = desk.post(f"{line}/bank", data={"day": today, "returned": "y", "because": ""})
    assert wrong.status_code == 422 and "Écrivez le motif" in wrong.text
    told = {"day": today, "returned": "y", "because": "Compte clôturé"}
    assert chief.post(f"{line}/bank", data=told).status_code == 404
    assert desk.post(f"{line}/bank", data=told).status_code == 302
    assert "Compte clôturé" in desk.get(line).text and "Revenu" in desk.get(address).text
    assert desk.post(f"{address}/paid", data={"day": today}).status_code == 302
    assert db.session.scalar(sa.select(StipendRun.state)) == "paid"
    run = approved(cohort, FEBRUARY)
    address = f"/staff/stipends/{run.reference}"
    gone = chief.post(f"{address}/cancel", data={"reason": "Erreur de mois", "version": str(run.version)})
    assert gone.status_code == 302
    assert "Erreur de mois" in chief.get(address).text
    assert "Abandonné" in desk.get(f"/staff/cohorts/{cohort.reference}/stipends").text
    trainer = promotions.staff(intake, Role.TRAINER)
    with pytest.raises((NotFound, NotPermitted)), writing():
        outcomes.cancel(trainer, run.reference, "x", run.version)
    assert db.session.scalars(sa.select(StipendLine)).first() is not None
