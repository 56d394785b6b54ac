"""Enrolment: with the acceptance or when the cohort opens, once, with the bank details taken along."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from bench.statements import beside_frame
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.journey.actions import sending
from cohortmgr.audit.models import Event
from cohortmgr.base import crypto
from cohortmgr.base.db import db, see, writing
from cohortmgr.base.errors import NotFound, NotPermitted
from cohortmgr.cohorts import actions, queries
from cohortmgr.cohorts.models import Cohort, Enrolment
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.selection.actions import offers
from cohortmgr.selection.models import Offer
from cohortmgr.stipends.models import BankDetails
from tests.factories import promotions
from tests.watch import rows_of

Statements = Callable[[], AbstractContextManager[list[str]]]


def test_opening_enrols_those_who_accepted_once(system_context: AppContext) -> None:
    intake = promotions.accepted(3, without_rib=[2])
    for _ in range(2):
        with writing():
            cohort = actions.open_cohort(SYSTEM, intake.reference)
    assert (rows_of(Cohort), rows_of(Enrolment), rows_of(BankDetails)) == (1, 3, 2)
    assert {row.state for row in promotions.enrolments_of(cohort)} == {"pending"}
    assert {row.starts_on for row in promotions.enrolments_of(cohort)} == {intake.starts_on}
    first = db.session.scalars(sa.select(BankDetails).order_by(BankDetails.id)).first()
    assert first is not None
    assert first.last4 == promotions.rib(1)[-4:]
    assert crypto.unseal(first.sealed, "bank_details", "sealed", first.reference) == promotions.rib(1)
    assert promotions.rib(1).encode() not in first.sealed
    taken = sa.select(sa.func.count()).where(Event.action == "stipends.take_bank_details")
    assert db.session.scalar(taken) == 2


def _offered(intake: Intake) -> str:
    """One offer that waits for its answer, its seat counted."""
    with writing():
        offer = db.session.scalars(sa.select(Offer)).one()
        offer.deadline = offer.deadline.replace(year=2999)
        db.session.get_one(Offering, offer.offering_id).taken = 1
    return offer.reference


def test_accepting_enrols_in_the_same_transaction(app: Flask, system_app: Flask) -> None:
    with system_app.app_context():
        intake = promotions.accepted(1, state="sent")
        offer = _offered(intake)
        with writing():
            actions.open_cohort(SYSTEM, intake.reference)
        assert rows_of(Enrolment) == 0
        viewer = promotions.candidate(1)
    with app.app_context():
        see(viewer.institutions, viewer.person_id)
        for _ in range(2):
            with writing():
                offers.answer_offer(viewer, offer, True)
        assert [row.Enrolment.state for row in queries.mine(viewer)] == ["pending"]
    with system_app.app_context():
        assert (rows_of(Enrolment), rows_of(BankDetails)) == (1, 1)


def test_withdrawing_ends_the_enrolment_and_frees_the_seat(app: Flask, system_app: Flask) -> None:
    with system_app.app_context():
        intake = promotions.accepted(1)
        with writing():
            held = db.session.scalars(sa.select(Offer.offering_id)).one()
            db.session.get_one(Offering, held).taken = 1
            actions.open_cohort(SYSTEM, intake.reference)
        viewer = promotions.candidate(1)
        file = db.session.scalars(sa.select(Application.reference)).one()
    with app.app_context():
        see(viewer.institutions, viewer.person_id)
        for _ in range(2):
            with writing():
                sending.withdraw(viewer, file)
    with system_app.app_context():
        left = db.session.scalars(sa.select(Enrolment)).one()
        assert (left.state, left.ends_on) == ("withdrawn", None), "who was not confirmed never began"
        assert db.session.scalars(sa.select(Offering.taken).where(Offering.taken > 0)).all() == []


def test_confirming_twice_confirms_once(system_context: AppContext) -> None:
    intake = promotions.accepted(2)
    with writing():
        cohort = actions.open_cohort(SYSTEM, intake.reference)
    counts = []
    for _ in range(2):
        with writing():
            counts.append(actions.confirm(SYSTEM, cohort.reference))
    assert counts == [2, 0]


def test_only_those_who_manage_open_and_confirm(system_context: AppContext) -> None:
    intake = promotions.accepted(1)
    trainer = promotions.staff(intake, Role.TRAINER)
    finance = promotions.staff(intake, Role.FINANCE)
    with pytest.raises(NotPermitted), writing():
        actions.open_cohort(trainer, intake.reference)
    manager = promotions.staff(intake, Role.CENTRE_MANAGER)
    with writing():
        cohort = actions.open_cohort(manager, intake.reference)
    with pytest.raises(NotPermitted), writing():
        actions.confirm(trainer, cohort.reference)
    with pytest.raises(NotFound), writing():
        actions.confirm(finance, cohort.reference)
    assert db.session.scalars(queries.visible(finance, "cohorts.read")).all() == []
    assert [row.id for row in db.session.scalars(queries.visible(trainer, "cohorts.read"))] == [cohort.id]


@pytest.mark.parametrize(("people", "offered"), [(0, False), (1, True)])
def test_a_cohort_is_opened_once_seats_are_offered(
    app: Flask, system_context: AppContext, people: int, offered: bool
) -> None:
    """Before the decisions there is nobody whom it could unite."""
    intake = promotions.accepted(people)
    page = f"/staff/intakes/{intake.reference}"
    manager = promotions.browser(app, promotions.staff(intake, Role.CENTRE_MANAGER))
    trainer = promotions.browser(app, promotions.staff(intake, Role.TRAINER))
    assert ("Ouvrir la promotion" in manager.get(page).text) is offered
    assert "Ouvrir la promotion" not in trainer.get(page).text
    manager.post(f"{page}/cohort")
    assert "Ouvrir la promotion" not in manager.get(page).text


def test_the_page_of_a_cohort(app: Flask, system_context: AppContext, statements: Statements) -> None:
    counts = []
    intake = promotions.accepted(12)
    client = promotions.browser(app, promotions.staff(intake, Role.CENTRE_MANAGER))
    answer = client.post(f"/staff/intakes/{intake.reference}/cohort")
    assert answer.status_code == 302
    with statements() as seen:
        page = client.get(answer.location)
    counts.append(len(beside_frame(seen)))
    assert page.status_code == 200
    assert "Prénom Nom 12" in page.text
    assert "Confirmer 12 inscriptions" in page.text
    with writing():
        first = sa.select(sa.func.min(Enrolment.id)).scalar_subquery()
        db.session.execute(sa.delete(Enrolment).where(Enrolment.id > first))
    with statements() as seen:
        assert "Confirmer 1 inscription" in client.get(answer.location).text
    counts.append(len(beside_frame(seen)))
    # One of them reads which institutions stand below the viewer's role, which is in the tree.
    assert counts[0] == counts[1] <= 9, counts
    assert client.post(f"{answer.location}/confirm").status_code == 302
    assert "Confirmer" not in client.get(answer.location).text
    stranger = promotions.browser(app, promotions.someone(Role.CENTRE_MANAGER, "ma.other.", 999, "stranger"))
    assert stranger.get(answer.location).status_code == 404
