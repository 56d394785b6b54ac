"""An address to which the answer goes is proved: after sending, its person is asked for a code to it."""

from __future__ import annotations

from collections.abc import Iterator

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
    assert (f'Une confirmation part à <bdi dir="ltr">{OWN}</bdi>' in told) == (entered == OWN)
    assert ("et non plus par" in told) == (entered == OWN), "the address by which one enters gives way"
    notice = page[page.index('class="notice wait"') :]
    answer = client.post("/my/sessions/contact", data=inputs(notice[: notice.index("</form>")]))
    assert answer.status_code == 302, answer.text
    assert letters(system_app)[-1][1]["address"] == TYPED
    assert client.post("/my/sessions/code", data={"code": last_code(system_app)}).status_code == 302
    assert ASKED not in words(client.get(place).text)


@pytest.mark.parametrize(("entered", "email"), [(OWN, OWN), (PHONE, "")])
def test_what_is_proved_is_not_asked_for_again(
    client: FlaskClient, system_app: Flask, entered: str, email: str
) -> None:
    prove(client, system_app, entered)
    told = words(client.get(sent(client, email)).text)
    assert "pas confirm" not in told
