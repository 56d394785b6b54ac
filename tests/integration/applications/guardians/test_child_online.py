"""A child who fills in the form alone: what a minor needs is asked for in time, the number and the end are told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.outbox.delivery.tasks.handing_over import deliver
from cohortmgr.outbox.models import Message
from tests.integration.applications.guardians import children
from tests.integration.applications.importing.entering import prove
from tests.integration.applications.importing.sheets import words
from tests.integration.applications.journey.steps import begin

PHONE = "+212661777888"
CHILD = {
    "family_name": "Alaoui", "given_name": "Adam", "sex": "m", "birth_date-day": "3", "birth_date-month": "4",
    "birth_date-year": "2014", "massar": "J000000001", "region": "MA-04", "group": "Raja",
}  # fmt: skip
GUARDIAN = {
    "guardian_name": "Amina Alaoui", "guardian_capacity": "mother", "guardian_phone": "06 12 00 00 01",
}  # fmt: skip


@pytest.fixture
def draft(system_context: AppContext, client: FlaskClient, system_app: Flask) -> Iterator[str]:
    """A draft of a child who entered by a telephone, all but the guardian filled in."""
    with clock.at(children.NOW):
        intake = children.open_junior()
        prove(client, system_app, PHONE)
        place = f"/my/applications/{begin(client, intake)}"
        consents = dict.fromkeys(("consent_truth", "consent_data"), "y")
        assert client.post(f"{place}/form", data={**CHILD, **consents}).status_code == 302
        yield place


def the_page_of(client: FlaskClient, draft: str, key: str) -> str:
    answer = client.get(f"{draft}/question/{key}")
    return str(answer.location).partition("#")[0]


@pytest.mark.parametrize("key", ["guardian_name", "guardian_capacity", "guardian_phone"])
def test_what_a_minor_s_file_needs_is_asked_for_at_its_page(
    draft: str, client: FlaskClient, key: str
) -> None:
    place = the_page_of(client, draft, key)
    page = words(client.get(place).text)
    assert "(facultatif)" not in page and "Passer" not in page and "Répondre plus tard" in page
    answer = client.post(place, data={})
    assert answer.status_code == 200 and "field-error" in answer.text, "and not after all the other pages"
    assert client.post(place, data={"later": "1"}).status_code == 302
    assert client.post(place, data={key: GUARDIAN[key]}).status_code == 302


def test_the_task_list_says_what_the_check_says(draft: str, client: FlaskClient) -> None:
    tasks = words(client.get(draft).text)
    assert "3 réponses manquent" in tasks and "Facultatif" not in tasks, tasks
    assert "Il manque 3 réponses" in words(client.get(f"{draft}/check").text)


def test_an_adult_s_file_needs_no_guardian(draft: str, client: FlaskClient) -> None:
    client.post(f"{draft}/form", data={**CHILD, "birth_date-year": "2008"})
    place = the_page_of(client, draft, "guardian_name")
    assert "Passer" in words(client.get(place).text) and client.post(place, data={}).status_code == 302


def test_the_number_is_told_while_consent_is_awaited_and_the_end_by_sms(
    draft: str, client: FlaskClient, app: Flask
) -> None:
    client.post(f"{draft}/form", data={**CHILD, **GUARDIAN})
    assert client.post(f"{draft}/check").status_code == 302
    row = db.session.scalars(sa.select(Application)).one()
    number, reference = row.number, row.reference
    assert row.state == "held"
    waiting = words(client.get(draft).text)
    assert number in waiting and "En attente de l'accord de votre tuteur légal" in waiting
    db.session.rollback()
    token = str(children.sent("guardian_asked")[-1]["token"])
    guardian = children.enter(app, token)
    place = f"/guardian/{token}/answers"
    answer = guardian.post(place, data=children.answers(guardian.get(place).text))
    assert answer.status_code == 302, answer.text
    while deliver():
        continue
    db.session.rollback()
    told = db.session.scalars(sa.select(Message).where(Message.key == "guardian_agreed")).one()
    assert (told.state, told.channel) == ("sent", "sms")
    assert children.sent("guardian_agreed")[0]["reference"] == reference
    assert number in words(client.get(draft).text)


def test_a_letter_that_waits_for_the_morning_is_not_said_to_have_left(
    draft: str, client: FlaskClient
) -> None:
    client.post(f"{draft}/form", data={**CHILD, **GUARDIAN})
    assert client.post(f"{draft}/check").status_code == 302
    with clock.at(children.NOW.replace(hour=22)):
        while deliver():
            continue
        page = words(client.get(f"{draft}/guardian").text)
    assert "Nous avons écrit" not in page and "part lundi 23 novembre 2026, 8 h" in page
    assert 'href="/guardian"' in page
    with clock.at(children.NOW.replace(day=23)):
        while deliver():
            continue
        page = words(client.get(f"{draft}/guardian").text)
    assert "Nous avons écrit" in page and 'href="/guardian"' in page


def test_a_child_whom_a_club_enrolled_has_no_account_and_is_written_nothing(
    system_context: AppContext, client: FlaskClient, app: Flask
) -> None:
    with clock.at(children.NOW):
        intake = children.open_junior()
        children.club(client)
        children.enrol(client, intake, children.child(1))
        token = str(children.sent("guardian_asked")[-1]["token"])
        guardian = children.enter(app, token)
        place = f"/guardian/{token}/answers"
        assert guardian.post(place, data=children.answers(guardian.get(place).text)).status_code == 302
        db.session.rollback()
        assert children.sent("guardian_agreed") == []
