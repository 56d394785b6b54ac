"""An address that looks mistyped is asked about before anything leaves: one press settles it, and nothing is lost."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.integration.accounts.entering import letters, sign_in_anew

SLIP, MEANT = "zoe@gmial.com", "zoe@gmail.com"
QUESTION = "vouliez-vous dire"
PASSWORD = "une phrase assez longue"
DOORS = ("/sign-in", "/sign-up", "/password")


def inputs(page: str) -> dict[str, str]:
    """What the page's form would send: its inputs, without what is not ticked and without its buttons."""
    tags = re.findall(r"<input [^>]*>", page)
    fields = [dict(re.findall(r'([\w-]+)="([^"]*)"', tag)) for tag in tags]
    return {
        each["name"]: html.unescape(each.get("value", ""))
        for each, tag in zip(fields, tags, strict=True)
        if "name" in each and (each.get("type") != "checkbox" or "checked" in tag)
    }


def buttons(page: str) -> dict[str, str]:
    """The buttons of the question, by what their names begin with."""
    found = re.findall(r'<button [^>]*name="((taken|kept)-[^"]*)"\s+value="([^"]*)"', page)
    return {f"{name}": html.unescape(value) for name, _, value in found}


def told(app: Flask) -> list[object]:
    return [content["address"] for _message, content in letters(app)]


@pytest.mark.parametrize("door", DOORS)
def test_a_slip_is_asked_about_and_one_press_takes_the_likely_address(
    client: FlaskClient, system_app: Flask, door: str
) -> None:
    page = client.post(door, data={"email": SLIP, "shared": "y"}).text
    assert QUESTION in page and MEANT in page and "Erreur" not in page, page
    assert told(system_app) == []
    sent = inputs(page)
    assert sent["email"] == SLIP and sent["shared"] == "y"
    answer = client.post(door, data={**sent, "taken-email": buttons(page)["taken-email"]})
    assert answer.status_code == 302 and told(system_app) == [MEANT]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("pressed", ["kept-email", ""])
def test_what_was_typed_is_kept_by_its_button_or_by_going_on_and_asked_about_once(
    client: FlaskClient, system_app: Flask, door: str, pressed: str
) -> None:
    page = client.post(door, data={"email": SLIP}).text
    more = {pressed: buttons(page)[pressed]} if pressed else {}
    assert client.post(door, data={**inputs(page), **more}).status_code == 302
    assert told(system_app) == [SLIP]


def test_another_slip_is_asked_about_again(client: FlaskClient, system_app: Flask) -> None:
    page = client.post("/sign-in", data={"email": SLIP}).text
    again = client.post("/sign-in", data={**inputs(page), "email": "zoe@gmail.con"}).text
    assert QUESTION in again and inputs(again)["asked-email"] == "zoe@gmail.con" and told(system_app) == []


def test_what_is_no_address_at_all_is_asked_about_first_and_refused_only_then(
    client: FlaskClient, system_app: Flask
) -> None:
    page = client.post("/sign-in", data={"email": "zoe@gmail,com"}).text
    assert QUESTION in page and "field-error" not in page and "kept-email" not in page
    again = client.post("/sign-in", data=inputs(page)).text
    assert QUESTION in again and "Écrivez l’adresse en entier" in html.unescape(again)
    taken = {**inputs(again), "taken-email": buttons(again)["taken-email"]}
    assert client.post("/sign-in", data=taken).status_code == 302 and told(system_app) == [MEANT]


def test_a_chosen_password_is_not_lost_nor_kept_by_the_device(client: FlaskClient, system_app: Flask) -> None:
    answer = client.post("/sign-up", data={"email": SLIP, "password": PASSWORD})
    assert inputs(answer.text)["password"] == PASSWORD and answer.headers["Cache-Control"] == "no-store"
    page = client.post("/sign-up", data={"email": "zoe", "password": PASSWORD}).text
    assert PASSWORD not in page, "of any other mistake it is typed again"


def test_who_enters_by_a_password_is_not_asked(client: FlaskClient, system_app: Flask) -> None:
    sign_in_anew(client, SLIP, PASSWORD)
    assert client.get("/my").status_code == 200


@pytest.mark.parametrize("address", ["zoe@exemple.ma", "06 12 34 56 78", "zoe@mail.com"])
def test_nothing_is_asked_about_any_other(client: FlaskClient, system_app: Flask, address: str) -> None:
    assert client.post("/sign-in", data={"email": address}).status_code == 302


def test_a_page_with_the_question_runs_no_statement(client: FlaskClient, statements: object) -> None:
    with statements() as seen:  # type: ignore[operator]
        assert QUESTION in client.post("/sign-in", data={"email": SLIP}).text
    assert seen == []


def test_an_opening_and_a_guardian_s_code_are_asked_about_too(client: FlaskClient, system_app: Flask) -> None:
    page = client.post("/guardian", data={"contact": SLIP})
    assert page.status_code == 200 and QUESTION in page.text and told(system_app) == []
    taken = {**inputs(page.text), "taken-contact": buttons(page.text)["taken-contact"]}
    assert client.post("/guardian", data=taken).location == "/guardian/code"
    watch = client.post("/tell-me", data={"email": SLIP, "spoken": "ar"}).text
    assert QUESTION in watch
