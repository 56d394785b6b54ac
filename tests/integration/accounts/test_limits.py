"""Doors that say the same to everybody, stop whoever floods them, and stay open for those who live here."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cohortmgr.accounts import limits
from cohortmgr.accounts.actions import codes, counting, passwords, people
from cohortmgr.accounts.contacts import contact_of
from cohortmgr.accounts.limits import ATTEMPTS, CODES_PER_ADDRESS, Caller
from cohortmgr.accounts.models import Account, SignInAttempt, SignInCode
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.accounts.views.callers import COOKIE
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from tests.integration.accounts.entering import last_code, letters, sign_in_anew, sign_up
from tests.thrift import costly_passwords
from tests.watch import SeparateClient, rows_of

At = Callable[..., AbstractContextManager[None]]
Statements = Callable[[], AbstractContextManager[list[str]]]
EMAIL, PASSWORD, PHONE = "salma@exemple.ma", "une phrase assez longue", "06 12 34 56 78"
AGAIN = timedelta(seconds=31)
ELSEWHERE = "198.51.100.4"


def browser(app: Flask) -> FlaskClient:
    """Another browser, without any cookie."""
    return SeparateClient(app, app.response_class)


def tries(client: FlaskClient, email: str, password: str = "", origin: str = "127.0.0.1") -> TestResponse:
    """Post the form of the door from a network address."""
    fields = {"email": email, "password": password}
    return client.post("/sign-in", data=fields, environ_base={"REMOTE_ADDR": origin})


def is_asked(answer: TestResponse) -> bool:
    """Whether a code was sent."""
    return answer.status_code == 302 and answer.location.startswith("/code")


def set_up(app: Flask, monkeypatch: pytest.MonkeyPatch, **values: object) -> None:
    """Change settings of the application for a test."""
    for name, value in values.items():
        monkeypatch.setattr(app.extensions["cohortmgr-settings"], name, value)


# Known and unknown


@pytest.mark.parametrize("page", ["/sign-up", "/sign-in", "/password"])
@pytest.mark.parametrize("password", ["", PASSWORD])
def test_the_doors_say_and_take_the_same_for_known_and_unknown(
    client: FlaskClient, app: Flask, system_app: Flask, statements: Statements, page: str, password: str
) -> None:
    sign_in_anew(client, EMAIL, "une toute autre phrase")
    done = []
    for email in ("autre@exemple.ma", EMAIL, "encore@exemple.ma"):
        visitor = browser(app)
        with statements() as seen:
            answer = visitor.post(page, data={"email": email, "password": password})
        shown = visitor.get("/code").text if is_asked(answer) else answer.text
        bare = re.sub(r'value="[^"]{20,}"', "", shown.replace(email, "…"))
        done.append((answer.status_code, answer.location, seen, bare))
    assert done[0] == done[1] == done[2]
    with system_app.app_context():
        assert rows_of(Account) == 1, "nothing is made before the code"


def test_a_hash_is_made_or_compared_for_an_unknown_address_as_for_a_known_one(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in_anew(client, EMAIL, PASSWORD)
    done: list[str] = []
    hasher = passwords._hasher

    class Heard:
        """A hasher that notes what it does."""

        def hash(self, password: str) -> str:
            done.append("hash")
            return hasher.hash(password)

        def verify(self, kept: str, password: str) -> bool:
            done.append("verify")
            return hasher.verify(kept, password)

    monkeypatch.setattr(passwords, "_hasher", Heard())
    for page, work in (("/sign-up", ["hash"]), ("/sign-in", ["verify"])):
        for email in ("autre@exemple.ma", EMAIL):
            done.clear()
            browser(app).post(page, data={"email": email, "password": "pas le bon du tout"})
            assert done == work, (page, email)


def test_the_decoy_costs_what_a_password_costs() -> None:
    with costly_passwords():
        assert not passwords._hasher.check_needs_rehash(passwords._DECOY)


# Codes


def test_six_requests_of_a_stranger_do_not_lock_the_owner_of_a_number_out(
    client: FlaskClient, app: Flask, system_app: Flask, at: At
) -> None:
    began = clock.now()
    assert is_asked(tries(client, PHONE))
    client.post("/code", data={"code": last_code(system_app)})
    client.post("/sign-out")
    for number in range(1, CODES_PER_ADDRESS):  # from the owner's own network
        with at(began + AGAIN * number):
            assert is_asked(tries(browser(app), PHONE))
    with at(began + AGAIN * CODES_PER_ADDRESS):
        assert "Trop de codes" in tries(browser(app), PHONE).text
        assert is_asked(tries(browser(app), PHONE, origin=ELSEWHERE)), "nor who has another network"
        for again in range(3):
            with at(began + AGAIN * (CODES_PER_ADDRESS + 1 + again)):
                assert is_asked(tries(client, PHONE)), "the browser entered with this number before"
        assert client.post("/code", data={"code": last_code(system_app)}).location == "/my"


def test_a_stranger_who_asks_each_half_minute_does_not_make_the_owner_wait(
    client: FlaskClient, app: Flask, system_app: Flask
) -> None:
    sign_up(client, EMAIL, PASSWORD)
    client.post("/sign-out")
    assert "Attendez" in tries(browser(app), EMAIL).text
    assert is_asked(tries(client, EMAIL))


def test_a_flooded_network_still_lets_in_who_proved_themselves(
    client: FlaskClient, app: Flask, system_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CODES_PER_NETWORK", 3)
    sign_up(client, EMAIL, PASSWORD)
    for number in range(3):
        assert is_asked(tries(browser(app), f"p{number}@exemple.ma"))
    answer = tries(browser(app), "autre@exemple.ma")
    assert "depuis votre réseau" in answer.text
    # A session, then the mark of it.
    assert client.post("/my/sessions/contact", data={"email": PHONE}).location == "/my/sessions/code"
    client.post("/sign-out")
    assert is_asked(tries(client, "neuve@exemple.ma"))


def test_codes_that_are_typed_are_no_flood(
    app: Flask, client: FlaskClient, system_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CODES_PER_NETWORK", 2)
    for number in range(6):
        visitor = browser(app)
        assert is_asked(tries(visitor, f"p{number}@exemple.ma"))
        visitor.post("/code", data={"code": last_code(system_app)})


def test_250_behind_one_carrier_each_get_their_code_within_the_hour(system_app: Flask) -> None:
    with system_app.app_context():
        for number in range(250):
            with writing():
                codes.ask("guardian", contact_of(f"+2126{number:08d}"), "ar", Caller("192.0.2.1"))
        assert rows_of(SignInCode) == 250


def test_addresses_of_one_64_are_one_network(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CODES_PER_NETWORK", 2)
    for number in range(2):
        assert is_asked(
            tries(browser(app), f"p{number}@exemple.ma", origin=f"2001:db8:1:2:{number}::{number}")
        )
    assert "depuis votre réseau" in tries(browser(app), EMAIL, origin="2001:db8:1:2:ffff::1").text
    assert is_asked(tries(browser(app), EMAIL, origin="2001:db8:1:3::1"))


def test_the_mark_of_a_proof_is_signed_and_says_nothing(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = sign_up(client, EMAIL, PASSWORD)
    said = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith(f"{COOKIE}="))
    assert "HttpOnly" in said and "SameSite=Lax" in said and EMAIL not in said
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    monkeypatch.setattr(limits, "CODES_PER_NETWORK", 0)
    other, forger = browser(app), browser(app)
    other.set_cookie(COOKIE, cookie.value)
    assert is_asked(tries(other, EMAIL))
    for value in (cookie.value[:-2] + "xx", "x", "", "[]", "é"):
        forger.set_cookie(COOKIE, value)
        assert "depuis votre réseau" in tries(forger, EMAIL).text, value


def test_a_shared_device_keeps_no_mark(client: FlaskClient, system_app: Flask) -> None:
    sign_up(client, EMAIL, PASSWORD, shared="y")
    assert client.get_cookie(COOKIE) is None
    client.post("/sign-out")
    assert client.post("/sign-in", data={"email": EMAIL, "password": PASSWORD, "shared": "y"}).location
    assert client.get_cookie(COOKIE) is None


# Short messages


@pytest.mark.parametrize(
    "number", ["+44 909 879 0000", "+1 900 234 1234", "+33 899 12 34 56", "+979 123 456 789", "0898 12 34 56"]
)
@pytest.mark.parametrize("page", ["/sign-in", "/sign-up", "/password", "/tell-me"])
def test_no_code_goes_to_a_number_that_costs(
    client: FlaskClient, system_app: Flask, page: str, number: str
) -> None:
    answer = client.post(page, data={"email": number, "spoken": "fr"})
    assert answer.status_code == 200 and "ne reçoit pas de SMS" in answer.text
    assert letters(system_app) == []


def test_codes_go_to_mobiles_of_the_listed_countries(
    client: FlaskClient, app: Flask, system_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = tries(client, "+33 6 12 34 56 78")
    assert "portables en +212" in answer.text and 'id="email-error"' in answer.text
    answer = client.post("/guardian", data={"contact": "+33 6 12 34 56 78"})
    assert answer.status_code == 422 and "portables en +212" in answer.text
    assert letters(system_app) == []
    set_up(app, monkeypatch, sms_countries=("MA", "FR"))
    assert is_asked(tries(client, "+33 6 12 34 56 78"))


def test_the_day_s_budget_of_sms_keeps_a_part_for_who_is_known_and_mail_leaves_on(
    client: FlaskClient, app: Flask, system_app: Flask, monkeypatch: pytest.MonkeyPatch, at: At
) -> None:
    sign_up(client, PHONE, PASSWORD)
    client.post("/sign-out")
    set_up(app, monkeypatch, sms_codes_a_day=4)
    for number in range(2):
        assert is_asked(tries(browser(app), f"06000000{number:02d}"))
    answer = tries(browser(app), "0600000099")
    assert "Tous les SMS prévus" in answer.text
    assert is_asked(tries(browser(app), EMAIL)) and is_asked(tries(client, PHONE))
    with at(clock.now() + timedelta(hours=24, seconds=1)):
        assert is_asked(tries(browser(app), "0600000099"))


def test_what_fills_a_limit_is_an_alarm_in_the_trail_that_staff_read(
    client: FlaskClient,
    app: Flask,
    system_app: Flask,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    set_up(app, monkeypatch, sms_codes_a_day=4)
    for number in range(4):
        tries(browser(app), f"06000000{number:02d}")
    with system_app.app_context():
        alarms = sa.select(Event.id).where(Event.action == "accounts.alarm")
        assert len(db.session.scalars(alarms).all()) == 2, "half, and all"
        with writing():
            account = people.new_account(SYSTEM, "admin@exemple.ma", passwords.prepare_hash(PASSWORD), {})
            people.grant(SYSTEM, account, Role.SYSTEM_ADMINISTRATOR, "organisation", "S" * 26, "", [])
    assert "sms-strange: 3 of at most 3" in caplog.text
    assert tries(client, "admin@exemple.ma", PASSWORD).status_code == 302
    assert "trop de codes ou de mots de passe" in client.get("/staff/audit").text


# Passwords


def test_wrong_passwords_of_a_stranger_do_not_lock_the_owner_out(client: FlaskClient, app: Flask) -> None:
    sign_in_anew(client, EMAIL, PASSWORD)
    client.post("/sign-out")
    for _ in range(ATTEMPTS + 3):
        assert tries(browser(app), EMAIL, "pas le bon du tout").status_code == 200
    assert "Trop d’essais" in tries(browser(app), EMAIL, PASSWORD).text
    assert tries(client, EMAIL, PASSWORD).status_code == 302, "this browser entered before"
    assert tries(browser(app), EMAIL, PASSWORD, ELSEWHERE).status_code == 302
    assert is_asked(tries(browser(app), EMAIL)), "and a code enters in any case"


def test_one_password_tried_on_many_addresses_is_stopped(client: FlaskClient, app: Flask) -> None:
    said = [
        tries(browser(app), f"p{number}@exemple.ma", PASSWORD).text
        for number in range(limits.FAILURES_PER_NETWORK + 1)
    ]
    assert ["Trop d’essais" in each for each in said] == [False] * limits.FAILURES_PER_NETWORK + [True]


def test_right_passwords_are_never_too_many(
    client: FlaskClient, app: Flask, system_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FAILURES_PER_NETWORK", 2)
    sign_in_anew(client, EMAIL, PASSWORD)
    for _ in range(ATTEMPTS * 2):
        assert tries(browser(app), EMAIL, PASSWORD).status_code == 302
    with system_app.app_context():
        assert rows_of(SignInAttempt) == 0


def test_of_forty_passwords_at_once_eight_are_compared(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in_anew(client, EMAIL, PASSWORD)
    compared: list[str] = []

    def slow(_kept: str | None, password: str) -> bool:
        compared.append(password)
        time.sleep(0.02)
        return False

    monkeypatch.setattr(passwords, "verify", slow)
    start = threading.Barrier(40)

    def guess(number: int) -> str:
        start.wait(30)
        return tries(browser(app), EMAIL, f"essai numéro {number}").text

    with ThreadPoolExecutor(40) as crowd:
        said = list(crowd.map(guess, range(40)))
    assert len(compared) == ATTEMPTS
    assert sum("Trop d’essais" in each for each in said) == 40 - ATTEMPTS


def test_of_forty_codes_at_once_to_one_number_one_leaves_and_of_forty_numbers_as_many_as_are_allowed(
    system_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CODES_PER_NETWORK", 5)
    start = threading.Barrier(40)

    def ask(address: str) -> bool:
        start.wait(30)
        try:
            with system_app.app_context(), writing():
                codes.ask("enter", contact_of(address), "fr", Caller("192.0.2.1"))
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(40) as crowd:
        assert sum(crowd.map(ask, [PHONE] * 40)) == 1
        assert sum(crowd.map(ask, [f"06000000{number:02d}" for number in range(40)])) == 4
    assert len(letters(system_app)) == 5


def test_what_is_given_back_is_one_attempt_even_of_several_of_one_instant(system_app: Flask, at: At) -> None:
    with system_app.app_context(), at(clock.now()):
        found = limits.limits_on_passwords(contact_of(EMAIL), Caller("192.0.2.1"))
        with writing():
            first, _second = counting.count(found), counting.count(found)
        with writing():
            counting.give_back(first)
        assert rows_of(SignInAttempt) == len(found)
