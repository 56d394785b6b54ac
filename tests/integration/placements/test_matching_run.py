"""The run of the matching, its approval by a second person, and what follows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.journey.actions import sending
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotPermitted, Refused
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.cohorts.models import Enrolment
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import content_of
from cohortmgr.outbox.texts.display.rendering import Rendered, render_all
from cohortmgr.placements.actions import positions, runs
from cohortmgr.placements.matching import verify
from cohortmgr.placements.models import MatchingRun, Placement, Score, Wish
from cohortmgr.placements.queries import board, placements
from cohortmgr.programmes.models import Offering
from cohortmgr.selection.models import Offer
from tests.factories import promotions
from tests.watch import rows_of

Statements = Callable[[], AbstractContextManager[list[str]]]


def test_thirty_people_find_thirty_seats_with_a_certificate(system_context: AppContext) -> None:
    cohort, run = promotions.matched(30)
    assert verify(run.certificate) == []
    assert len(run.certificate["assignment"]) == 30
    shown = board.of(cohort)
    assert (shown.blocking, shown.faults, shown.unplaced) == (0, (), ())
    assert [(company.seats, company.placed) for company in shown.companies] == [
        (8, 8),
        (8, 8),
        (7, 7),
        (7, 7),
    ]
    assert sum(shown.got(rank) for rank in range(1, 5)) == 30
    order = [row.Position.reference for row in placements.positions_of(cohort.id)]
    enrolment = promotions.enrolments_of(cohort)[0]
    viewer = promotions.candidate(1)
    with pytest.raises(Refused), writing():
        positions.state_wishes(viewer, enrolment.reference, order)
    position = placements.positions_of(cohort.id)[0].Position
    with pytest.raises(Refused), writing():
        positions.give_scores(SYSTEM, position.reference, {}, position.version)


def test_running_again_is_the_same_run_and_calling_off_opens_the_wishes(system_context: AppContext) -> None:
    cohort, run = promotions.matched(3)
    with writing():
        assert runs.run_matching(SYSTEM, cohort.reference).reference == run.reference
    assert rows_of(MatchingRun) == 1
    for _ in range(2):
        with writing():
            runs.cancel_matching(SYSTEM, run.reference)
    assert {row.Position.state for row in placements.positions_of(cohort.id)} == {"open"}
    with writing():
        again = runs.run_matching(SYSTEM, cohort.reference)
    assert again.reference != run.reference
    assert again.certificate["sha256"] == run.certificate["sha256"]
    assert again.seed == run.seed == cohort.reference


def test_those_without_wish_or_score_are_told_why(system_context: AppContext) -> None:
    cohort = promotions.wished(3)
    two = promotions.enrolments_of(cohort)[1]
    for row in placements.company_positions(SYSTEM):
        with writing():
            positions.give_scores(SYSTEM, row.Position.reference, {two.reference: ""}, row.Position.version)
    with writing():
        runs.run_matching(SYSTEM, cohort.reference)
    [alone] = board.of(cohort).unplaced
    assert alone.name == "Prénom Nom 02"
    assert alone.why is not None and alone.why.what.startswith("Aucune des entreprises")


def _leave(number: int) -> None:
    """Person number so-and-so withdraws the application."""
    viewer = promotions.candidate(number)
    file = sa.select(Application.reference).where(Application.person_id == viewer.person_id)
    with writing():
        sending.withdraw(viewer, db.session.scalars(file).one())


def _seats_counted(people: int) -> None:
    with writing():
        db.session.execute(
            sa.update(Offering).where(Offering.id.in_(sa.select(Offer.offering_id))).values(taken=people)
        )


def test_whoever_left_since_the_run_is_not_placed(system_context: AppContext) -> None:
    cohort, run = promotions.matched(3)
    _seats_counted(3)
    _leave(2)
    with pytest.raises(Refused, match="recalculez"), writing():
        runs.approve_matching(Viewer("second", is_system=True), run.reference, "3")
    assert rows_of(Placement) == 0
    with writing():
        runs.cancel_matching(SYSTEM, run.reference)
    with writing():
        again = runs.run_matching(SYSTEM, cohort.reference)
    with writing():
        runs.approve_matching(Viewer("second", is_system=True), again.reference, "2")
    assert rows_of(Placement) == 2


@pytest.mark.parametrize(("day", "state"), [(date(2025, 12, 1), "cancelled"), (date(2026, 1, 20), "broken")])
def test_leaving_ends_the_placement_and_the_company_sees_it_no_more(
    system_context: AppContext, day: date, state: str
) -> None:
    cohort = promotions.placed(3)
    _seats_counted(3)
    placement = placements.placement_of(promotions.enrolments_of(cohort)[0].id)
    assert placement is not None
    with clock.at(clock.instant(day, 10)):
        _leave(1)
    db.session.refresh(placement)
    assert placement.state == state
    seen = [row.Placement.id for row in placements.apprentices(SYSTEM)]
    assert len(seen) == 2 and placement.id not in seen


def test_a_second_person_approves_and_everyone_is_told(app: Flask, system_context: AppContext) -> None:
    intake_of = cohorts.intake_of
    cohort = promotions.wished(4)
    intake = intake_of(cohort)
    manager, admin = (
        promotions.staff(intake, Role.CENTRE_MANAGER),
        promotions.staff(intake, Role.PROGRAMME_ADMINISTRATOR),
    )
    contacts = [promotions.contact(intake, key) for key in promotions.COMPANIES]
    tutor = promotions.contact(intake, "inwi", Role.TUTOR)
    page = promotions.browser(app, manager)
    assert page.post(f"/staff/cohorts/{cohort.reference}/placements/run").status_code == 302
    run = placements.latest_run(cohort.id)
    assert run is not None
    with pytest.raises(NotPermitted), writing():
        runs.approve_matching(manager, run.reference, "4")
    second = promotions.browser(app, admin)
    wrong = second.post(f"/staff/matchings/{run.reference}/approve", data={"confirmation": "3"})
    assert wrong.status_code == 422 and "data-error-summary" not in wrong.text
    assert 'class="field-error" id="confirm-' in wrong.text, "it is told beside its field"
    assert rows_of(Placement) == 0
    for _ in range(2):
        answer = second.post(f"/staff/matchings/{run.reference}/approve", data={"confirmation": "4"})
        assert answer.status_code == 302
    assert rows_of(Placement) == 4
    messages = db.session.scalars(sa.select(Message).order_by(Message.id)).all()
    made = [message for message in messages if message.key == "placement_made"]
    assert sorted(message.language for message in made) == ["ar", "ar", "en", "fr"]
    assigned = [message for message in messages if message.key == "apprentices_assigned"]
    taking = {row.company_id for row in db.session.scalars(sa.select(Placement))}
    assert len(assigned) == len(taking)
    assert {message.person_id for message in assigned} <= {contact.person_id for contact in contacts}
    assert tutor.person_id not in {message.person_id for message in assigned}
    for message in messages:
        content = content_of(message)
        assert content is not None
        with app.test_request_context():
            [words] = render_all([message], [content])
            assert isinstance(words, Rendered)
            subject, body = words.subject, words.text
        assert subject and "http" in body
    row = placements.mine(promotions.candidate(1))[0]
    assert row.company is not None and row.starts_on.isoformat() == "2026-01-05"


def test_one_who_ran_it_does_not_approve_it(app: Flask, system_context: AppContext) -> None:
    cohort = promotions.wished(2)
    admin = promotions.staff(cohorts.intake_of(cohort), Role.PROGRAMME_ADMINISTRATOR)
    with writing():
        run = runs.run_matching(admin, cohort.reference)
    with pytest.raises(Refused, match="deuxième personne"), writing():
        runs.approve_matching(admin, run.reference, "2")
    with pytest.raises(Refused), writing():
        runs.approve_matching(SYSTEM, run.reference, "2 ou 3")
    page = promotions.browser(app, admin).get(f"/staff/cohorts/{cohort.reference}/placements")
    assert page.status_code == 200
    assert run.certificate["sha256"] in page.text
    assert "Approuver et prévenir" not in page.text
    nobody = promotions.browser(app, admin).get(f"/staff/cohorts/{cohort.reference}/placements?who=unplaced")
    assert "Voir toute la promotion" in nobody.text and 'data-filters="members"' not in nobody.text


def test_an_empty_cohort_is_not_matched(system_context: AppContext) -> None:
    cohort = promotions.enrolled(1)
    with writing():
        positions.open_positions(SYSTEM, cohort.reference)
    with pytest.raises(Refused), writing():
        runs.run_matching(SYSTEM, cohort.reference)


def test_the_board_reads_no_more_for_more_people(system_context: AppContext, statements: Statements) -> None:
    cohort = promotions.wished(12)
    with statements() as many:
        assert len(board.of(cohort).members) == 12
    gone = [row.id for row in promotions.enrolments_of(cohort)[3:]]
    with writing():
        for table in (Score, Wish):
            db.session.execute(sa.delete(table).where(table.enrolment_id.in_(gone)))
        db.session.execute(sa.delete(Enrolment).where(Enrolment.id.in_(gone)))
    with statements() as few:
        assert len(board.of(cohort).members) == 3
    assert len(many) == len(few) <= 6
