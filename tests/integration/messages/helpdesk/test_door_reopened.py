"""Whoever administers people opens again, on the task that told it, the question that five wrong answers closed."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.actions import doors
from cohortmgr.accounts.bearers import ANSWERS
from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db, writing
from cohortmgr.messages.helpdesk.models import HelpRequest, ThreadEntry
from cohortmgr.programmes.queries import intake_of
from tests.factories.choices import browser, sent, someone
from tests.integration.accounts.entering import letters
from tests.integration.accounts.roles.colleagues import acts, outside

pytestmark = pytest.mark.usefixtures("system_context")
FAMILY, PHONE = Contact("email", "famille@exemple.ma"), Contact("sms", "+212612345678")


def closed(contact: Contact) -> tuple[str, Viewer, Viewer]:
    """(address of the page of the task that tells of it, administrator, manager)."""
    intake = sent(1)
    admin, manager = (
        someone(intake, Role.PROGRAMME_ADMINISTRATOR, "admin"),
        someone(intake, Role.SELECTION_MANAGER),
    )
    person_id = db.session.scalars(sa.select(Application.person_id)).one()
    for _ in range(ANSWERS):
        with writing():
            doors.count_wrong(contact, [person_id])
    assert doors.shut(contact)
    reference = db.session.scalars(sa.select(HelpRequest.reference)).one()
    return f"/staff/questions/{reference}", admin, manager


@pytest.mark.parametrize("contact", [FAMILY, PHONE])
def test_the_task_opens_the_way_again_and_the_person_is_told(
    app: Flask, system_app: Flask, contact: Contact
) -> None:
    page, admin, manager = closed(contact)
    desk, colleague = browser(app, admin), browser(app, manager)
    assert "Rouvrir cette voie" in desk.get(page).text
    seen = colleague.get(page).text
    assert "Cette voie est fermée" in seen and "Rouvrir cette voie" not in seen, "who may, is said"
    assert colleague.post(f"{page}/reopen-door").status_code == 404
    db.session.rollback()
    assert doors.shut(contact)
    assert desk.post(f"{page}/reopen-door").status_code == 302
    db.session.rollback()
    assert not doors.shut(contact)
    with writing():
        assert doors.count_wrong(contact, []).left == ANSWERS - 1, "five answers again"
    text = desk.get(page).text
    assert "La question est de nouveau posée" in text and "Rouvrir cette voie" not in text
    [(message, told)] = letters(system_app, "door_reopened")
    assert told["address"] == contact.address and message.channel == contact.channel
    assert [name for name, _values in acts("accounts.reopen_door")] == ["accounts.reopen_door"]
    assert desk.post(f"{page}/reopen-door").status_code == 302, "a second click changes nothing"
    assert len(letters(system_app, "door_reopened")) == 1


def test_no_other_question_and_nobody_of_another_institution_opens_one(app: Flask) -> None:
    page, admin, _manager = closed(FAMILY)
    away = outside(intake_of("mdia", "2025"), Role.PROGRAMME_ADMINISTRATOR, "loin")
    assert browser(app, away).post(f"{page}/reopen-door").status_code == 404
    with writing():  # as any other question
        db.session.execute(sa.update(ThreadEntry).values(once="other"))
    assert browser(app, admin).post(f"{page}/reopen-door").status_code == 404
    assert doors.shut(FAMILY)
