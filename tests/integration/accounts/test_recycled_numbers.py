"""A number that came to somebody else does not open the account of whoever had it before."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.bearers import NUMBER_STANDS
from cohortmgr.accounts.models import Account
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from tests.integration.accounts.entering import last_code, letters
from tests.watch import SeparateClient, rows_of

At = Callable[..., AbstractContextManager[None]]
EMAIL, NUMBER = "ancien@exemple.ma", "+212661777666"
LONG = NUMBER_STANDS + timedelta(days=1)


@pytest.fixture
def another(app: Flask) -> FlaskClient:
    """A second browser."""
    return SeparateClient(app, app.response_class)


@pytest.fixture(autouse=True)
def _owner(system_app: Flask) -> None:
    """Somebody who enters by an address and a number, and whose day of birth is known."""
    with system_app.app_context(), writing():
        account = people.new_account(
            SYSTEM, EMAIL, "an old hash", {"birth_date": date(2004, 3, 14), "language": "fr"}
        )
        people._enter_by_phone(account, NUMBER)


def typed(client: FlaskClient, system_app: Flask, url: str = "/sign-in", **fields: str) -> str:
    """Where a right code leads."""
    assert client.post(url, data={"email": NUMBER, **fields}).location.startswith("/code")
    answer = client.post("/code", data={"code": last_code(system_app)})
    return str(answer.location)


def account(system_app: Flask) -> Account:
    with system_app.app_context():
        db.session.rollback()
        found = db.session.scalars(sa.select(Account).where(Account.email == EMAIL)).one()
        db.session.expunge_all()
    return found


def told(system_app: Flask) -> list[object]:
    return [content["address"] for _message, content in letters(system_app, "number_entered")]


def test_a_new_bearer_of_the_number_opens_nothing_and_sets_no_password(
    client: FlaskClient, system_app: Flask, at: At
) -> None:
    with at(clock.now() + LONG):
        assert typed(client, system_app, "/sign-up", password="une phrase de voleur") == "/code/which"
        page = client.get("/code/which").text
        assert "Continuer sans dossier" not in page and "Commencer mon propre dossier" in page
        client.post("/code/which", data={"without": "1"})
        assert client.post("/code/which", data={"answer": "15/03/2004"}).status_code == 200
        assert client.get("/my").status_code == 302
        assert account(system_app).password_hash == "an old hash"
    with at(clock.now() + LONG + timedelta(minutes=1)):
        assert typed(client, system_app) == "/code/which", "a right code alone leaves no mark in the browser"
    assert told(system_app) == []
    with system_app.app_context():
        assert rows_of(Account) == 1


def test_the_owner_says_one_thing_and_is_known_from_then_on(
    client: FlaskClient, system_app: Flask, at: At
) -> None:
    with at(clock.now() + LONG):
        assert typed(client, system_app) == "/code/which"
        assert client.post("/code/which", data={"answer": "14/03/2004"}).location == "/my"
        assert client.get("/my").status_code == 200
        assert told(system_app) == [EMAIL]
        client.post("/sign-out")
    with at(clock.now() + LONG + timedelta(days=100)):
        assert typed(client, system_app) == "/my", "this browser proved it before"
    assert told(system_app) == [EMAIL]


def test_a_number_that_was_proved_lately_enters_and_is_told_in_a_browser_that_nobody_knows(
    client: FlaskClient, another: FlaskClient, system_app: Flask, at: At
) -> None:
    moment = clock.now()
    for days, browser, letters_sent in ((60, client, 1), (120, another, 2), (121, another, 2)):
        with at(moment + timedelta(days=days)):
            browser.post("/sign-out")
            assert typed(browser, system_app) == "/my", "each proof lets the number stand anew"
        assert len(told(system_app)) == letters_sent


def test_a_shared_device_is_never_known(client: FlaskClient, system_app: Flask, at: At) -> None:
    for days in (0, 1):
        with at(clock.now() + timedelta(days=days)):
            assert typed(client, system_app, shared="y") == "/my"
            client.post("/sign-out")
    assert told(system_app) == [EMAIL, EMAIL]


def test_whoever_can_answer_nothing_is_asked_nothing(client: FlaskClient, system_app: Flask, at: At) -> None:
    with system_app.app_context(), writing():
        found = db.session.scalars(sa.select(Account)).one()
        person = db.session.get_one(people.Person, found.person_id)
        person.birth_date = None
    with at(clock.now() + LONG):
        assert typed(client, system_app) == "/my"
    assert told(system_app) == [EMAIL]


def test_an_address_is_nobody_else_s_after_any_time(client: FlaskClient, system_app: Flask, at: At) -> None:
    with at(clock.now() + LONG * 10):
        client.post("/sign-in", data={"email": EMAIL})
        assert client.post("/code", data={"code": last_code(system_app)}).location == "/my"
    assert told(system_app) == []
