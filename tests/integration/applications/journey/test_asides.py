"""The form asks, beside the field and once, about an address that looks mistyped and a name in the other script."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db
from tests.integration.accounts.test_slips import MEANT, QUESTION, SLIP, buttons, inputs
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import begin, sign_up

IN_ARABIC, IN_LATIN = "est en lettres arabes", "est en lettres latines"
EXCHANGE = 'name="exchange-names"'


@pytest.fixture
def draft(intake: str, client: FlaskClient) -> str:
    sign_up(client)
    return f"/my/applications/{begin(client, intake)}/form"


def saved() -> dict[str, Any]:
    db.session.rollback()
    return dict(db.session.scalars(sa.select(Application.answers)).one())


def test_a_slip_in_an_answer_is_saved_asked_about_once_and_taken_by_one_press(
    draft: str, client: FlaskClient
) -> None:
    place = f"{draft}/contact/1"
    page = client.post(place, data={"email": SLIP, "phone": "0612345678"})
    assert page.status_code == 200 and QUESTION in page.text and "Erreur" not in page.text
    assert saved()["email"] == SLIP, "nothing that was typed waits for an answer"
    taken = client.post(place, data={**inputs(page.text), "taken-email": buttons(page.text)["taken-email"]})
    assert taken.status_code == 302 and taken.location.endswith("/form/contact/2")
    assert saved()["email"] == MEANT


@pytest.mark.parametrize("pressed", ["kept-email", ""])
def test_a_kept_slip_is_asked_about_no_more(draft: str, client: FlaskClient, pressed: str) -> None:
    place = f"{draft}/contact/1"
    page = client.post(place, data={"email": SLIP}).text
    more = {pressed: buttons(page)[pressed]} if pressed else {}
    assert client.post(place, data={**inputs(page), **more}).status_code == 302
    assert saved()["email"] == SLIP
    again = client.get(place).text
    assert QUESTION not in again and client.post(place, data=inputs(again)).status_code == 302
    whole = inputs(client.get(draft).text)
    assert client.post(draft, data=whole).location.endswith("/check")


def test_what_was_saved_while_typing_is_asked_about_all_the_same(draft: str, client: FlaskClient) -> None:
    place = f"{draft}/contact/1"
    shown = inputs(client.get(place).text)
    body = {"keys": ["email"], "fields": {"email": [SLIP]}, "seen": {}}
    answer = client.post(f"{draft.removesuffix('/form')}/answers", json=body).get_json()
    assert saved()["email"] == SLIP and answer["errors"] == {}
    assert QUESTION in client.post(place, data={**shown, "email": SLIP}).text


def test_an_impossible_address_is_asked_about_first_and_refused_only_then(
    draft: str, client: FlaskClient
) -> None:
    place = f"{draft}/contact/1"
    page = client.post(place, data={"email": "zoe@gmail,com"}).text
    assert QUESTION in page and "field-error" not in page and "kept-email" not in page
    assert inputs(page)["email"] == "zoe@gmail,com"
    again = client.post(place, data=inputs(page)).text
    assert QUESTION in again and "field-error" in again
    taken = {**inputs(again), "taken-email": buttons(again)["taken-email"]}
    assert client.post(place, data=taken).status_code == 302 and saved()["email"] == MEANT


def test_the_whole_form_asks_too_and_loses_nothing(draft: str, client: FlaskClient) -> None:
    page = client.post(draft, data=steps.with_file(steps.answers(email=SLIP, family_name="بناني")))
    assert page.status_code == 200 and QUESTION in page.text and IN_ARABIC in page.text
    sent = {**steps.answers(), **inputs(page.text), "sex": "f", "kept-email": SLIP}
    assert client.post(draft, data=sent).location.endswith("/check")
    assert (saved()["email"], saved()["family_name"]) == (SLIP, "بناني")


def test_names_in_the_other_script_are_exchanged_by_one_button(draft: str, client: FlaskClient) -> None:
    place = f"{draft}/identite/1"
    page = client.post(place, data={"family_name": "الإدريسي", "given_name": "زوي"}).text
    assert page.count(IN_ARABIC) == 2 and page.count(EXCHANGE) == 1 and page.count("kept-") == 1
    answer = client.post(place, data={**inputs(page), "exchange-names": "1"})
    assert answer.location.partition("#")[0] == place, "the names in Latin letters are still to be written"
    assert saved()["family_name_ar"] == "الإدريسي" and saved()["given_name_ar"] == "زوي"
    shown = client.get(place).text
    assert "family_name" not in saved() and "field-error" not in shown
    assert "Vos noms en arabe sont gardés" in shown and "maintenant en lettres latines." in shown
    kept = {**inputs(shown), "family_name": "El Idrissi", "given_name": "Zoé"}
    assert kept["family_name_ar"] == "الإدريسي"
    assert client.post(place, data=kept).location == f"{draft}/identite/2"


def test_names_that_were_kept_are_exchanged_where_the_others_are_typed(
    draft: str, client: FlaskClient
) -> None:
    place = f"{draft}/identite/1"
    page = client.post(place, data={"family_name": "الإدريسي", "given_name": "Zoé"}).text
    typed = {"family_name_ar": "El Idrissi", "given_name_ar": "زوي", "kept-family_name": "الإدريسي"}
    page = client.post(place, data={**inputs(page), **typed}).text
    assert page.count(IN_LATIN) == 1 and page.count(EXCHANGE) == 1
    assert client.post(place, data={**inputs(page), "exchange-names": "1"}).status_code == 302
    assert (saved()["family_name"], saved()["family_name_ar"]) == ("El Idrissi", "الإدريسي")
    assert (saved()["given_name"], saved()["given_name_ar"]) == ("Zoé", "زوي")


def test_where_an_exchange_helps_nothing_it_is_not_offered_and_the_name_may_be_kept(
    draft: str, client: FlaskClient
) -> None:
    place = f"{draft}/identite/1"
    typed = {
        "family_name": "El Idrissi",
        "given_name": "Zoé",
        "family_name_ar": "El Idrissi",
        "given_name_ar": "زوي",
    }
    page = client.post(place, data=typed).text
    assert IN_LATIN in page and EXCHANGE not in page
    assert client.post(place, data=inputs(page)).status_code == 302
    assert saved()["family_name_ar"] == "El Idrissi"


@pytest.mark.parametrize("left", ["saved while typing", "language", "later"])
def test_a_question_is_asked_until_it_is_answered_however_the_text_was_saved(
    draft: str, client: FlaskClient, left: str
) -> None:
    place = f"{draft}/contact/1"
    if left == "saved while typing":
        body = {"keys": ["email"], "fields": {"email": [SLIP]}, "seen": {}}
        client.post(f"{draft.removesuffix('/form')}/answers", json=body)
    else:
        more = {"language": "en"} if left == "language" else {"later": "1"}
        client.post(place, data={"email": SLIP, **more})
        assert client.post(place, data={"email": SLIP, "asked-email": SLIP, **more}).status_code == 302
    client.post(place, data={"language": "fr", **inputs(client.get(place).text)})
    page = client.get(place).text
    assert QUESTION in page and buttons(page)["taken-email"] == MEANT
    assert QUESTION in client.get(draft).text, "the form on one page asks as well"
    assert client.post(place, data={**inputs(page), "kept-email": SLIP}).status_code == 302
    for each in (place, draft, check_of(draft)):
        assert QUESTION not in client.get(each).text, each
    other = client.post(place, data={**inputs(client.get(place).text), "email": "zoe@hotmial.com"}).text
    assert "hotmail.com" in other, "another text is another question"


def test_the_check_says_what_is_still_asked_and_lets_the_file_be_sent(
    draft: str, client: FlaskClient
) -> None:
    client.post(draft, data=steps.with_file(steps.answers(email=SLIP, family_name="بناني")))
    page = client.get(check_of(draft)).text
    assert QUESTION in page and IN_ARABIC in page
    assert 'href="' + f"{draft}/contact/1?to=check#email" in page
    there = client.get(f"{draft}/contact/1?to=check").text
    assert QUESTION in there and client.post(
        f"{draft}/contact/1?to=check", data={**inputs(there), "kept-email": SLIP}
    ).location.endswith("/check")
    page = client.get(check_of(draft)).text
    assert QUESTION not in page and IN_ARABIC in page
    client.post(check_of(draft))
    assert db.session.scalars(sa.select(Application.state)).one() == "submitted"


def check_of(draft: str) -> str:
    return f"{draft.removesuffix('/form')}/check"
