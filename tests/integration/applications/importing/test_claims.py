"""A claim link attaches inside an account, is no loop beside one, and another is offered once it has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.actions import links
from cohortmgr.accounts.models import Account, Person, SingleUseLink
from cohortmgr.accounts.rules import LINK_LIFETIME
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.importing.actions.invitations import RENEWED_AFTER
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from tests.integration.accounts.entering import last_code, letters
from tests.integration.applications.importing.entering import (
    MAIL,
    bring,
    double,
    prove,
    sees,
    somebody,
)
from tests.integration.applications.journey import steps
from tests.watch import SeparateClient, rows_of

At = Callable[..., AbstractContextManager[None]]
AGAIN = timedelta(seconds=31)


@pytest.fixture(autouse=True)
def _by_day() -> Iterator[None]:
    with clock.at(clock.instant(clock.today(), 11)):
        yield


@pytest.fixture
def mdia(system_app: Flask) -> None:
    """The programme, whose files of 2025 are brought."""
    with system_app.app_context():
        steps.load_mdia()


@pytest.fixture
def another(app: Flask) -> FlaskClient:
    """A second browser."""
    return SeparateClient(app, app.response_class)


def claim(system_app: Flask, purpose: str = links.CLAIM) -> str:
    """A claim link of the first file's person."""
    with system_app.app_context():
        first = sa.select(Application.person_id).order_by(Application.id).limit(1)
        person = db.session.get_one(Person, db.session.scalar(first))
        institution = db.session.scalars(sa.select(Application.institution_id)).first()
        with writing():
            return links.create(purpose, person.reference, LINK_LIFETIME, institution)


def test_a_claim_link_opened_inside_an_account_attaches(
    client: FlaskClient, system_app: Flask, mdia: None
) -> None:
    files = bring(system_app, somebody(1))
    assert prove(client, system_app, "autre@exemple.ma") == "/my"
    link = claim(system_app)
    page = client.get(f"/links/{link}")
    assert page.status_code == 200 and "Rattacher ce dossier" in page.text
    assert sees(client, *files) == [False], "a GET attaches nothing"
    assert client.post(f"/links/{link}").location == "/my"
    assert sees(client, *files) == [True]
    with system_app.app_context():
        assert db.session.scalars(sa.select(Account.email)).all() == ["autre@exemple.ma"]


def test_a_claim_link_inside_an_account_that_has_files_leads_into_the_other(
    client: FlaskClient, app: Flask, system_app: Flask, mdia: None, at: At
) -> None:
    files = bring(system_app, somebody(1), somebody(2, mail="deux@exemple.ma"))
    assert prove(client, system_app, "deux@exemple.ma") == "/my"
    assert client.post(f"/links/{claim(system_app)}").location == "/my"
    assert sees(client, *files) == [True, False]
    browser = SeparateClient(app, app.response_class)
    with at(clock.now() + AGAIN):
        assert prove(browser, system_app, MAIL) == "/my"
    assert sees(browser, *files) == [True, False]


def test_a_claim_link_by_mail_opens_without_a_password_as_every_door_does(
    client: FlaskClient, another: FlaskClient, system_app: Flask, mdia: None
) -> None:
    files = bring(system_app, somebody(1))
    link = claim(system_app)
    page = client.get(f"/links/{link}").text
    assert "Ouvrir mon compte" in page and "code reçu par e-mail" in page
    field = page[page.index('id="password"') - 200 : page.index('id="password"') + 200]
    assert "required" not in field
    weak = client.post(f"/links/{link}", data={"password": "court"})
    assert weak.status_code == 200 and "au moins 10 caractères" in weak.text, "whoever wants one is told"
    assert client.post(f"/links/{link}").location == "/my"
    assert sees(client, *files) == [True]
    with system_app.app_context():
        account = db.session.scalars(sa.select(Account).where(Account.email == MAIL)).one()
        assert account.password_hash is None and account.proved_at is not None
    with clock.at(clock.now() + AGAIN):
        assert prove(another, system_app, MAIL) == "/my", "and comes back by a code"


def test_a_claim_link_of_an_address_that_enters_already_is_no_loop(
    client: FlaskClient, system_app: Flask, mdia: None
) -> None:
    files = bring(system_app, somebody(1))
    double(system_app)
    link = claim(system_app)
    assert "Un compte s’ouvre déjà avec" in client.get(f"/links/{link}").text
    onward = client.post(f"/links/{link}").location
    assert onward == f"/code?next=/links/{link}"
    assert client.post(onward, data={"code": last_code(system_app)}).location == f"/links/{link}"
    assert client.get(f"/links/{link}").location == "/my"
    assert sees(client, *files) == [True]


def test_an_ended_claim_link_offers_another_to_where_the_person_is_reached(
    client: FlaskClient, system_app: Flask, mdia: None, at: At
) -> None:
    bring(system_app, somebody(1))
    old = claim(system_app)
    assert client.post(f"/links/{old}/again").status_code == 302, "open: nothing to renew"
    with at(clock.now() + LINK_LIFETIME + timedelta(hours=1)):
        page = client.get(f"/links/{old}")
        assert page.status_code == 410 and "Recevoir un nouveau lien" in page.text and MAIL not in page.text
        for _click in range(3):
            answer = client.post(f"/links/{old}/again")
            assert answer.status_code == 302 and MAIL not in client.get(answer.location).text
        sent = letters(system_app, "claim_file")
        assert len(sent) == 1 and MAIL in str(sent[0][1])
        with system_app.app_context():
            assert rows_of(SingleUseLink) == 2
        with at(clock.now() + RENEWED_AFTER + timedelta(seconds=1)):
            client.post(f"/links/{old}/again")
            assert len(letters(system_app, "claim_file")) == 2
        assert prove(client, system_app, MAIL) == "/my"
    with at(clock.now() + 2 * LINK_LIFETIME):
        client.post(f"/links/{old}/again")
        assert len(letters(system_app, "claim_file")) == 2, "nothing goes to who has an account"
    assert client.post("/links/made-up/again").status_code == 404
