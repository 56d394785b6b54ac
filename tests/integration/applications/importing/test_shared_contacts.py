"""Before links leave, staff see who shares an address or a number, and will be asked for the number of their file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.importing.queries.invited import invitable
from cohortmgr.applications.importing.queries.sharing import SharedContact, shared_contacts
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from tests.integration.applications.importing import sheets
from tests.integration.applications.importing.sheets import as_csv, load, one, words
from tests.integration.applications.journey import steps

Statements = Callable[[], AbstractContextManager[list[str]]]
NAMES = ("Aya", "Bilal", "Chama", "Driss")
FAMILY, PHONE = "famille@exemple.ma", "06 12 34 56 78"


@pytest.fixture(autouse=True)
def _mdia(system_context: AppContext) -> Iterator[None]:
    with clock.at(sheets.NOW):
        steps.load_mdia()
        yield


def row(number: int, given: str, mail: str, phone: str = "") -> dict[str, str]:
    told = {"cin": f"AB1{number:05}", "massar": f"R1{number:08}", "mail": mail, "name": "TAZI"}
    return {**one(**told, phone=phone or f"0612{number:06}"), "Prénom": given}


def shared() -> list[tuple[str, list[str]]]:
    """What a page shows: each address with the first names of whoever bears it."""
    intake = sheets.intake()
    found = shared_contacts(SYSTEM, intake, invitable(intake, again=True))
    return [(each.address, [name.split()[0] for name, _number in each.people]) for each in found]


def test_the_page_names_whoever_shares_an_address_or_a_number_before_links_leave(client: FlaskClient) -> None:
    load(as_csv(row(1, "Aya", FAMILY), row(2, "Bilal", "FAMILLE@exemple.ma"), row(3, "Chama", "c@exemple.ma", PHONE),
                row(4, "Driss", "d@exemple.ma", PHONE)))  # fmt: skip
    with writing():  # an address as a file of before had it, and somebody who has none any more
        for given, email in (("Bilal", "Famille@exemple.ma"), ("Driss", None)):
            db.session.execute(sa.update(Person).where(Person.given_name == given).values(email=email))
    assert shared() == [("+212612345678", ["Chama", "Driss"]), (FAMILY, ["Aya", "Bilal"])]
    steps.staff(client)
    page = words(client.get(f"/staff/intakes/{sheets.intake().reference}/invitations").text)
    numbers = db.session.scalars(sa.select(Application.number)).all()
    assert "2 adresses ou numéros sont partagés" in page and all(number in page for number in numbers)
    assert "Chacune reçoit son propre message" in page and "Envoyer 4 liens" in page


def test_a_sibling_who_has_an_account_already_counts_and_one_who_withdrew_to_another_file_does_not() -> None:
    load(as_csv(row(1, "Aya", FAMILY), row(2, "Bilal", FAMILY), row(3, "Chama", "c@exemple.ma")))
    aya = db.session.scalars(sa.select(Person).where(Person.given_name == "Aya")).one()
    with writing():
        people.new_account_of(aya, FAMILY, None, proved=True)
    assert shared() == [(FAMILY, ["Aya", "Bilal"])], "Bilal will be asked, for the address enters hers"
    with writing():
        for file in db.session.scalars(sa.select(Application).where(Application.person_id == aya.id)):
            file.state = "superseded"
    assert shared() == []


def test_nobody_is_named_without_the_right_to_read_files_nor_a_child_who_waits(client: FlaskClient) -> None:
    load(as_csv(row(1, "Aya", FAMILY), row(2, "Bilal", FAMILY), row(3, "Chama", FAMILY)))
    enroller = steps.staff(client, Role.GROUP_ENROLLER)
    intake = sheets.intake()
    assert shared_contacts(enroller, intake, invitable(intake, again=True)) == []
    assert "TAZI" not in client.get(f"/staff/intakes/{intake.reference}/invitations").text
    with writing():
        for file in db.session.scalars(sa.select(Application).where(Application.name.startswith("Aya"))):
            file.consent = "waiting"
    assert shared() == [(FAMILY, ["Bilal", "Chama"])]


def test_as_many_statements_for_many_as_for_few(statements: Statements) -> None:
    seen = []
    for start in (0, 20):
        load(
            as_csv(
                *(row(start + n, NAMES[n % 4], f"f{(start + n) // 2}@exemple.ma") for n in range(4 + start))
            )
        )
        intake = sheets.intake()
        everybody = invitable(intake, again=True)
        with statements() as counted:
            found: list[SharedContact] = shared_contacts(SYSTEM, intake, everybody)
        seen.append(len(counted))
        assert len(found) >= 2
    assert seen[0] == seen[1] == 2
