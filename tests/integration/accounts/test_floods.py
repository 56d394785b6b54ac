"""Who proves an address explains its failures, and a flood closes neither a school nor a day."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts import limits
from cohortmgr.accounts.actions import counting, passwords, people
from cohortmgr.accounts.contacts import contact_of
from cohortmgr.accounts.limits import Caller
from cohortmgr.accounts.models import SignInAttempt
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from tests.integration.accounts.entering import last_code, sign_in_anew
from tests.integration.accounts.test_limits import (
    AGAIN,
    ELSEWHERE,
    EMAIL,
    PASSWORD,
    PHONE,
    At,
    browser,
    is_asked,
    set_up,
    tries,
)
from tests.watch import rows_of


def test_a_network_full_of_untyped_codes_opens_again_for_the_others_in_it(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch, at: At
) -> None:
    monkeypatch.setattr(limits, "CODES_PER_NETWORK", 3)
    for number in range(3):
        assert is_asked(tries(browser(app), f"p{number}@exemple.ma"))
    assert "attendez 20 minutes" in tries(browser(app), EMAIL).text
    with at(clock.now() + timedelta(minutes=30)):
        assert is_asked(tries(browser(app), EMAIL))


def test_a_typed_code_explains_the_codes_that_its_address_asked_for_before(
    app: Flask, client: FlaskClient, system_app: Flask, monkeypatch: pytest.MonkeyPatch, at: At
) -> None:
    monkeypatch.setattr(limits, "CODES_PER_NETWORK", 3)
    began = clock.now()
    for number in range(4):
        visitor, email = browser(app), f"p{number}@exemple.ma"
        for again in range(3):
            with at(began + AGAIN * again):
                assert is_asked(tries(visitor, email)), (number, again)
        with at(began + AGAIN * 3):
            assert visitor.post("/code", data={"code": last_code(system_app)}).status_code == 302
    with system_app.app_context():
        kinds = [counting.blind_of(limits.Limit("code-from-strange", "127.0.0.1", 0, limits.HOUR, ""))]
        counted = sa.select(sa.func.count()).where(SignInAttempt.blind.in_(kinds))
        assert db.session.scalar(counted) == 0


def test_a_flood_of_sms_closes_them_for_an_hour_and_not_for_a_day(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch, at: At
) -> None:
    set_up(app, monkeypatch, sms_codes_a_day=60)
    monkeypatch.setattr(limits, "SMS_PER_NETWORK", 6)
    sent = [
        is_asked(tries(browser(app), f"061000{place}{number:03d}", origin=f"192.0.2.{place}"))
        for place in range(3)
        for number in range(8)
    ]
    assert sum(sent) == 11, "six of the first network, five of the next: a quarter of the strangers' 45"
    assert "Trop de SMS partent en ce moment" in tries(browser(app), PHONE, origin=ELSEWHERE).text
    assert is_asked(tries(browser(app), EMAIL, origin=ELSEWHERE)), "mail leaves on"
    with at(clock.now() + timedelta(hours=1, seconds=1)):
        assert is_asked(tries(browser(app), PHONE, origin=ELSEWHERE))


def test_seventy_people_behind_one_address_mistype_once_each(
    client: FlaskClient, app: Flask, system_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FAILURES_PER_NETWORK", 5)
    with system_app.app_context(), writing():
        for number in range(15):
            people.new_account(SYSTEM, f"p{number}@exemple.ma", passwords.prepare_hash(PASSWORD), {})
    for number in range(15):
        visitor = browser(app)
        assert "Trop d’essais" not in tries(visitor, f"p{number}@exemple.ma", "pas le bon du tout").text
        assert tries(visitor, f"p{number}@exemple.ma", PASSWORD).status_code == 302, number
    with system_app.app_context():
        assert rows_of(SignInAttempt) == 0


def test_a_right_password_explains_no_failure_of_others(
    client: FlaskClient, app: Flask, system_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FAILURES_PER_NETWORK", 6)
    sign_in_anew(client, EMAIL, PASSWORD)
    for number in range(4):
        tries(browser(app), f"p{number}@exemple.ma", PASSWORD)
    tries(browser(app), EMAIL, "pas le bon du tout", ELSEWHERE)
    assert tries(browser(app), EMAIL, PASSWORD).status_code == 302
    with system_app.app_context():
        assert rows_of(SignInAttempt) == 5 * 4, (
            "four of other addresses, one from elsewhere, each counted four times"
        )
    for number in (8, 9):
        tries(browser(app), f"p{number}@exemple.ma", PASSWORD)
    assert "Trop d’essais" in tries(browser(app), EMAIL, PASSWORD).text


def test_a_typed_code_explains_wrong_passwords_of_its_address(
    client: FlaskClient, app: Flask, system_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in_anew(client, EMAIL, PASSWORD)
    visitor = browser(app)
    for _ in range(3):
        tries(visitor, EMAIL, "pas le bon du tout")
    assert is_asked(tries(visitor, EMAIL))
    visitor.post("/code", data={"code": last_code(system_app)})
    with system_app.app_context():
        names = [
            counting.blind_of(each)
            for each in limits.limits_on_passwords(contact_of(EMAIL), Caller("127.0.0.1"))
        ]
        found = db.session.scalar(sa.select(sa.func.count()).where(SignInAttempt.blind.in_(names)))
        assert found == 0
