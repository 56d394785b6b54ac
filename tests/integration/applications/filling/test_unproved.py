"""An address to which the answer goes is proved: after sending, its person is asked for a code to it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.base import clock
from tests.integration.accounts.entering import last_code, letters
from tests.integration.accounts.test_slips import inputs
from tests.integration.applications.importing.entering import prove
from tests.integration.applications.importing.sheets import words
from tests.integration.applications.journey import steps

PHONE, OWN, TYPED = "+212612345678", "zoe@exemple.ma", "zoe@gmial.com"
WISH = {"email": TYPED, "asked-email": TYPED}
ASKED, RINGS = "n'est pas confirmée", "la réponse part au numéro par lequel vous entrez"


@pytest.fixture(autouse=True)
def _during(system_context: AppContext) -> Iterator[None]:
    with clock.at(steps.DURING):
        yield


def sent(client: FlaskClient, email: str) -> str:
    draft = steps.begin(client, steps.load_mdia())
    steps.fill(client, draft, steps.answers(email=email) | {"asked-email": email})
    assert client.post(f"/my/applications/{draft}/check").status_code == 302
    return f"/my/applications/{draft}"


@pytest.mark.parametrize("entered", [PHONE, OWN])
def test_an_address_that_nobody_proved_is_proved_by_a_code_from_the_receipt(
    client: FlaskClient, system_app: Flask, entered: str
) -> None:
    prove(client, system_app, entered)
    place = sent(client, TYPED)
    page = client.get(place).text
    told = words(page)
    assert ASKED in told and TYPED in told and (RINGS in told) == (entered == PHONE)
    assert (f'la réponse part à <bdi dir="ltr">{OWN}</bdi>' in told) == (entered == OWN)
    assert (f'Une confirmation vous a été envoyée à <bdi dir="ltr">{OWN}</bdi>' in told) == (entered == OWN)
    assert ("et non plus par" in told) == (entered == OWN), "the address by which one enters gives way"
    notice = page[page.index('class="notice wait"') :]
    form = notice[: notice.index("</form>")]
    answer = client.post(action(form), data=inputs(form))
    assert answer.status_code == 302, answer.text
    assert letters(system_app)[-1][1]["address"] == TYPED
    asked = client.get(answer.location)
    assert f'href="{place}"' in asked.text, "back without a code"
    wrong = client.post(action(asked.text), data={"code": "000000"})
    assert wrong.status_code == 200
    done = client.post(action(wrong.text), data={"code": last_code(system_app)})
    assert done.location == place, "where it began, and not the page of devices"
    told = words(client.get(place).text)
    assert ASKED not in told and "C'est fait" in told


@pytest.mark.parametrize(
    "elsewhere", ["https://ailleurs.example/", "//ailleurs.example/", "/\\ailleurs.example"]
)
def test_a_code_leads_to_no_page_of_another_site(
    client: FlaskClient, system_app: Flask, elsewhere: str
) -> None:
    prove(client, system_app, PHONE)
    onward = {"next": elsewhere}
    asked = client.post("/my/sessions/contact", query_string=onward, data=WISH)
    assert asked.location == "/my/sessions/code"
    page = client.get("/my/sessions/code", query_string=onward).text
    assert "ailleurs" not in page[page.index("<main") :], "no way back, nor an action"
    again = client.post("/my/sessions/code/again", query_string=onward)
    assert again.location == "/my/sessions/code"
    done = client.post("/my/sessions/code", query_string=onward, data={"code": last_code(system_app)})
    assert done.location == "/my/sessions"


def test_a_code_of_a_receipt_that_is_sent_again_still_leads_back(
    client: FlaskClient, system_app: Flask
) -> None:
    """Also where the session is too old for it: whoever enters again comes back to the receipt."""
    prove(client, system_app, PHONE)
    place = sent(client, TYPED)
    client.post("/my/sessions/contact", query_string={"next": place}, data=WISH)
    code = client.post("/my/sessions/code/again", query_string={"next": place}).location
    assert code == f"/my/sessions/code?next={place}"
    with clock.at(clock.now() + timedelta(minutes=20)):
        old = client.post("/my/sessions/contact", query_string={"next": place}, data=WISH)
    assert old.status_code == 200 and f"/sign-in?next={place}" in old.text


def action(page: str) -> str:
    """Where the form of a page that asks for a code, or sends one, is posted."""
    return html.unescape(re.findall(r'action="(/my/sessions/(?:code|contact)[^"]*)"', page)[0])


@pytest.mark.parametrize(("entered", "email"), [(OWN, OWN), (PHONE, "")])
def test_what_is_proved_is_not_asked_for_again(
    client: FlaskClient, system_app: Flask, entered: str, email: str
) -> None:
    prove(client, system_app, entered)
    told = words(client.get(sent(client, email)).text)
    assert "pas confirm" not in told
