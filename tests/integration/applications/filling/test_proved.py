"""What a code proved is filled in in the form, and whoever has a telephone alone gets the receipt there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.outbox.delivery.tasks.handing_over import deliver
from cohortmgr.outbox.models import Message
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.queries import intake_of
from tests.integration.accounts.entering import last_code
from tests.integration.applications.importing.sheets import words
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import DURING, begin, fill

PHONE, NUMBER = "06 12 34 56 78", "+212612345678"


@pytest.fixture(autouse=True)
def _during(system_context: AppContext) -> Iterator[None]:
    with clock.at(DURING):
        yield


def enter(client: FlaskClient, contact: str) -> None:
    assert client.post("/sign-up", data={"email": contact}).status_code == 302
    assert client.post("/code", data={"code": last_code(client.application)}).status_code == 302


@pytest.mark.parametrize(
    ("contact", "field", "value"),
    [("zoe@exemple.ma", "email", "zoe@exemple.ma"), (PHONE, "phone", NUMBER)],
)
def test_what_was_proved_is_filled_in_and_saved_once_the_person_says_so(
    client: FlaskClient, contact: str, field: str, value: str
) -> None:
    intake = steps.load_mdia()
    enter(client, contact)
    draft = begin(client, intake)
    for page in (f"/my/applications/{draft}/form/contact/1", f"/my/applications/{draft}/form"):
        text = client.get(page).text
        assert text.count(f'value="{value}"') == 1 and f'name="{field}"' in text, page
    row = db.session.scalars(sa.select(Application)).one()
    assert row.answers == {} and row.email is None
    db.session.rollback()
    client.post(
        f"/my/applications/{draft}/form/contact/1", data={"email": "autre@exemple.ma", "phone": "0661223344"}
    )
    text = client.get(f"/my/applications/{draft}/form/contact/1").text
    assert f'value="{value}"' not in text and "autre@exemple.ma" in text, "what was typed stays"


def test_who_has_a_telephone_alone_finishes_and_gets_the_receipt_by_sms(client: FlaskClient) -> None:
    intake = steps.load_mdia()
    enter(client, PHONE)
    draft = begin(client, intake)
    fill(client, draft, steps.answers(email=""))
    assert client.post(f"/my/applications/{draft}/check").status_code == 302
    while deliver():
        continue
    db.session.rollback()
    receipt = db.session.scalars(sa.select(Message).where(Message.key == "application_received")).one()
    assert (receipt.state, receipt.channel) == ("sent", "sms")


def test_one_of_address_and_number_suffices_and_none_is_told_once(client: FlaskClient) -> None:
    intake = steps.load_mdia()
    enter(client, PHONE)
    draft = begin(client, intake)
    page = f"/my/applications/{draft}/form/contact/1"
    text = client.get(page).text
    assert "Adresse e-mail ou Téléphone" in text and "(facultatif)" not in text
    answer = client.post(page, data={"email": "", "phone": ""})
    told = words(answer.text)
    assert "Adresse e-mail ou Téléphone" in told and "Remplissez" in told
    assert client.post(page, data={"email": "", "phone": PHONE}).status_code == 302
    db.session.rollback()
    assert client.post(page, data={"email": "zoe@exemple.ma", "phone": ""}).status_code == 302


def test_who_has_a_telephone_alone_finds_it_beside_the_address_and_passes(client: FlaskClient) -> None:
    """jobintech asks for both on one page; on two, the first said "missing" and held no telephone."""
    with writing():
        programmes.load_definition(SYSTEM, read_known("jobintech"))
    enter(client, PHONE)
    draft = begin(client, intake_of("jobintech", "2027-1").reference)
    here, behind = (f"/my/applications/{draft}/form/contact/{number}" for number in (1, 2))
    assert f'value="{NUMBER}"' in client.get(here).text
    none = client.post(here, data={"email": "", "phone": ""})
    assert none.status_code == 200 and "Adresse e-mail ou " in words(none.text), "the page asks for one"
    answer = client.post(here, data={"email": "", "phone": NUMBER})
    assert answer.status_code == 302 and answer.location.endswith(behind), words(answer.text)


def test_what_is_written_to_an_address_that_nobody_proved_goes_to_the_number_that_somebody_proved(
    client: FlaskClient,
) -> None:
    intake = steps.load_mdia()
    enter(client, PHONE)
    draft = begin(client, intake)
    fill(client, draft, steps.answers(email="zoe@gmial.com") | {"asked-email": "zoe@gmial.com"})
    assert client.post(f"/my/applications/{draft}/check").status_code == 302
    while deliver():
        continue
    db.session.rollback()
    receipt = db.session.scalars(sa.select(Message).where(Message.key == "application_received")).one()
    assert (receipt.state, receipt.channel) == ("sent", "sms")
