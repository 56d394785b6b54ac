"""Coming in and going out: passwords, sessions that are rows, links that work once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cohortmgr.accounts.actions import links, numbers, people
from cohortmgr.accounts.limits import ATTEMPTS, ATTEMPTS_WITHIN
from cohortmgr.accounts.models import Account, Person, SignInAttempt, SignInSession, SingleUseLink
from cohortmgr.accounts.queries import viewers
from cohortmgr.accounts.rules import LINK_LIFETIME, SYSTEM, Role
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotPermitted, Refused
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import content_of
from tests.integration.accounts import entering
from tests.integration.accounts.entering import token_in
from tests.thrift import costly_passwords
from tests.watch import SeparateClient, rows_of

# Forms are sent with their tokens, as browsers do.
pytestmark = pytest.mark.usefixtures("protected_client")

At = Callable[..., AbstractContextManager[None]]
EMAIL, PASSWORD = "salma@exemple.ma", "une phrase assez longue"


def post(client: FlaskClient, url: str, **fields: str) -> TestResponse:
    """Open the page, fill its form, send it."""
    page = client.get(url).text
    return client.post(url, data={"csrf_token": token_in(page), **fields})


def sign_up(client: FlaskClient, email: str = EMAIL) -> None:
    entering.sign_up(client, email, PASSWORD)


def enters(client: FlaskClient, password: str = PASSWORD, email: str = EMAIL, url: str = "/sign-in") -> bool:
    return bool(post(client, url, email=email, password=password).status_code == 302)


def is_in(client: FlaskClient) -> bool:
    return bool(client.get("/my").status_code == 200)


@pytest.fixture
def another(app: Flask) -> FlaskClient:
    """A second browser."""
    return SeparateClient(app, app.response_class)


def test_signing_up_opens_the_door_and_out_closes_it(client: FlaskClient, system_app: Flask) -> None:
    assert not is_in(client)
    with costly_passwords():
        sign_up(client, "Salma@Exemple.ma")
    assert is_in(client)
    with system_app.app_context():
        account = db.session.scalars(sa.select(Account)).one()
        assert account.email == EMAIL and account.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    sign_out(client)
    assert not is_in(client)
    assert enters(client, email="SALMA@exemple.ma") and is_in(client)


def sign_out(client: FlaskClient) -> None:
    assert client.post("/sign-out", data={"csrf_token": token_in(client.get("/my").text)}).status_code == 302


def test_an_address_has_one_account(
    client: FlaskClient, another: FlaskClient, system_app: Flask, at: At
) -> None:
    """Who signs up again enters, with the password that they chose now: the code proved that it is theirs."""
    sign_up(client)
    other = "une autre phrase longue"
    with at(clock.now() + timedelta(seconds=31)):
        entering.sign_up(another, EMAIL.upper(), other)
    assert is_in(another) and not is_in(client)
    assert not enters(client) and enters(client, other)
    with system_app.app_context():
        assert (rows_of(Account), rows_of(Person)) == (1, 1)


def test_a_password_chosen_at_sign_up_opens_nothing_before_the_code(
    client: FlaskClient, another: FlaskClient, system_app: Flask
) -> None:
    post(client, "/sign-up", email=EMAIL, password=PASSWORD)
    assert not is_in(client) and not enters(another)
    with system_app.app_context():
        assert (rows_of(Account), rows_of(Person)) == (0, 0)


def test_a_wrong_password_and_a_wrong_address_read_the_same(
    client: FlaskClient, another: FlaskClient
) -> None:
    sign_up(client)
    said = [
        post(another, "/sign-in", email=email, password=password).text
        for email, password in ((EMAIL, "pas le bon du tout"), ("autre@exemple.ma", PASSWORD))
    ]
    assert all("n’est pas le bon" in page for page in said)
    assert not is_in(another)


def test_too_many_tries_wait_even_with_the_right_password(
    client: FlaskClient, another: FlaskClient, system_app: Flask, at: At
) -> None:
    sign_up(client)
    for _ in range(ATTEMPTS):
        assert not enters(another, "pas le bon du tout")
    page = post(another, "/sign-in", email=EMAIL, password=PASSWORD)
    assert "Trop d’essais" in page.text and not is_in(another)
    assert is_in(client), "who is in stays in"
    with at(clock.now() + ATTEMPTS_WITHIN + timedelta(seconds=1)):
        assert enters(another)


def test_a_failed_try_is_counted(client: FlaskClient, another: FlaskClient, system_app: Flask) -> None:
    sign_up(client)
    began = clock.now()
    for _ in range(2):
        enters(another, "pas le bon du tout")
    blinds = sa.select(SignInAttempt.blind).where(SignInAttempt.at >= began)
    with system_app.app_context():
        # For this address from here, for it from anywhere, from this network, and in all.
        assert sorted(Counter(db.session.scalars(blinds)).values()) == [2, 2, 2, 2]
    assert enters(another)
    with system_app.app_context():
        assert db.session.scalars(blinds).all() == [], "a right one leaves nothing, and explains the others"


def test_signing_out_makes_a_copied_cookie_useless(client: FlaskClient, another: FlaskClient) -> None:
    sign_up(client)
    cookie = client.get_cookie("session")
    assert cookie is not None
    another.set_cookie("session", cookie.value)
    assert is_in(another)
    sign_out(client)
    assert not is_in(another)


def test_a_session_ends_and_a_suspended_account_is_out(
    client: FlaskClient, system_app: Flask, at: At
) -> None:
    sign_up(client)
    with at(clock.now() + timedelta(days=15)):
        assert not is_in(client)
    assert is_in(client)
    with system_app.app_context(), writing() as session:
        session.execute(sa.update(Account).values(suspended_at=clock.now()))
    assert not is_in(client)
    assert not enters(client)


def test_the_cookie_says_nothing_and_scripts_cannot_read_it(client: FlaskClient, system_app: Flask) -> None:
    answer = entering.sign_up(client, EMAIL, PASSWORD)
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith("session="))
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    with system_app.app_context():
        row = db.session.scalars(sa.select(SignInSession)).one()
        assert row.token_hash not in cookie


@pytest.mark.parametrize(
    ("target", "reached"),
    [
        ("/my", "/my"),
        ("https://mal.example/", None),
        ("//mal.example/", None),
        ("/\\mal.example", None),
        ("/%09/mal.example", None),
        ("javascript:alert(1)", None),
        ("my", None),
    ],
)
def test_the_way_on_after_signing_in_stays_on_this_site(
    client: FlaskClient, another: FlaskClient, target: str, reached: str | None
) -> None:
    sign_up(client)
    answer = post(another, f"/sign-in?next={target}", email=EMAIL, password=PASSWORD)
    assert answer.status_code == 302
    assert answer.headers["Location"] == (reached or "/my")


@pytest.mark.parametrize("url", ["/sign-up", "/sign-in", "/password", "/sign-out"])
def test_a_form_of_another_site_is_refused(client: FlaskClient, system_app: Flask, url: str) -> None:
    sign_up(client)
    fields = {"email": "x@y.ma", "password": PASSWORD}
    assert client.post(url, data=fields).status_code == 400
    assert client.post(url, data={**fields, "csrf_token": "made-up"}).status_code == 400
    assert is_in(client)
    with system_app.app_context():
        assert rows_of(Account) == 1


def claim_link(system_app: Flask, email: str = "dossier@exemple.ma") -> str:
    """The link of somebody whose file was brought, and who has no account."""
    with system_app.app_context(), writing():
        person = people.new_person({"email": email, "given_name": "Salma"})
        return links.create(links.CLAIM, person.reference, LINK_LIFETIME)


def test_two_clicks_on_a_link_are_one(another: FlaskClient, system_app: Flask) -> None:
    token = claim_link(system_app)
    field = token_in(another.get(f"/links/{token}").text)
    both = [
        another.post(
            f"/links/{token}", data={"csrf_token": field, "password": "une autre phrase longue"}
        ).status_code
        for _ in range(2)
    ]
    assert both[0] == 302 and both[1] in (400, 410)
    with system_app.app_context():
        assert rows_of(SignInSession) == 1


def test_of_two_who_use_a_link_at_once_one_does(system_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with system_app.app_context():
        with writing():
            token = links.create(links.CLAIM, "A" * 26, LINK_LIFETIME)
        seen = links.peek(token, links.CLAIM)
        monkeypatch.setattr(links, "peek", lambda *_: seen)
        with writing():
            links.use(token, links.CLAIM)
        with pytest.raises(Refused, match="déjà servi"), writing():
            links.use(token, links.CLAIM)


def test_a_link_of_another_purpose_made_up_or_too_old_opens_nothing(
    client: FlaskClient, system_app: Flask, at: At
) -> None:
    sign_up(client)
    with system_app.app_context(), writing():
        repair = links.create("repair", "A" * 26, LINK_LIFETIME)
    assert client.get(f"/links/{repair}").status_code == client.get("/links/made-up").status_code == 404
    token = claim_link(system_app)
    with at(clock.now() + LINK_LIFETIME + timedelta(seconds=1)):
        page = client.get(f"/links/{token}")
    assert page.status_code == 410 and "n’est plus valable depuis" in page.text
    with system_app.app_context():
        kept = db.session.scalars(sa.select(SingleUseLink.token_hash)).all()
        assert token not in kept and links.hashed(token) in kept


def test_a_claim_proves_where_it_went_and_nothing_else(client: FlaskClient, system_app: Flask) -> None:
    """Whoever had the telephone, which is the person's no longer, does not read the address."""
    with system_app.app_context(), writing():
        person = people.new_person({"email": EMAIL, "given_name": "Salma", "family_name": "Alami"})
        by_phone = links.create(links.CLAIM_BY_PHONE, person.reference, LINK_LIFETIME)
    page = client.get(f"/links/{by_phone}")
    assert page.status_code == 404 and EMAIL not in page.text
    sign_up(client, "autre@exemple.ma")
    assert post(client, f"/links/{by_phone}", password=PASSWORD).status_code == 404
    with system_app.app_context():
        assert db.session.scalars(sa.select(Account.email)).all() == ["autre@exemple.ma"]


def test_a_claim_makes_the_account_of_a_person_once(client: FlaskClient, system_app: Flask) -> None:
    with system_app.app_context(), writing():
        person = people.new_person({"email": EMAIL, "given_name": "Salma", "family_name": "Alami"})
        first, second = links.create_many("claim", [person.reference] * 2, LINK_LIFETIME)
    assert EMAIL in client.get(f"/links/{first}").text
    assert post(client, f"/links/{first}", password=PASSWORD).status_code == 302
    assert is_in(client)
    field = token_in(client.get("/my").text)
    for link in (first, second):  # the link is opened once more, or its form was sent twice
        assert client.get(f"/links/{link}").location == "/my"
        assert client.post(f"/links/{link}", data={"csrf_token": field}).location == "/my"
    sign_out(client)
    served = client.get(f"/links/{first}")
    assert served.status_code == 410 and "déjà servi" in served.text
    asked = post(client, f"/links/{second}", password="celle de quelqu’un d’autre")
    assert asked.location == f"/code?next=/links/{second}"
    assert enters(client), "an old claim changes no password"
    with system_app.app_context():
        assert (rows_of(Person), rows_of(Account)) == (1, 1)


@pytest.mark.parametrize("page", ["/password", "/sign-in"])
def test_asking_for_a_code_is_the_same_work_for_a_known_address_as_for_an_unknown_one(
    client: FlaskClient,
    app: Flask,
    system_app: Flask,
    statements: Callable[[], AbstractContextManager[list[str]]],
    page: str,
) -> None:
    entering.sign_in_anew(client, EMAIL, PASSWORD)
    done = []
    for email in (EMAIL, "personne@exemple.ma"):
        browser = SeparateClient(app, app.response_class)
        field = token_in(browser.get(page).text)
        with statements() as seen:
            answer = browser.post(page, data={"csrf_token": field, "email": email})
        shown = browser.get(answer.location).text.replace(email, "…")
        done.append((answer.status_code, answer.location, seen, re.sub(r'value="[^"]{20,}"', "", shown)))
    assert done[0] == done[1]
    with system_app.app_context():
        assert [message.key for message in db.session.scalars(sa.select(Message))] == ["sign_in_code"] * 2


def test_a_forgotten_password_is_replaced_once_a_code_has_entered(
    client: FlaskClient, another: FlaskClient, system_app: Flask
) -> None:
    entering.sign_in_anew(client, EMAIL, PASSWORD)
    assert "Recevoir un code" in another.get("/password").text
    assert post(another, "/password", email=EMAIL).location == "/code?next=/my/sessions"
    with system_app.app_context():
        message = db.session.scalars(sa.select(Message)).one()
        content = content_of(message)
        assert content is not None
    assert (
        post(another, "/code?next=/my/sessions", code=content["variables"]["code"]).location == "/my/sessions"
    )
    other = "une autre phrase longue"
    field = token_in(another.get("/my/sessions").text)
    chosen = another.post("/my/sessions/password", data={"csrf_token": field, "password": other})
    assert chosen.status_code == 302
    assert is_in(another) and not is_in(client)
    assert not enters(client) and enters(client, other)


def test_one_statement_tells_who_is_there_and_another_what_stands_below_a_role_in_the_tree(
    client: FlaskClient,
    app: Flask,
    system_app: Flask,
    statements: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    sign_up(client)
    with statements() as seen:
        client.get("/no-such-page")
    assert len(seen) == 1, seen
    with system_app.app_context(), writing():
        account = viewers.account_by_email(EMAIL)
        assert account is not None
        for role in (Role.REVIEWER, Role.OBSERVER):
            people.grant(SYSTEM, account, role, "organisation", "S" * 26, "ma.", [1, 2])
    with statements() as seen:
        client.get("/no-such-page")
    assert len(seen) == 2, seen
    with app.app_context():
        viewer = viewers.viewer_of_email(EMAIL)
        assert viewer is not None and viewer.institutions == (1, 2) and len(viewer.grants) == 2


def test_a_grant_is_given_once_and_by_nobody_beyond_their_own(system_app: Flask) -> None:
    with system_app.app_context():
        with writing():
            account = people.new_account(SYSTEM, EMAIL, "h", {"language": "fr"})
        known = viewers.viewer_of_email(EMAIL)
        assert known is not None
        with pytest.raises(NotPermitted), writing():
            people.grant(known, account, Role.AUDITOR, "organisation", "S" * 26, "ma.", [1])
        with pytest.raises(ValueError, match="point"), writing():
            people.grant(SYSTEM, account, Role.AUDITOR, "organisation", "S" * 26, "ma", [1])
        found = (known.account_id, known.email, known.has_proved, known.grants)
        assert viewers.viewer_of_email(EMAIL) == known and found == (account.id, EMAIL, True, ())


def test_an_identity_number_is_one_person_s_and_sealed(system_app: Flask) -> None:
    with system_app.app_context():
        with writing():
            salma, zineb = (
                people.new_person({"given_name": name, "phone": "+212612345678"}) for name in "SZ"
            )
            for _again in range(2):
                assert numbers.set_identifiers(salma, {"cin": "AB12345"}) == {}
        with writing():
            refused = numbers.set_identifiers(zineb, {"cin": "AB12345"})
        assert "autre dossier" in refused["cin"].what
        assert salma.phone_sealed and b"612345678" not in salma.phone_sealed
        found = viewers.persons_by_identifiers("cin", ["AB12345", "CD1"])
        assert {number: person.id for number, person in found.items()} == {"AB12345": salma.id}


def test_the_number_that_enters_is_the_account_s_whatever_a_file_says_later(system_app: Flask) -> None:
    with system_app.app_context():
        with writing():
            person = people.new_person({"given_name": "Salma", "phone": "+212612345678"})
            account = people.new_account_of(person, None, None, "+212612345678")
        with writing():
            people.set_person(person, {"phone": "+212699999999"})
        assert people.entering_phone(account) == "+212612345678"
        assert account.phone_sealed and b"612345678" not in account.phone_sealed
        with writing():  # as an account was before it kept its number
            account.phone_sealed = None
        assert people.entering_phone(account) == ""
        with writing():
            people.set_person(person, {"phone": "+212612345678"})
        assert people.entering_phone(account) == "+212612345678"
