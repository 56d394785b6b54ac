"""Strangers who ask for codes or type wrong ones shut nobody out: the owner is told, and one thing more is asked."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts import limits
from cohortmgr.accounts.models import Account, Person
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from tests.integration.accounts.entering import last_code, letters, sign_up
from tests.integration.accounts.test_limits import AGAIN, EMAIL, PASSWORD, At, browser, is_asked, tries

BORN = date(2004, 3, 14)


def entered(client: FlaskClient, system_app: Flask, born: date | None = BORN) -> None:
    """Somebody with an account, whose day of birth is known."""
    sign_up(client, EMAIL, PASSWORD)
    client.post("/sign-out")
    with system_app.app_context(), writing():
        account = db.session.scalars(sa.select(Account)).one()
        db.session.get_one(Person, account.person_id).birth_date = born


def guess(visitor: FlaskClient, right: str, times: int) -> list[int]:
    """Type wrong codes."""
    wrong = "111111" if right.replace(" ", "") != "111111" else "222222"
    return [visitor.post("/code", data={"code": wrong}).status_code for _ in range(times)]


def guessed(app: Flask, system_app: Flask, at: At, wrong: int, hours: int = 0) -> None:
    """Strangers of several networks ask for codes and type wrong ones."""
    for number in range(-(-wrong // 5)):
        stranger = browser(app)
        with at(clock.now() + timedelta(hours=hours) + AGAIN * number):
            answer = tries(stranger, EMAIL, origin=f"192.0.{hours}.{number}")
            assert is_asked(answer), answer.text
            guess(stranger, last_code(system_app), min(5, wrong - 5 * number))


def by_code(app: Flask, system_app: Flask, at: At, after: timedelta) -> tuple[FlaskClient, str]:
    """The owner in an unknown browser, who types the right code; where it leads."""
    owner = browser(app)
    with at(clock.now() + after):
        assert is_asked(tries(owner, EMAIL, origin="203.0.113.9"))
        answer = owner.post("/code", data={"code": last_code(system_app)})
    return owner, answer.location or answer.text


def test_an_exhausted_day_asks_one_thing_more_instead_of_closing(
    client: FlaskClient, app: Flask, system_app: Flask, monkeypatch: pytest.MonkeyPatch, at: At
) -> None:
    monkeypatch.setattr(limits, "CODES_OF_STRANGERS_A_DAY", 4)
    entered(client, system_app)
    for number in range(4):
        with at(clock.now() + timedelta(hours=1) * number):
            assert is_asked(tries(browser(app), EMAIL, origin=f"192.0.2.{number}"))
    hours = timedelta(hours=20)
    owner, to = by_code(app, system_app, at, hours)
    assert to.startswith("/code/which"), "the school's computer lets her in, by one thing more"
    with at(clock.now() + hours):
        assert owner.get("/my").status_code == 302, "not yet"
        page = owner.get("/code/which").text
        assert "Une dernière question" in page and "Continuer sans dossier" not in page
        assert owner.post("/code/which", data={"without": "1"}).status_code == 200
        assert owner.post("/code/which", data={"answer": "15/03/2004"}).status_code == 200
        assert owner.get("/my").status_code == 302
        assert owner.post("/code/which", data={"answer": "14 mars 2004"}).location == "/my"
        assert owner.get("/my").status_code == 200


def test_who_is_nobody_yet_is_not_asked(
    app: Flask, system_app: Flask, monkeypatch: pytest.MonkeyPatch, at: At
) -> None:
    monkeypatch.setattr(limits, "CODES_OF_STRANGERS_A_DAY", 1)
    assert is_asked(tries(browser(app), EMAIL, origin="192.0.2.1"))
    _owner, to = by_code(app, system_app, at, timedelta(hours=1))
    assert to == "/my"


def test_wrong_codes_are_counted_across_codes_told_and_alarmed(
    client: FlaskClient, app: Flask, system_app: Flask, at: At
) -> None:
    entered(client, system_app)
    guessed(app, system_app, at, limits.WRONG_CODES - 1)
    assert not letters(system_app, "codes_guessed")
    guessed(app, system_app, at, 3, hours=1)
    assert len(letters(system_app, "codes_guessed")) == 1, "once a day"
    [told] = letters(system_app, "codes_guessed")
    assert EMAIL in str(told)
    with system_app.app_context():
        alarms = sa.select(sa.func.count()).select_from(Event).where(Event.action == "accounts.alarm")
        assert db.session.scalar(alarms) == 1
    _owner, to = by_code(app, system_app, at, timedelta(hours=2))
    assert to.startswith("/code/which"), "a right code alone may be a lucky guess"
    assert is_asked(tries(client, EMAIL)), "the browser that entered before"
    assert client.post("/code", data={"code": last_code(system_app)}).location == "/my"
    _owner, to = by_code(app, system_app, at, timedelta(hours=27))
    assert to == "/my", "the next day a code is enough"


def test_the_owners_own_wrong_codes_in_a_known_browser_count_for_nothing(
    client: FlaskClient, app: Flask, system_app: Flask, at: At
) -> None:
    entered(client, system_app)
    for number in range(3):
        with at(clock.now() + AGAIN * number):
            assert is_asked(tries(client, EMAIL))
            guess(client, last_code(system_app), 4)
    assert not letters(system_app, "codes_guessed")
    _owner, to = by_code(app, system_app, at, timedelta(hours=1))
    assert to == "/my"


def test_whom_nothing_can_be_asked_gets_in_until_a_days_tries_were_wrong(
    client: FlaskClient, app: Flask, system_app: Flask, monkeypatch: pytest.MonkeyPatch, at: At
) -> None:
    monkeypatch.setattr("cohortmgr.accounts.actions.guessing.WRONG_CODES_CLOSE", 14)
    entered(client, system_app, None)
    guessed(app, system_app, at, 11)
    _owner, to = by_code(app, system_app, at, timedelta(hours=2))
    assert to == "/my", "a colleague has neither file nor day of birth here"
    guessed(app, system_app, at, 3, hours=3)
    _owner, to = by_code(app, system_app, at, timedelta(hours=4))
    assert "Réessayez demain" in to
    assert tries(browser(app), EMAIL, PASSWORD, "203.0.113.9").status_code == 302, "her password enters"
