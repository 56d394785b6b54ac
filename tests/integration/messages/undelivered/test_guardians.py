"""A guardian's letter that came back is a task for staff, as a candidate's own is, and names no hidden child."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.accounts.actions.people import set_person
from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.guardians.queries import contact_of
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.messages.undelivered.models import DeliveryTrouble
from cohortmgr.outbox.delivery.actions.outcomes import tell
from cohortmgr.outbox.models import Message
from tests.integration.applications.guardians import children
from tests.integration.applications.journey import steps

CHILDS_OWN = "+212612000077"
NEW = "+212612000055"


@pytest.fixture
def office(system_context: AppContext, app: Flask, client: FlaskClient) -> Iterator[FlaskClient]:
    """A manager, signed in, once the message by which a guardian was asked for two children could not be delivered."""
    with clock.at(children.NOW):
        intake = children.open_junior()
        children.club(client)
        children.enrol(client, intake, children.child(1), children.child(2))
        db.session.rollback()
        with writing() as session:
            row = session.scalars(sa.select(Application).where(Application.name.contains("Badr"))).one()
            set_person(session.get_one(Person, row.person_id), {"phone": CHILDS_OWN})
            message = session.scalars(sa.select(Message).where(Message.key == "guardian_asked")).one()
            for _twice in range(2):
                tell(message, {"state": "set_aside", "error": "no such number"})
        found = steps.browser(app)
        children.club(found, Role.SELECTION_MANAGER, "office")
        yield found


def trouble() -> DeliveryTrouble:
    db.session.rollback()
    return db.session.scalars(sa.select(DeliveryTrouble).execution_options(populate_existing=True)).one()


def test_staff_see_who_could_not_be_reached_and_no_hidden_child(office: FlaskClient) -> None:
    page = office.get("/staff/troubles").text
    assert "Amina Alaoui" in page and "•••• 01" in page and "Tuteur légal" in page
    file = db.session.scalars(sa.select(Application)).first()
    assert file is not None and "Adam" not in page and "Badr" not in page and file.number not in page
    assert "1 message" in office.get("/staff").text


def test_a_new_number_is_written_and_the_letter_leaves_again_once(office: FlaskClient) -> None:
    address = f"/staff/troubles/{trouble().reference}/correct"
    for _twice in range(2):
        assert office.post(address, data={"email": "06 12 00 00 55"}).status_code == 302
    held = trouble()
    assert held.resolution == "corrected"
    assert contact_of(db.session.get_one(Person, held.person_id)).address == NEW
    first, second = children.sent("guardian_asked")
    assert (first["address"], second["address"]) == (children.MOTHER, NEW)
    assert first["token"] == second["token"]
    channels = db.session.scalars(sa.select(Message.channel).where(Message.key == "guardian_asked"))
    assert set(channels) == {"sms"}


@pytest.mark.parametrize("typed", ["0612000001", "06 12 00 00 77", "", "0522000000", "amina@", "12"])
def test_the_old_number_the_child_s_own_and_what_is_none_are_refused(office: FlaskClient, typed: str) -> None:
    address = f"/staff/troubles/{trouble().reference}/correct"
    answer = office.post(address, data={"email": typed})
    assert answer.status_code == 422 and "error-summary" in answer.text
    assert trouble().resolved_at is None and len(children.sent("guardian_asked")) == 1


def test_an_address_takes_the_number_s_place(office: FlaskClient) -> None:
    address = f"/staff/troubles/{trouble().reference}/correct"
    assert office.post(address, data={"email": "Amina@Exemple.ma"}).status_code == 302
    db.session.rollback()
    newest = db.session.scalars(
        sa.select(Message).where(Message.key == "guardian_asked").order_by(Message.id.desc())
    ).first()
    assert newest is not None and newest.channel == "email" and newest.person_id is None
    assert children.sent("guardian_asked")[-1]["address"] == "amina@exemple.ma"
