"""A company's page: who speaks for it, whom one invites, whose access one takes away."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.actions import people as accounts
from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.models import Account, RoleGrant
from cohortmgr.accounts.roles.models import Invitation
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.base import crypto
from cohortmgr.base.db import db, writing
from cohortmgr.organisations.queries import by_key
from cohortmgr.programmes.models import Intake
from tests.factories.choices import browser, known, sent, someone
from tests.integration.organisations.test_pages import text

pytestmark = pytest.mark.usefixtures("system_context")
COMPANY = "attijariwafa-bank"


@pytest.fixture
def intake() -> Intake:
    return sent(1)


@pytest.fixture
def admin(intake: Intake) -> Viewer:
    return someone(intake, Role.PROGRAMME_ADMINISTRATOR, "admin")


def page_of(key: str) -> str:
    db.session.rollback()
    row = by_key(key)
    assert row is not None
    return f"/staff/organisations/{row.reference}"


def contact(intake: Intake, role: Role = Role.COMPANY_CONTACT) -> None:
    """Salma, who speaks for the company, with an address and a number."""
    row = by_key(COMPANY)
    assert row is not None
    with writing():
        account = accounts.new_account(
            SYSTEM, "salma@banque.ma", "no hash", {"given_name": "Salma", "family_name": "Naciri"}
        )
        number = Contact("sms", "+212661234567")
        account.phone_sealed = crypto.seal(number.address, "accounts", "phone", account.reference)
        account.phone_blind = crypto.blind_index(number.kind, number.address)
        place = ("organisation", row.reference, row.path, [intake.institution_id])
        accounts.grant(SYSTEM, account, role, *place)


def test_its_page_names_who_speaks_for_it_and_how_to_reach_them(
    app: Flask, intake: Intake, admin: Viewer
) -> None:
    client = browser(app, admin)
    page = text(client.get(page_of(COMPANY)))
    assert "Personne n’a encore d’accès pour cette entreprise" in page and "Inviter un contact" in page
    contact(intake)
    page = text(client.get(page_of(COMPANY)))
    for said in ("Salma Naciri", "salma@banque.ma", "06 61 23 45 67", "Contact d’une entreprise"):
        assert said in page, said
    assert "Contacts de l’entreprise" not in text(client.get(page_of("inpt")))
    assert "Salma" not in text(client.get(page_of("inwi")))


def test_one_is_invited_from_there_and_stands_there_until_they_answer(
    app: Flask, intake: Intake, admin: Viewer
) -> None:
    client, page = browser(app, admin), page_of(COMPANY)
    reference = page.rpartition("/")[2]
    address = f"/staff/people/invite?role=company_contact&at={reference}"
    asked = client.get(address).text
    assert 'selected value="company_contact"' in asked and f'selected value="{reference}"' in asked
    data = {"email": "rh@banque.ma", "given_name": "Rim", "family_name": "Alami", "spoken": "fr"}
    answer = client.post(address, data={**data, "role": "company_contact", "scope": reference})
    assert urlsplit(answer.location).path == page
    shown = text(client.get(page))
    assert "Invitation sans réponse" in shown and "Rim Alami" in shown and "rh@banque.ma" in shown
    db.session.rollback()
    (row,) = db.session.scalars(sa.select(Invitation))
    assert row.role == Role.COMPANY_CONTACT and "Rim" not in text(client.get(page_of("inwi")))
    elsewhere = client.post(
        address, data={**data, "email": "b@banque.ma", "role": "tutor", "scope": page_of("inwi")[-26:]}
    )
    assert urlsplit(elsewhere.location).path == "/staff/people", "it was not to this company"


def test_an_access_is_taken_away_from_there(app: Flask, intake: Intake, admin: Viewer) -> None:
    contact(intake, Role.TUTOR)
    client, page = browser(app, admin), page_of(COMPANY)
    db.session.rollback()
    held = db.session.scalars(sa.select(RoleGrant.reference).where(RoleGrant.role == Role.TUTOR)).one()
    assert f"/staff/people/roles/{held}/end" in client.get(page).text
    assert f"/staff/people/roles/{held}/replace" in client.get(page).text
    assert client.post(f"/staff/people/roles/{held}/end", data={"ends_on": ""}).status_code == 302
    assert "Salma" not in text(client.get(page))
    db.session.rollback()
    assert db.session.scalars(sa.select(Account).where(Account.email == "salma@banque.ma")).one()


def test_who_administers_nothing_that_it_takes_part_in_sees_nobody(
    app: Flask, intake: Intake, admin: Viewer
) -> None:
    contact(intake)
    with writing():
        account = accounts.new_account(SYSTEM, "ailleurs@exemple.ma", "no hash", {"given_name": "Ali"})
        accounts.grant(
            SYSTEM, account, Role.PROGRAMME_ADMINISTRATOR, "organisation", "x", "ma.ailleurs.", [9_999]
        )
    page = text(browser(app, known("ailleurs@exemple.ma")).get(page_of(COMPANY)))
    assert "Salma" not in page and "Inviter un contact" not in page
    assert "Qui administre un programme dont cette entreprise est partenaire" in page


def test_the_list_says_by_which_command_a_host_is_added_and_by_whom(
    app: Flask, intake: Intake, admin: Viewer
) -> None:
    client: FlaskClient = browser(app, admin)
    page = text(client.get("/staff/organisations"))
    assert "flask --app wsgi organisations add CLE" in page and "--kind institution" in page
    assert "Qui a la main sur le serveur" in page and "la base de données le refuse" in page
