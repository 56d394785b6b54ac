"""Devices that others use too: nothing stays there. And the list of one's own sessions."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from cohortmgr.accounts.actions import held_forms
from cohortmgr.accounts.models import Account, SignInSession
from cohortmgr.accounts.rules import FRESH, SHARED_IDLE, SHARED_LIFETIME
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from tests.architecture.sources import ROOT
from tests.integration.accounts import entering
from tests.integration.accounts.entering import last_code
from tests.watch import SeparateClient

At = Callable[..., AbstractContextManager[None]]
Statements = Callable[[], AbstractContextManager[list[str]]]
EMAIL, PASSWORD = "salma@exemple.ma", "une phrase assez longue"


@pytest.fixture
def another(app: Flask) -> FlaskClient:
    """A second browser."""
    return SeparateClient(app, app.response_class)


def sign_up(client: FlaskClient, **fields: str) -> str:
    """Returns the session's cookie as it was set."""
    answer = entering.sign_up(client, EMAIL, PASSWORD, **fields)
    return next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith("session="))


def sign_in(client: FlaskClient, **fields: str) -> None:
    assert client.post("/sign-in", data={"email": EMAIL, "password": PASSWORD, **fields}).status_code == 302


def is_in(client: FlaskClient) -> bool:
    return bool(client.get("/my").status_code == 200)


def test_on_a_shared_device_the_cookie_ends_with_the_browser(client: FlaskClient) -> None:
    cookie = sign_up(client, shared="y")
    assert "Expires" not in cookie and "Max-Age" not in cookie
    page = client.get("/my").text
    assert re.search(r"<html[^>]* data-shared", page) and "Appareil partagé" in page


def test_on_a_device_of_ones_own_it_stays(client: FlaskClient) -> None:
    assert "Expires" in sign_up(client)
    page = client.get("/my").text
    assert "data-shared" not in page and "Appareil partagé" not in page


def test_a_code_asked_on_a_shared_device_opens_a_short_session(
    client: FlaskClient, system_app: Flask
) -> None:
    client.post("/sign-in", data={"email": EMAIL, "shared": "y"})
    client.post("/code", data={"code": last_code(system_app)})
    with system_app.app_context():
        row = db.session.scalars(sa.select(SignInSession)).one()
        assert row.shared and row.expires_at == row.created_at + SHARED_IDLE


def test_a_shared_session_ends_after_half_an_hour_without_a_page(client: FlaskClient, at: At) -> None:
    sign_up(client, shared="y")
    began = clock.now()
    for minutes in (20, 40, 65):  # each page prolongs it
        with at(began + timedelta(minutes=minutes)):
            assert is_in(client)
    with at(began + timedelta(minutes=96)):
        assert not is_in(client)


def test_and_in_any_case_after_a_day_of_work(client: FlaskClient, at: At) -> None:
    sign_up(client, shared="y")
    began = clock.now()
    moment = began
    while moment < began + SHARED_LIFETIME - timedelta(minutes=20):
        moment += timedelta(minutes=20)
        with at(moment):
            assert is_in(client)
    with at(began + SHARED_LIFETIME + timedelta(seconds=5)):
        assert not is_in(client)


def test_a_shared_session_is_not_written_at_each_page(
    client: FlaskClient, at: At, statements: Statements
) -> None:
    sign_up(client, shared="y")
    with statements() as seen:
        client.get("/my")
    assert not [each for each in seen if each.startswith("UPDATE")]
    with at(clock.now() + timedelta(minutes=10)), statements() as seen:
        client.get("/my")
    assert len([each for each in seen if each.startswith("UPDATE")]) == 1


def test_signing_out_clears_what_the_browser_keeps(client: FlaskClient, another: FlaskClient) -> None:
    sign_up(client, shared="y")
    sign_in(another)
    assert client.post("/sign-out").headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    assert another.post("/sign-out").headers["Clear-Site-Data"] == '"cache", "storage"'


def test_a_sign_out_from_an_older_page_says_that_the_session_goes_on(
    client: FlaskClient, another: FlaskClient
) -> None:
    sign_up(client, shared="y")
    client.application.config["WTF_CSRF_ENABLED"] = True
    headers = {"Origin": "http://localhost"}
    answer = client.post("/sign-out", data={"csrf_token": "of an older tab"}, headers=headers)
    assert answer.status_code == 400 and answer.headers["Cache-Control"] == "no-store"
    assert "Votre session est toujours ouverte" in answer.text and "Rien n’est encore" not in answer.text
    form = re.search(
        r'<form[^>]*action="/sign-out"[^>]*data-forget.*?name="csrf_token" value="([^"]+)"', answer.text, re.S
    )
    assert form and client.get("/my").status_code == 200, "nobody was signed out"
    assert client.post("/sign-out", data={"csrf_token": form[1]}, headers=headers).status_code == 302
    assert client.get("/my").status_code == 302
    gone = another.post("/sign-out", data={"csrf_token": "of an older tab"}, headers=headers)
    assert "Votre session est fermée" in gone.text and 'action="/sign-out"' not in gone.text


def test_no_signed_in_page_is_kept(client: FlaskClient, runner: FlaskCliRunner) -> None:
    assert runner.invoke(args=["programmes", "load", "mdia", "--publish"]).exit_code == 0
    pages = ("/", "/programmes/mdia", "/my", "/my/sessions", "/my/preferences", "/nothing-here", "/tell-me")
    assert all(client.get(page).headers["Cache-Control"] == "no-cache" for page in ("/", "/sign-in"))
    sign_up(client, shared="y")
    for page in pages:
        assert client.get(page).headers["Cache-Control"] == "no-store", page


def test_forms_on_a_shared_device_offer_to_remember_nothing(
    client: FlaskClient, another: FlaskClient
) -> None:
    sign_up(client, shared="y")
    sign_in(another)
    shared, own = (browser.get("/my/preferences").text for browser in (client, another))
    assert 'autocomplete="tel"' in own and "autocomplete" not in own.replace('autocomplete="tel"', "")
    assert set(re.findall(r'autocomplete="(\w+)"', shared)) == {"off"}


def test_the_list_of_sessions_says_which_is_here_and_ends_the_others(
    client: FlaskClient, another: FlaskClient, app: Flask, system_app: Flask
) -> None:
    sign_up(client)
    third = SeparateClient(app, app.response_class)
    sign_in(another, shared="y")
    sign_in(third)
    page = client.get("/my/sessions").text
    assert page.count("Cet appareil</span>") == 1 and page.count("Partagé</span>") == 1
    with system_app.app_context():
        shared = db.session.scalars(sa.select(SignInSession.id).where(SignInSession.shared)).one()
    assert client.post("/my/sessions/end", data={"session": str(shared)}).status_code == 302
    assert (is_in(client), is_in(another), is_in(third)) == (True, False, True)
    client.post("/my/sessions/end")
    assert (is_in(client), is_in(third)) == (True, False)
    assert "Aucun autre appareil" in client.post("/my/sessions/end", follow_redirects=True).text


@pytest.mark.parametrize("session", ["", "0", "-1", "x", "9" * 40, "1.5", "\x00", "١"])
def test_nobody_ends_the_session_of_another(
    client: FlaskClient, another: FlaskClient, system_app: Flask, session: str
) -> None:
    sign_up(client)
    entering.sign_up(another, "autre@exemple.ma", PASSWORD)
    with system_app.app_context():
        theirs = db.session.scalars(sa.select(SignInSession.id).order_by(SignInSession.id)).first()
    another.post("/my/sessions/end", data={"session": str(theirs)})
    another.post("/my/sessions/end", data={"session": session})
    assert is_in(client) and is_in(another)


def test_ways_in_change_only_a_moment_after_coming_in(
    client: FlaskClient, another: FlaskClient, at: At
) -> None:
    sign_up(client)
    sign_in(another)
    page = client.get("/my/sessions").text
    assert "one-time-code" not in page and "new-password" in page
    with at(clock.now() + FRESH + timedelta(seconds=1)):
        assert "Entrer de nouveau" in client.get("/my/sessions").text
        for way, fields in (
            ("password", {"password": "une autre phrase longue"}),
            ("contact", {"email": "neuve@exemple.ma"}),
        ):
            refused = client.post(f"/my/sessions/{way}", data=fields)
            assert refused.status_code == 200 and "entrez de nouveau" in refused.text
    assert client.post("/my/sessions/password", data={"password": "court"}).status_code == 200
    chosen = client.post("/my/sessions/password", data={"password": "une autre phrase longue"})
    assert chosen.status_code == 302 and is_in(client) and not is_in(another)


def test_the_page_of_sessions_makes_as_many_statements_for_many(
    client: FlaskClient, app: Flask, statements: Statements
) -> None:
    sign_up(client)
    counts = []
    for _ in range(2):
        for _ in range(4):
            sign_in(SeparateClient(app, app.response_class))
        with statements() as seen:
            client.get("/my/sessions")
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_forms_that_nobody_came_back_for_are_deleted_within_the_hour(
    client: FlaskClient, system_app: Flask, at: At
) -> None:
    sign_up(client)
    with system_app.app_context():
        with writing():
            account = db.session.scalars(sa.select(Account.id)).one()
            assert held_forms.hold(account, "/my/applications/X/form", {"city": ["Salé"]})
        for minutes, gone in ((59, 0), (61, 1), (61, 0)):
            with at(clock.now() + timedelta(minutes=minutes)), writing():
                assert held_forms.sweep() == gone


def test_every_page_that_signs_in_opens_the_session_in_one_place() -> None:
    """There it takes over what was said of the device, and ends the session that it replaces."""
    house = ROOT / "cohortmgr"
    views = [
        path for path in house.rglob("*.py") if "views" in path.as_posix().removeprefix(house.as_posix())
    ]
    opening = [path.name for path in views if "people.open_session(" in path.read_text("utf-8")]
    assert opening == ["entrance.py"]


def test_whoever_enters_again_on_a_shared_device_stays_on_one_and_leaves_no_session(
    client: FlaskClient, system_app: Flask
) -> None:
    sign_up(client, shared="y")
    sign_in(client)
    with system_app.app_context():
        rows = sa.select(SignInSession.shared, SignInSession.revoked_at.is_(None)).order_by(SignInSession.id)
        assert [tuple(row) for row in db.session.execute(rows)] == [(True, False), (True, True)]


def test_a_password_chosen_at_a_door_ends_every_other_session(
    client: FlaskClient, another: FlaskClient, app: Flask, system_app: Flask, at: At
) -> None:
    """Whoever enters by codes alone has no password that could have been chosen before."""
    entering.sign_up(client, EMAIL, "")
    with at(clock.now() + timedelta(seconds=40)):
        entering.sign_up(another, EMAIL, PASSWORD)
    assert is_in(another) and not is_in(client)


def test_another_address_ends_the_other_sessions_and_a_first_number_none(
    client: FlaskClient, another: FlaskClient, system_app: Flask
) -> None:
    sign_up(client)
    sign_in(another)
    for contact, ends in (("0612345678", False), ("neuve@exemple.ma", True)):
        assert client.post("/my/sessions/contact", data={"email": contact}).status_code == 302
        assert client.post("/my/sessions/code", data={"code": last_code(system_app)}).status_code == 302
        assert is_in(client) and is_in(another) is not ends, contact


@pytest.mark.parametrize("path", ["/sign-in", "/sign-up"])
def test_whoever_is_signed_in_is_told_who_and_goes_on_or_out(
    client: FlaskClient, another: FlaskClient, path: str
) -> None:
    """On a device that others use too the next person must see whose account is open."""
    assert "Vous êtes connecté" not in another.get(path).text
    sign_up(client)
    page = client.get(f"{path}?next=/my/messages").text.split("<main")[1]
    assert "Vous êtes connecté·e" in page and EMAIL in page
    assert re.search(r'href="/my/messages"[^>]*>\s*Continuer', page) and 'action="/sign-out"' in page
    assert re.search(r'href="/my"[^>]*>\s*Continuer', client.get(f"{path}?next=//ailleurs.ma").text)
    assert 'name="password"' in page, "another account enters from here"
    client.post("/sign-out")
    assert "Vous êtes connecté" not in client.get(path).text
