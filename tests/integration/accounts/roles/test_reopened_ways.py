"""A way that five wrong answers closed is shown on its person's page, and opened again there by who manages them."""

from __future__ import annotations

import pytest
from flask import Flask

from cohortmgr.accounts.actions import doors, people
from cohortmgr.accounts.bearers import ANSWERS
from cohortmgr.accounts.contacts import Contact, as_dialled
from cohortmgr.accounts.models import Account, Person
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.base.db import db, writing
from tests.factories.choices import browser, someone
from tests.integration.accounts.entering import letters
from tests.integration.accounts.roles.colleagues import acts, outside, staffed

pytestmark = pytest.mark.usefixtures("system_context")
ADDRESS, PHONE = Contact("email", "lina@inpt.ma"), Contact("sms", "+212612345678")


def close(*contacts: Contact) -> None:
    for contact in contacts:
        for _ in range(ANSWERS):
            with writing():
                doors.count_wrong(contact, [])
        assert doors.shut(contact)


def test_the_page_of_a_person_opens_each_closed_way_once_and_tells_it(app: Flask, system_app: Flask) -> None:
    _intake, admin, lina = staffed()
    with writing() as session:  # a number that her file says, and that enters no account
        people.set_person(session.get_one(Person, lina.person_id), {"phone": PHONE.address})
    desk, page = browser(app, admin), f"/staff/people/{lina.reference}"
    assert "Cette voie est fermée" not in desk.get(page).text
    close(ADDRESS, PHONE)
    seen = desk.get(page).text
    assert seen.count("Cette voie est fermée") == 2 and seen.count("Rouvrir cette voie") == 1
    assert "lina@inpt.ma" in seen and as_dialled(PHONE.address) in seen and "fermée jusqu’au" in seen
    for _ in range(2):  # a second press changes nothing
        assert desk.post(f"{page}/reopen-ways").status_code == 302
    db.session.rollback()
    assert not doors.shut(ADDRESS) and not doors.shut(PHONE)
    with writing():
        assert doors.count_wrong(ADDRESS, []).left == ANSWERS - 1, "five answers again"
    assert "Cette voie est fermée" not in desk.get(page).text
    told = {content["address"] for _message, content in letters(system_app, "door_reopened")}
    assert told == {ADDRESS.address, PHONE.address}
    assert [name for name, _values in acts("accounts.reopen_door")] == ["accounts.reopen_door"] * 2


def test_who_manages_them_not_and_they_themselves_neither_see_it_nor_open_it(app: Flask) -> None:
    intake, admin, lina = staffed()
    away = outside(intake, Role.PROGRAMME_ADMINISTRATOR, "loin")
    with writing():  # a role that this administrator does not manage
        elsewhere = ("organisation", "x", "ma.ailleurs.", [intake.institution_id + 900])
        people.grant(SYSTEM, db.session.get_one(Account, lina.account_id), Role.FINANCE, *elsewhere)
    close(ADDRESS, Contact("email", admin.email))
    page = f"/staff/people/{lina.reference}"
    assert "Cette voie est fermée" not in browser(app, admin).get(page).text
    own = f"/staff/people/{admin.reference}"
    assert "Cette voie est fermée" not in browser(app, admin).get(own).text
    for viewer, where in ((admin, page), (away, page), (someone(intake, Role.SELECTION_MANAGER), page)):
        assert browser(app, viewer).post(f"{where}/reopen-ways").status_code == 404
    browser(app, admin).post(f"{own}/reopen-ways")
    db.session.rollback()
    assert doors.shut(ADDRESS) and doors.shut(Contact("email", admin.email))
