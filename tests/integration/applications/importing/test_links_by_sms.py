"""A claim link that came by SMS opens nothing before what only the person of the file knows was said."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.actions import links, people
from cohortmgr.accounts.bearers import ANSWERS, CLOSED_FOR
from cohortmgr.accounts.models import Account, Person, SingleUseLink
from cohortmgr.accounts.rules import LINK_LIFETIME
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.messages.helpdesk.models import HelpRequest
from tests.integration.accounts.entering import sign_up
from tests.integration.applications.importing.entering import MAIL, PHONE, bring, prove, sees, somebody
from tests.integration.applications.importing.sheets import words
from tests.integration.applications.journey import steps
from tests.watch import SeparateClient, rows_of

At = Callable[..., AbstractContextManager[None]]
WRONG = "01/01/2001"


@pytest.fixture(autouse=True)
def _mdia(system_app: Flask) -> None:
    """The programme whose files are brought."""
    with system_app.app_context():
        steps.load_mdia()


def link(system_app: Flask, purpose: str = links.CLAIM_BY_PHONE, place: int = 0) -> str:
    """A claim link of the person who was brought at a place."""
    with system_app.app_context(), writing():
        found = db.session.scalars(sa.select(Person.reference).order_by(Person.id)).all()
        return f"/links/{links.create(purpose, found[place], LINK_LIFETIME)}"


def open_links(system_app: Flask) -> int:
    with system_app.app_context():
        return rows_of(sa.select(SingleUseLink).where(SingleUseLink.used_at.is_(None)).subquery())


def test_a_number_that_was_given_again_reads_no_file(client: FlaskClient, system_app: Flask) -> None:
    files = bring(system_app, somebody(1, mail="un@exemple.ma", phone=PHONE))
    url = link(system_app)
    page = client.get(url).text
    assert (
        "Numéro du dossier ou date de naissance" in page and files[0][1] not in page and "Alami" not in page
    )
    for said in ({}, {"answer": "x"}, {"answer": WRONG}):
        answer = client.post(url, data=said)
        assert answer.status_code == 200 and sees(client, *files) == [False]
    assert f'value="{WRONG}"' in answer.text, "nothing that was typed is lost"
    assert "Il vous reste 4 essais" in words(answer.text)
    assert client.post(url, data={"answer": files[0][1]}).location == "/my"
    assert sees(client, *files) == [True]


def test_five_wrong_answers_close_link_and_door_for_a_day_and_tell_staff(
    client: FlaskClient, app: Flask, system_app: Flask, at: At
) -> None:
    files = bring(system_app, somebody(1, mail="un@exemple.ma", phone=PHONE))
    url, began = link(system_app), clock.now()
    for _ in range(ANSWERS):
        page = client.post(url, data={"answer": WRONG})
    assert "cette voie est fermée" in words(page.text)
    assert client.post(url, data={"answer": "14/03/2004"}).status_code == 200
    assert sees(client, *files) == [False]
    with system_app.app_context():
        assert rows_of(HelpRequest) == 1 and rows_of(Account) == 0
    other = SeparateClient(app, app.response_class)
    prove(other, system_app, PHONE)
    assert "cette voie est fermée" in words(other.get("/code/which").text), "the door counts the same tries"
    with at(began + CLOSED_FOR + timedelta(minutes=1)):
        assert client.post(url, data={"answer": "14/03/2004"}).location == "/my"
        assert sees(client, *files) == [True]


def test_the_answer_of_another_file_with_the_same_number_opens_none(
    client: FlaskClient, system_app: Flask
) -> None:
    files = bring(
        system_app, somebody(1, mail="un@exemple.ma", phone=PHONE), somebody(2, "02/05/2006", phone=PHONE)
    )
    assert client.post(link(system_app), data={"answer": "02/05/2006"}).status_code == 200
    assert sees(client, *files) == [False, False]


def test_within_an_account_a_link_by_sms_asks_too_and_a_link_by_mail_does_not(
    client: FlaskClient, app: Flask, system_app: Flask
) -> None:
    files = bring(system_app, somebody(1, mail="un@exemple.ma", phone=PHONE), somebody(2, "02/05/2006"))
    sign_up(client, "autre@exemple.ma", steps.PASSWORD)
    url = link(system_app)
    assert "Numéro du dossier ou date de naissance" in client.get(url).text
    for said in ({}, {"answer": WRONG}):
        assert client.post(url, data=said).status_code == 200 and open_links(system_app) == 1
    assert sees(client, *files) == [False, False]
    assert client.post(url, data={"answer": "14/03/2004"}).location == "/my"
    assert sees(client, *files) == [True, False]
    by_mail = link(system_app, links.CLAIM, 1)
    assert "Numéro du dossier" not in client.get(by_mail).text
    assert client.post(by_mail, data={}).location == "/my"
    assert sees(client, *files) == [False, True], "the person gets an account of their own"


def test_a_link_by_mail_stays_as_it_is(client: FlaskClient, system_app: Flask) -> None:
    files = bring(system_app, somebody(1, mail=MAIL, phone=PHONE))
    url = link(system_app, links.CLAIM)
    assert "Numéro du dossier" not in client.get(url).text
    assert client.post(url, data={"password": steps.PASSWORD}).location == "/my"
    assert sees(client, *files) == [True]


def test_a_person_of_whom_nothing_is_kept_needs_no_answer(client: FlaskClient, system_app: Flask) -> None:
    with system_app.app_context(), writing():
        people.new_person({"phone": PHONE})
    assert client.post(link(system_app), data={"answer": "-"}).location == "/my"


def test_who_has_files_of_their_own_is_told_that_a_link_opens_an_account_apart(
    client: FlaskClient, system_app: Flask
) -> None:
    """Adam, signed in, opens the link of Nora: he is not made to believe that her file is attached to his account."""
    files = bring(system_app, somebody(1), somebody(2, "02/05/2006", mail="nora@exemple.ma"))
    prove(client, system_app, MAIL)
    url = link(system_app, links.CLAIM, 1)
    page = words(client.get(url).text)
    assert "Ouvrir le compte de ce dossier" in page and "Rattacher" not in page
    answer = client.post(url, data={}, follow_redirects=True)
    assert "a son propre compte : vous y êtes" in words(answer.text) and "rattaché" not in answer.text
    assert sees(client, *files) == [False, True]
    with system_app.app_context():
        assert rows_of(Account) == 2


def test_an_account_without_files_takes_the_file_of_a_link(client: FlaskClient, system_app: Flask) -> None:
    files = bring(system_app, somebody(1))
    sign_up(client, "autre@exemple.ma", steps.PASSWORD)
    url = link(system_app, links.CLAIM)
    assert "Rattacher ce dossier" in client.get(url).text
    assert "rattaché" in client.post(url, data={}, follow_redirects=True).text
    assert sees(client, *files) == [True]
