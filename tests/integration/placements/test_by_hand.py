"""Whoever came after the matching, or whose company broke off, is placed by hand by two people (finding 12)."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.cohorts import actions as cohort_actions
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.cohorts.models import Cohort, Enrolment
from cohortmgr.outbox.models import Message
from cohortmgr.placements.actions import by_hand, runs
from cohortmgr.placements.models import Placement, Position
from cohortmgr.placements.queries import board, placements, standing
from cohortmgr.selection.models import Offer
from cohortmgr.stipends.actions import runs as stipends
from cohortmgr.stipends.models import StipendLine
from tests.factories import promotions

SECOND = Viewer("second", is_system=True)
FEBRUARY = date(2026, 2, 2)


def with_late_comer(people: int = 3) -> tuple[Cohort, Enrolment]:
    """Make a placed cohort in which the last person enrols after the matching was approved."""
    cohort = promotions.placed(people)
    late = promotions.enrolments_of(cohort)[-1]
    with writing():
        db.session.execute(sa.delete(Placement).where(Placement.enrolment_id == late.id))
    return cohort, late


def free_position(cohort: Cohort) -> Position:
    rows = placements.positions_of(cohort.id)
    found: Position = rows[0].Position
    return found


def line_of(cohort: Cohort, enrolment: Enrolment, month: date) -> StipendLine:
    with writing():
        run = stipends.compute(SYSTEM, stipends.open_run(SYSTEM, cohort.reference, month).reference)
    mine = (StipendLine.run_id == run.id, StipendLine.enrolment_id == enrolment.id)
    return db.session.scalars(sa.select(StipendLine).where(*mine)).one()


def test_12_a_late_comer_is_placed_by_two_people_and_then_paid(system_context: AppContext) -> None:
    cohort, late = with_late_comer()
    assert line_of(cohort, late, date(2026, 1, 1)).state == "set_aside"
    position = free_position(cohort)
    given = (late.reference, position.reference, FEBRUARY)
    with pytest.raises(Refused, match="motif"), writing():
        by_hand.propose(SYSTEM, *given, " ")
    for _ in range(2):
        with writing():
            placement = by_hand.propose(SYSTEM, *given, "Inscrite après le calcul")
    assert placements.placement_of(late.id) is None, "nobody is told before the second person"
    with pytest.raises(Refused, match="deuxième personne"), writing():
        by_hand.approve(SYSTEM, placement.reference)
    for _ in range(2):
        with writing():
            by_hand.approve(SECOND, placement.reference)
    told = db.session.scalars(sa.select(Message.key).where(Message.key == "placement_made")).all()
    assert len(told) == 3 + 1
    assert line_of(cohort, late, date(2026, 2, 1)).state == "payable"
    with pytest.raises(Refused, match="déjà une entreprise"), writing():
        by_hand.propose(SYSTEM, *given, "Encore")


def test_12_no_seat_is_taken_twice(system_context: AppContext) -> None:
    cohort, late = with_late_comer(4)
    other = promotions.enrolments_of(cohort)[0]
    position = free_position(cohort)
    with writing():
        db.session.execute(sa.delete(Placement).where(Placement.enrolment_id == other.id))
        taken = standing.seats_taken(cohort.id).get(position.id, 0)
        db.session.get_one(Position, position.id).seats = taken + 1
    with writing():
        placement = by_hand.propose(SYSTEM, late.reference, position.reference, FEBRUARY, "Tardive")
    with pytest.raises(Refused, match="plus de place libre"), writing():
        by_hand.propose(SYSTEM, other.reference, position.reference, FEBRUARY, "Aussi")
    for _ in range(2):
        with writing():
            by_hand.call_off(SYSTEM, placement.reference)
    with writing():
        by_hand.propose(SYSTEM, other.reference, position.reference, FEBRUARY, "Aussi")


def test_12_nobody_is_placed_by_hand_before_the_matching_is_approved(system_context: AppContext) -> None:
    cohort, _run = promotions.matched(2)
    enrolment = promotions.enrolments_of(cohort)[0]
    with pytest.raises(Refused, match="pas encore approuvée"), writing():
        by_hand.propose(SYSTEM, enrolment.reference, free_position(cohort).reference, FEBRUARY, "Vite")


def test_12_who_lost_a_company_is_placed_in_another_and_paid_once(
    app: Flask, system_context: AppContext
) -> None:
    cohort = promotions.placed(3)
    enrolment = promotions.enrolments_of(cohort)[0]
    first = placements.placement_of(enrolment.id)
    assert first is not None
    with pytest.raises(Refused, match="motif"), writing():
        by_hand.break_off(SYSTEM, first.reference, date(2026, 2, 10), "")
    for _ in range(2):
        with writing():
            by_hand.break_off(SYSTEM, first.reference, date(2026, 2, 10), "L’entreprise ferme")
    assert (first.state, first.ends_on) == ("broken", date(2026, 2, 10))
    assert line_of(cohort, enrolment, date(2026, 2, 1)).state == "payable", (
        "the company had her on these days"
    )
    march = line_of(cohort, enrolment, date(2026, 3, 1))
    assert march.state == "set_aside" and "entreprise" in (march.exception or {})["what"]
    shown = board.of(cohort)
    [unplaced] = shown.placeable
    assert "interrompue" in (unplaced.why.what if unplaced.why else "")
    other = next(
        row.Position for row in placements.positions_of(cohort.id) if row.Position.id != first.position_id
    )
    with writing():
        second = by_hand.propose(SYSTEM, enrolment.reference, other.reference, date(2026, 3, 2), "Reprise")
    with writing():
        by_hand.approve(SECOND, second.reference)
    march = line_of(cohort, enrolment, date(2026, 3, 1))
    assert march.state == "payable"
    client = promotions.browser(app, promotions.candidate(1))
    assert client.get("/my").text.count(enrolment.reference) <= 1
    finance = promotions.browser(app, promotions.staff(cohorts.intake_of(cohort), Role.FINANCE))
    run = db.session.get_one(StipendLine, march.id).run_id
    reference = db.session.scalar(sa.text("SELECT reference FROM stipend_runs WHERE id = :r"), {"r": run})
    assert finance.get(f"/staff/stipends/{reference}").text.count(march.reference) == 1


def test_12_who_leaves_while_a_proposal_waits_takes_no_seat(system_context: AppContext) -> None:
    cohort, late = with_late_comer()
    with writing():
        placement = by_hand.propose(
            SYSTEM, late.reference, free_position(cohort).reference, FEBRUARY, "Tardive"
        )
    offer = db.session.scalars(sa.select(Offer).where(Offer.application_id == late.application_id)).one()
    with writing():
        cohort_actions.leave(SYSTEM, offer)
    assert db.session.get_one(Placement, placement.id).state == "cancelled"
    with pytest.raises(Refused), writing():
        by_hand.approve(SECOND, placement.reference)


def test_cards_of_those_placed_elsewhere_vanish_from_a_company(
    app: Flask, system_context: AppContext
) -> None:
    cohort, run = promotions.matched(6)
    row = placements.positions_of(cohort.id)[0]
    before = {each.reference for each in placements.candidates_of(row.Position.id)}
    assert len(before) == 6
    with writing():
        runs.approve_matching(SECOND, run.reference, str(len(run.certificate["assignment"])))
    mine = {name for name, place in run.certificate["assignment"].items() if place == row.Position.reference}
    assert {each.reference for each in placements.candidates_of(row.Position.id)} == mine
    contact = promotions.contact(cohorts.intake_of(cohort), row.key)
    [shown] = placements.company_positions(contact)
    assert (shown.candidates, shown.scored) == (len(mine), len(mine))
    assert (
        promotions.browser(app, contact).get(f"/company/positions/{row.Position.reference}").status_code
        == 200
    )


def test_12_the_pages_place_by_hand_and_keep_what_was_typed(app: Flask, system_context: AppContext) -> None:
    cohort, late = with_late_comer()
    intake = cohorts.intake_of(cohort)
    centre = promotions.browser(app, promotions.staff(intake, Role.CENTRE_MANAGER))
    head = promotions.browser(app, promotions.staff(intake, Role.PROGRAMME_ADMINISTRATOR))
    page = f"/staff/cohorts/{cohort.reference}/placements"
    assert "Placer à la main" in centre.get(page).text
    given = {
        "enrolment": late.reference,
        "position": free_position(cohort).reference,
        "starts_on": "2026-02-02",
        "reason": "",
    }
    wrong = centre.post(f"{page}/by-hand", data=given)
    assert wrong.status_code == 422 and "2026-02-02" in wrong.text and "Écrivez le motif" in wrong.text
    nobody = centre.post(f"{page}/by-hand", data={**given, "enrolment": "", "reason": "Tardive"})
    assert nobody.status_code == 422 and "Choisissez une personne" in nobody.text
    assert centre.post(f"{page}/by-hand", data={**given, "reason": "Tardive"}).status_code == 302
    placement = db.session.scalars(sa.select(Placement).where(Placement.state == "proposed")).one()
    address = f"/staff/placements/{placement.reference}"
    assert "Proposée à la main" in centre.get(page).text and "Tardive" in head.get(address).text
    asked = " ".join(head.get(address).text.split())
    assert "<dd>1 apprenti affecté</dd>" in asked, "what is asked names a number, and the person above it"
    assert centre.post(f"{address}/approve").status_code == 404
    assert head.post(f"{address}/approve").status_code == 302
    broken = centre.post(address, data={"last_day": "2999-01-01", "reason": "Fermeture"})
    assert broken.status_code == 422 and "pas encore venu" in broken.text
    assert centre.post(address, data={"last_day": "2026-03-01", "reason": "Fermeture"}).status_code == 302
    assert "Interrompue" in centre.get(address).text
