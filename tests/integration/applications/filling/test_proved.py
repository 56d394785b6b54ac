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
from cohortmgr.programmes.definition import toml
from cohortmgr.programmes.queries import intake_of
from tests.integration.accounts.entering import last_code
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


def without_address() -> str:
    """The open intake of a programme that asks for no e-mail address."""
    text = (toml.DEFINITIONS / "mdia.toml").read_text(encoding="utf-8")
    asked = 'required = true\nmax_length = 254\ntarget = "person.email"'
    assert asked in text
    with writing():
        programmes.load_definition(
            SYSTEM, toml.read_definition(text.replace(asked, asked.partition("\n")[2]), "mdia.toml")
        )
    return intake_of("mdia", "2027").reference


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
    intake = without_address()
    enter(client, PHONE)
    draft = begin(client, intake)
    fill(client, draft, steps.answers(email=""))
    assert client.post(f"/my/applications/{draft}/check").status_code == 302
    while deliver():
        continue
    db.session.rollback()
    receipt = db.session.scalars(sa.select(Message).where(Message.key == "application_received")).one()
    assert (receipt.state, receipt.channel) == ("sent", "sms")
