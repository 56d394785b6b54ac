"""From the waiting list of a choice under bounds nobody is called past them, nor past the seats that were sealed."""

from __future__ import annotations

import html
import re

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.journey.actions import sending
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.programmes.models import Intake
from cohortmgr.selection import tasks
from cohortmgr.selection.actions import decisions
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.models import Batch, Decision, Offer
from tests.factories.choices import (
    ADMINISTRATOR,
    MANAGER,
    SEASON,
    browser,
    known,
    read,
    readers,
    seal,
    sent,
    someone,
)

pytestmark = pytest.mark.usefixtures("system_context")


def approved(*bounds: Bound, files: int = 8, seats: int = 3, north: tuple[int, ...] = (1, 2, 3)) -> Intake:
    """An approved choice in which these files are of the north, and all others of the south."""
    intake = sent(files, seats=seats)
    someone(intake, Role.SELECTION_MANAGER)
    someone(intake, Role.PROGRAMME_ADMINISTRATOR)
    with writing():
        for file in db.session.scalars(sa.select(Application)):
            region = "MA-01" if int(file.number[5:]) in north else "MA-08"
            file.region, file.answers = region, {**file.answers, "region": region}
    seal(intake, *bounds)
    read(intake, readers(intake))
    with clock.at(SEASON):
        with writing():
            batch = decisions.propose(known(MANAGER), intake.reference)
        with writing():
            decisions.approve(known(ADMINISTRATOR), batch.reference, str(batch.summary["offer"]))
        tasks.call(lambda: False)
    return intake


def holders() -> set[int]:
    """The numbers of those who hold a seat."""
    db.session.rollback()
    wanted = sa.select(Application.number).join(Offer, Offer.application_id == Application.id)
    found = db.session.scalars(wanted.where(Offer.state.in_(["sent", "accepted"])))
    return {int(number[5:]) for number in found}


def give_up(number: int) -> None:
    reference = db.session.scalar(
        sa.select(Application.reference).where(Application.number == f"MDIA-{number:06}")
    )
    with clock.at(SEASON):
        with writing():
            sending.withdraw(known(f"c{number}@exemple.ma"), str(reference))
        tasks.call(lambda: False)


def test_seats_that_a_ceiling_leaves_empty_stay_so() -> None:
    approved(Bound({"region": "MA-01"}, None, 2), files=5, seats=4, north=(1, 2, 3, 4))
    assert holders() == {1, 2, 5}


def test_a_seat_of_a_hard_floor_goes_to_its_group_again() -> None:
    approved(Bound({"region": "MA-08"}, 1), north=(1, 2, 3, 4, 5))
    assert holders() == {1, 2, 6}
    give_up(6)
    assert holders() == {1, 2, 7}
    give_up(2)
    assert holders() == {1, 7, 3}, "then the best is called"


def test_a_soft_floor_calls_its_group_while_one_waits() -> None:
    approved(Bound({"region": "MA-08"}, 2, None, hard=False), files=5, north=(1, 2, 3))
    assert holders() == {1, 4, 5}
    give_up(5)
    assert holders() == {1, 4, 2}


def test_seats_added_after_the_seal_are_called_by_nobody() -> None:
    intake = approved(Bound({"region": "MA-08"}, 1, None, hard=False))
    before = holders()
    with writing():
        db.session.execute(sa.text("UPDATE offerings SET seats = 5 WHERE intake_id = :i"), {"i": intake.id})
    with clock.at(SEASON):
        tasks.call(lambda: False)
    assert holders() == before and len(before) == 3


def texts_of(app: Flask, intake: Intake, number: int) -> tuple[str, str]:
    """The page of the batch, and the answer of a file."""
    batch = db.session.scalars(sa.select(Batch).where(Batch.intake_id == intake.id)).one()
    wanted = sa.select(Decision.reference).join(Application, Application.id == Decision.application_id)
    decision = db.session.scalar(wanted.where(Application.number == f"MDIA-{number:06}"))
    with clock.at(SEASON):
        staff = browser(app, known(ADMINISTRATOR)).get(f"/staff/batches/{batch.reference}").text
        own = browser(app, known(f"c{number}@exemple.ma")).get(f"/my/offers/{decision}").text
    return html.unescape(staff), html.unescape(own)


def test_a_seat_that_nobody_who_waits_may_have_is_told_with_its_bound(app: Flask) -> None:
    intake = approved(Bound({"region": "MA-08"}, 1), files=5, north=(1, 2, 3, 4))
    assert holders() == {1, 2, 5}
    staff, own = texts_of(app, intake, 3)
    assert "offerte à personne" not in staff and "avec qui les bornes tiennent le mieux" in staff
    assert "dont le rang suit le vôtre" in own
    give_up(5)
    assert holders() == {1, 2}
    staff, _own = texts_of(app, intake, 3)
    assert "1 place libre n’est offerte à personne" in staff
    assert re.search(r"Drâa-Tafilalet \(Région\)\s*:\s*au moins 1", staff)


def test_a_choice_without_bounds_calls_the_next_and_says_so(app: Flask) -> None:
    intake = approved(files=5)
    staff, own = texts_of(app, intake, 4)
    assert "à la suivante" in staff and "dont le rang suit le vôtre" not in own
