"""Coming in by a code: no password, no e-mail either, and nothing told to whoever does not read the address."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts import limits
from cohortmgr.accounts.actions import codes, doors, people
from cohortmgr.accounts.contacts import as_dialled, contact_of
from cohortmgr.accounts.limits import CODES_PER_ADDRESS, HOUR, Caller
from cohortmgr.accounts.models import Account, Person, SignInAttempt, SignInCode, SignInSession
from cohortmgr.accounts.rules import CODE_LIFETIME, CODE_TRIES, SYSTEM, Role
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.messages.preferences.queries import routing
from cohortmgr.outbox import hooks
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import opened
from tests.integration.accounts.entering import last_code, letters, sign_in_anew, wrong
from tests.watch import SeparateClient, rows_of

At = Callable[..., AbstractContextManager[None]]
Statements = Callable[[], AbstractContextManager[list[str]]]
EMAIL, PASSWORD, PHONE = "salma@exemple.ma", "une phrase assez longue", "06 12 34 56 78"
AGAIN = timedelta(seconds=31)


@pytest.fixture
def another(app: Flask) -> FlaskClient:
    """A second browser."""
    return SeparateClient(app, app.response_class)


def ask(client: FlaskClient, contact: str, url: str = "/sign-in", **fields: str) -> None:
    answer = client.post(url, data={"email": contact, **fields})
    assert answer.status_code == 302 and answer.location.startswith("/code"), answer.text


def is_in(client: FlaskClient) -> bool:
    return bool(client.get("/my").status_code == 200)


def enter(client: FlaskClient, system_app: Flask, contact: str, url: str = "/sign-in", **fields: str) -> None:
    ask(client, contact, url, **fields)
    answer = client.post("/code", data={"code": last_code(system_app)})
    assert answer.status_code == 302 and answer.location == "/my", answer.text


def test_an_address_and_a_code_make_an_account_and_come_back_into_it(
    client: FlaskClient, another: FlaskClient, system_app: Flask, at: At
) -> None:
    enter(client, system_app, "Salma@Exemple.ma", "/sign-up")
    assert is_in(client)
    with system_app.app_context():
        account = db.session.scalars(sa.select(Account)).one()
        assert (account.email, account.password_hash) == (EMAIL, None)
        assert account.proved_at is not None
    with at(clock.now() + AGAIN):
        enter(another, system_app, EMAIL)
    assert is_in(another) and is_in(client)
    with system_app.app_context():
        assert (rows_of(Account), rows_of(Person)) == (1, 1)


def test_a_telephone_alone_signs_up_comes_back_and_is_written_to_by_sms(
    client: FlaskClient, another: FlaskClient, system_app: Flask, at: At
) -> None:
    enter(client, system_app, PHONE, "/sign-up")
    with system_app.app_context():
        account = db.session.scalars(sa.select(Account)).one()
        person = db.session.get_one(Person, account.person_id)
        assert account.email is None and person.email is None
        assert account.phone_blind == person.phone_blind is not None
    for url in ("/my", "/my/sessions", "/my/preferences", "/my/messages", "/"):
        assert client.get(url).status_code == 200, url
    with at(clock.now() + AGAIN):
        ask(another, "+212 612 345 678")
        with system_app.app_context():
            chosen = sa.select(Message).where(Message.key == "sign_in_code").order_by(Message.id.desc())
            message = db.session.scalars(chosen.limit(1)).one()
            content = opened([message])[0]
            assert content is not None
            assert routing.route_all([message], [content]) == [hooks.Route("sms", "+212612345678")]
        assert another.post("/code", data={"code": last_code(system_app)}).location == "/my"
    with system_app.app_context():
        assert rows_of(Account) == 1


def test_known_and_unknown_addresses_are_answered_alike(
    client: FlaskClient, another: FlaskClient, app: Flask, system_app: Flask, statements: Statements
) -> None:
    sign_in_anew(client, EMAIL, PASSWORD)
    said = []
    for contact in (EMAIL, "autre@exemple.ma", PHONE):
        browser = SeparateClient(app, app.response_class)
        with statements() as seen:
            answer = browser.post("/sign-in", data={"email": contact})
        page = browser.get("/code").text
        bare = re.sub(r'value="[^"]*"', "", page.replace(contact, "").replace("+212612345678", ""))
        said.append((answer.status_code, answer.location, [each.split()[0:3] for each in seen]))
        if "@" in contact:
            said[-1] += (bare,)  # type: ignore[assignment]
    assert said[0] == said[1]
    assert said[2][:3] == said[0][:3]
    # And a wrong code too.
    with system_app.app_context():
        assert rows_of(Account) == 1


def test_wrong_codes_are_counted_and_then_even_the_right_one_is_dead(
    client: FlaskClient, system_app: Flask, at: At
) -> None:
    ask(client, EMAIL)
    right = last_code(system_app)
    for left in range(CODE_TRIES - 1, 0, -1):
        page = client.post("/code", data={"code": wrong(right)})
        assert page.status_code == 200 and f"Il vous reste {left} essai" in page.text
    assert "dernier essai" in client.post("/code", data={"code": wrong(right)}).text
    assert "n’est plus valable" in client.post("/code", data={"code": right}).text
    assert not is_in(client)
    with at(clock.now() + AGAIN):
        assert client.post("/code/again").status_code == 302
        assert client.post("/code", data={"code": last_code(system_app)}).location == "/my"


def test_what_is_no_code_is_no_try(client: FlaskClient, system_app: Flask) -> None:
    ask(client, EMAIL)
    for typed in ("", "12345", "abcdef", "\x00", "9" * 100_000):
        assert client.post("/code", data={"code": typed}).status_code == 200
    with system_app.app_context():
        assert db.session.scalars(sa.select(SignInCode)).one().tries == 0


def test_a_code_lasts_ten_minutes(client: FlaskClient, system_app: Flask, at: At) -> None:
    ask(client, EMAIL)
    code, began = last_code(system_app), clock.now()
    with at(began + CODE_LIFETIME + timedelta(seconds=1)):
        assert "n’est plus valable" in client.post("/code", data={"code": code}).text
    assert not is_in(client)


def test_a_code_opens_nothing_in_another_browser_nor_twice(
    client: FlaskClient, another: FlaskClient, system_app: Flask
) -> None:
    ask(client, EMAIL)
    code, cookie = last_code(system_app), client.get_cookie("session")
    assert another.post("/code", data={"code": code}).location.startswith("/sign-in")
    assert client.post("/code", data={"code": code.replace(" ", "")}).location == "/my"
    assert cookie is not None
    another.set_cookie("session", cookie.value)
    assert another.post("/code", data={"code": code}).location.startswith("/sign-in")
    assert not is_in(another)
    with system_app.app_context():
        assert rows_of(SignInSession) == 1


def test_of_two_tabs_the_last_code_counts_and_the_other_tab_goes_on(
    client: FlaskClient, system_app: Flask, at: At
) -> None:
    ask(client, EMAIL)
    first = last_code(system_app)
    with at(clock.now() + AGAIN):
        ask(client, EMAIL)
        second = last_code(system_app)
        if first != second:
            assert "Seul le dernier code" in client.post("/code", data={"code": first}).text
        assert client.post("/code?next=/my/messages", data={"code": second}).location == "/my/messages"
        assert client.post("/code", data={"code": second}).location == "/my", "the other tab"


def test_codes_are_not_sent_without_end(client: FlaskClient, app: Flask, system_app: Flask, at: At) -> None:
    began = clock.now()
    ask(client, EMAIL)
    assert "Attendez 30 secondes" in client.post("/sign-in", data={"email": EMAIL}).text.replace("29", "30")
    for number in range(1, CODES_PER_ADDRESS):
        with at(began + AGAIN * number):
            ask(SeparateClient(app, app.response_class), EMAIL)
    with at(began + AGAIN * CODES_PER_ADDRESS):
        assert "Trop de codes" in client.post("/sign-in", data={"email": EMAIL}).text
        ask(client, "autre@exemple.ma")
    with at(began + HOUR + AGAIN * CODES_PER_ADDRESS):
        ask(client, EMAIL)


def test_a_network_that_floods_waits(system_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CODES_PER_NETWORK", 3)
    with system_app.app_context():
        for number in range(3):
            with writing():
                codes.ask("enter", contact_of(f"a{number}@exemple.ma"), "fr", Caller("192.0.2.1"))
        with pytest.raises(Refused, match="Trop de codes"), writing():
            codes.ask("enter", contact_of("b@exemple.ma"), "fr", Caller("192.0.2.1"))
        with writing():
            codes.ask("enter", contact_of("b@exemple.ma"), "fr", Caller("192.0.2.2"))


def test_the_database_holds_neither_code_nor_address(client: FlaskClient, system_app: Flask) -> None:
    ask(client, EMAIL)
    code = last_code(system_app).replace(" ", "")
    with system_app.app_context():
        row = db.session.scalars(sa.select(SignInCode)).one()
        told = f"{row.sealed!r} {row.code_hash} {row.token_hash}"
    cookie = client.get_cookie("session")
    assert cookie is not None
    for secret in (code, EMAIL):
        assert secret not in told and secret not in cookie.value


def test_a_used_code_leaves_nothing_to_read_in_the_outbox(client: FlaskClient, system_app: Flask) -> None:
    enter(client, system_app, EMAIL)
    assert letters(system_app) == []


def test_a_password_chosen_before_the_address_was_proved_ends_with_the_proof(
    client: FlaskClient, another: FlaskClient, system_app: Flask, at: At
) -> None:
    """Somebody signed up with an address that is not theirs, and waits for its owner's file."""
    sign_in_anew(another, EMAIL, PASSWORD, proved=False)
    enter(client, system_app, EMAIL)
    assert "ne vaut plus" in client.get("/my").text
    assert not is_in(another)
    assert another.post("/sign-in", data={"email": EMAIL, "password": PASSWORD}).status_code == 200
    password = "une autre phrase longue"
    assert client.post("/my/sessions/password", data={"password": password}).status_code == 302
    assert another.post("/sign-in", data={"email": EMAIL, "password": password}).status_code == 302
    with at(clock.now() + AGAIN):
        client.post("/sign-out")
        enter(client, system_app, EMAIL)
    assert is_in(another), "once proved, a password holds"


def test_a_suspended_account_does_not_open_by_code(client: FlaskClient, system_app: Flask, at: At) -> None:
    enter(client, system_app, EMAIL)
    with system_app.app_context(), writing() as session:
        session.execute(sa.update(Account).values(suspended_at=clock.now()))
    with at(clock.now() + AGAIN):
        ask(client, EMAIL)
        page = client.post("/code", data={"code": last_code(system_app)}).text
        assert re.search(r'<a href="/help">[^<]*est fermé', page), "no field can mend it"
    assert not is_in(client)


def test_a_number_with_a_password_is_proved_first(
    client: FlaskClient, another: FlaskClient, system_app: Flask
) -> None:
    ask(client, PHONE, "/sign-up", password=PASSWORD)
    with system_app.app_context():
        assert rows_of(Account) == 0
    assert client.post("/code", data={"code": last_code(system_app)}).location == "/my"
    assert another.post("/sign-in", data={"email": PHONE, "password": PASSWORD}).location == "/my"


@pytest.mark.parametrize("typed", ["", "pas une adresse", "05 37 77 30 79", "x" * 300, "\x00", "<b>@"])
def test_a_bad_address_is_said_beside_its_field(client: FlaskClient, system_app: Flask, typed: str) -> None:
    page = client.post("/sign-in", data={"email": typed})
    assert page.status_code == 200 and 'id="email-error"' in page.text
    with system_app.app_context():
        assert rows_of(SignInCode) == rows_of(SignInAttempt) == 0


def test_the_field_of_the_code_is_filled_from_the_message(client: FlaskClient) -> None:
    ask(client, EMAIL)
    page = client.get("/code")
    assert 'autocomplete="one-time-code"' in page.text and 'inputmode="numeric"' in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_a_number_and_an_address_join_one_account(
    client: FlaskClient, another: FlaskClient, system_app: Flask, at: At
) -> None:
    enter(client, system_app, EMAIL)
    assert client.post("/my/sessions/contact", data={"email": PHONE}).location == "/my/sessions/code"
    assert client.post("/code", data={"code": last_code(system_app)}).status_code == 302, (
        "not of that purpose"
    )
    assert client.post("/my/sessions/code", data={"code": last_code(system_app)}).location == "/my/sessions"
    assert as_dialled("+212612345678") in client.get("/my/sessions").text
    with at(clock.now() + AGAIN):
        enter(another, system_app, PHONE)
    with system_app.app_context():
        assert rows_of(Account) == 1


def test_a_number_of_another_account_does_not_join(
    client: FlaskClient, another: FlaskClient, system_app: Flask, at: At
) -> None:
    enter(another, system_app, PHONE)
    with system_app.app_context(), writing():  # an account by which nothing was done would give way
        account = db.session.scalars(sa.select(Account)).one()
        people.grant(SYSTEM, account, Role.REVIEWER, "programme", "s", "ma.inpt.mdia.", [1])
    enter(client, system_app, EMAIL)
    with at(clock.now() + AGAIN):
        client.post("/my/sessions/contact", data={"email": PHONE})
        page = client.post("/my/sessions/code", data={"code": last_code(system_app)})
    assert page.status_code == 200 and "Un autre compte" in page.text


def test_two_who_begin_at_once_with_one_number_are_one(
    system_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with system_app.app_context():
        with writing():
            doors.enter(contact_of(PHONE), "fr")
        monkeypatch.setattr(doors.viewers, "account_by_contact", lambda contact: None)
        with pytest.raises(Refused, match="déjà un compte"), writing():
            doors.enter(contact_of(PHONE), "fr")
        assert rows_of(Person) == 1


def test_the_sweep_forgets_codes_of_yesterday(client: FlaskClient, system_app: Flask, at: At) -> None:
    ask(client, EMAIL)
    with system_app.app_context():
        with writing():
            assert codes.sweep() == 0
        with at(clock.now() + timedelta(days=2)), writing():
            assert codes.sweep() == 1
        assert rows_of(SignInCode) == rows_of(SignInAttempt) == 0
    assert letters(system_app) == [] and client.get("/code").status_code == 302


def test_a_password_still_signs_in_at_once_in_as_few_statements(
    client: FlaskClient, statements: Statements
) -> None:
    sign_in_anew(client, EMAIL, PASSWORD)
    with statements() as seen:
        assert client.post("/sign-in", data={"email": EMAIL, "password": PASSWORD}).location == "/my"
    assert len(seen) <= 10, seen
