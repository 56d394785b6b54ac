"""A helper may fill, the person confirms: by a code sent to the address or number by which they enter."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.actions.codes import CodeRequest
from cohortmgr.accounts.contacts import EMAIL, Contact
from cohortmgr.accounts.limits import CODE_AGAIN, CODES_PER_ADDRESS
from cohortmgr.accounts.models import Account
from cohortmgr.accounts.queries.viewers import viewer_of_email
from cohortmgr.accounts.rules import CODE_LIFETIME, CODE_TRIES
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.journey.actions import helped_sending
from cohortmgr.audit.models import Event
from cohortmgr.audit.queries import values_of
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from tests.integration.accounts.entering import last_code, letters, wrong
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import answers, begin, fill, sign_up

LATER = steps.DURING + CODE_AGAIN


@pytest.fixture
def helped(intake: str, client: FlaskClient) -> str:
    """A file that is ready, filled with somebody's help."""
    sign_up(client)
    reference = begin(client, intake)
    fill(client, reference)
    client.post(f"/my/applications/{reference}/helper", data={"name": "Rachida", "relation": "ma mère"})
    return reference


def row() -> Application:
    db.session.rollback()
    return db.session.scalars(sa.select(Application).execution_options(populate_existing=True)).one()


def check(client: FlaskClient, reference: str, **given: str) -> Any:
    return client.post(f"/my/applications/{reference}/check", data=given)


def ask(client: FlaskClient, reference: str, **given: str) -> str:
    answer = client.post(f"/my/applications/{reference}/confirm", data=given)
    assert answer.status_code == 302 and answer.location.endswith(f"{reference}/check#confirm"), answer.text
    return client.get(f"/my/applications/{reference}/check").text


def acts(action: str) -> list[Event]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Event).where(Event.action == action).order_by(Event.id)))


def confirmed() -> list[Event]:
    return acts("applications.confirm_helped")


def test_nothing_is_sent_until_the_person_types_the_code(
    helped: str, client: FlaskClient, system_app: Flask
) -> None:
    page = client.get(f"/my/applications/{helped}/check").text
    assert "Confirmez que c’est vous" in page and "Recevoir le code" in page and 'name="code"' not in page
    assert "zoe@exemple.ma" in page and "Envoyer ma candidature" not in page
    for given in ({}, {"confirmed": "y"}, {"code": ""}, {"code": "12"}, {"code": "204816"}):
        assert check(client, helped, **given).status_code == 200
        assert row().state == "draft"
    page = ask(client, helped)
    assert 'name="code"' in page and "Envoyer un autre code" in page and len(letters(system_app)) == 1
    assert "c’est vous qui confirmez" in check(client, helped).text and row().state == "draft"
    answer = check(client, helped, code=last_code(system_app))
    assert answer.status_code == 302 and row().state == "submitted"
    (noted,) = confirmed()
    assert noted.object_reference == helped and noted.institution_id == row().institution_id
    # The same form a second time: the file is there, and nothing happens twice.
    assert check(client, helped, code="204816").location.endswith(helped)
    assert len(confirmed()) == 1
    assert "Rempli avec l’aide de Rachida" in client.get(f"/my/applications/{helped}").text


def test_a_wrong_code_is_a_try_and_the_last_one_kills_it(
    helped: str, client: FlaskClient, system_app: Flask
) -> None:
    ask(client, helped)
    right = last_code(system_app)
    for left in range(CODE_TRIES - 1, 0, -1):
        page = check(client, helped, code=wrong(right)).text
        assert re.search(rf"Il vous reste {left} essais?\.", page) and "<title>Erreur" in page
        assert "Le code a six chiffres" in check(client, helped, code="12 34").text  # no try
    page = check(client, helped, code=wrong(right)).text
    assert "dernier essai" in page and 'name="code"' not in page and "Envoyer un autre code" in page
    assert "n’est plus valable" in check(client, helped, code=right).text
    assert row().state == "draft" and not confirmed()
    with clock.at(LATER):
        ask(client, helped)
        assert check(client, helped, code=last_code(system_app)).status_code == 302
    assert row().state == "submitted"


def test_a_code_ends_after_its_time_and_too_many_are_not_sent(
    helped: str, client: FlaskClient, system_app: Flask
) -> None:
    ask(client, helped)
    with clock.at(steps.DURING + CODE_LIFETIME):
        page = check(client, helped, code=last_code(system_app)).text
        assert "n’est plus valable" in page and row().state == "draft"
    assert "Un code vient de partir" in ask(client, helped)
    for number in range(1, CODES_PER_ADDRESS):
        with clock.at(steps.DURING + number * CODE_AGAIN):
            ask(client, helped)
    with clock.at(steps.DURING + timedelta(minutes=20)):
        assert "Trop de codes" in ask(client, helped)
    assert len(letters(system_app)) == CODES_PER_ADDRESS and row().state == "draft"


def test_a_code_is_good_for_its_file_its_browser_and_its_purpose_alone(
    helped: str, client: FlaskClient, system_app: Flask, app: Flask
) -> None:
    ask(client, helped)
    code = last_code(system_app)
    other = steps.browser(app)
    other.post("/sign-in", data={"email": "zoe@exemple.ma", "password": steps.PASSWORD})
    assert "n’est plus valable" in check(other, helped, code=code).text and row().state == "draft"
    stranger = steps.browser(app)
    sign_up(stranger, "autre@exemple.ma")
    assert stranger.post(f"/my/applications/{helped}/confirm").status_code == 404
    # A code that was asked for to enter does not send.
    with clock.at(LATER):
        assert client.post("/sign-in", data={"email": "zoe@exemple.ma"}).location.endswith("/code")
        assert check(client, helped, code=last_code(system_app)).status_code == 200
    assert row().state == "draft"


def test_a_proof_of_another_file_or_purpose_sends_nothing(helped: str) -> None:
    person, file = viewer_of_email("zoe@exemple.ma"), row()
    assert person is not None

    def send(purpose: str, reference: str) -> None:
        proof = CodeRequest(
            purpose, Contact(EMAIL, "zoe@exemple.ma"), "fr", clock.now(), {"application": reference}
        )
        with writing():
            helped_sending.require_confirmed(person, file, proof)

    for purpose, reference in (("send", "0" * 26), ("send", ""), ("enter", helped)):
        with pytest.raises(Refused):
            send(purpose, reference)
    assert not confirmed()
    send("send", helped)
    assert len(confirmed()) == 1


def test_what_is_changed_afterwards_is_confirmed_too(
    helped: str, client: FlaskClient, system_app: Flask
) -> None:
    ask(client, helped)
    check(client, helped, code=last_code(system_app))
    with clock.at(LATER):
        client.post(f"/my/applications/{helped}/change")
        client.post(f"/my/applications/{helped}/form/contact/2", data={"city": "Rabat", "region": "MA-04"})
        assert "c’est vous qui confirmez" in check(client, helped, again="1").text
        assert row().answers["city"] == answers()["city"]
        ask(client, helped)
        sent = check(client, helped, again="1", code=last_code(system_app))
        assert sent.status_code == 302 and row().answers["city"] == "Rabat"
    assert len(confirmed()) == 2


def test_whoever_has_no_way_is_told_what_to_do(helped: str, client: FlaskClient, system_app: Flask) -> None:
    with writing():
        db.session.execute(sa.update(Account).values(email=None))
    page = client.get(f"/my/applications/{helped}/check").text
    assert "ajoutez-en un à vos accès" in page and "/my/sessions" in page and "Recevoir le code" not in page
    assert "ajoutez-en un à vos accès" in ask(client, helped)
    assert not letters(system_app) and row().state == "draft"


def test_of_two_ways_the_person_chooses(helped: str, client: FlaskClient, system_app: Flask) -> None:
    client.post("/my/sessions/contact", data={"email": "06 12 34 56 78"})
    client.post("/my/sessions/code", data={"code": last_code(system_app)})
    with clock.at(LATER):
        page = client.get(f"/my/applications/{helped}/check").text
        assert re.search(r'value="sms" checked', page) and 'value="email"' in page
        page = ask(client, helped, channel="email")
        assert letters(system_app)[-1][0].channel == "email" and re.search(r'value="email" checked', page)
    with clock.at(LATER + CODE_AGAIN):
        ask(client, helped, channel="sms")
    assert letters(system_app)[-1][0].channel == "sms"
    assert letters(system_app)[-1][1]["address"] == "+212612345678"


def test_without_a_helper_no_code_is_asked_for(intake: str, client: FlaskClient, system_app: Flask) -> None:
    sign_up(client)
    reference = begin(client, intake)
    fill(client, reference)
    client.post(f"/my/applications/{reference}/helper", data={"nobody": "1"})
    assert "il s’envoie sans code" in ask(client, reference) and not letters(system_app)
    assert check(client, reference).status_code == 302 and row().state == "submitted" and not confirmed()


def test_whoever_helped_and_left_is_noted_and_the_code_is_asked_for_all_the_same(
    helped: str, client: FlaskClient, system_app: Flask
) -> None:
    ask(client, helped)
    for _twice in range(2):
        client.post(f"/my/applications/{helped}/helper", data={"nobody": "1"})
    mother = {"name": "Rachida", "relation": "ma mère"}
    assert row().helper == {**mother, "left": True}
    page = client.get(f"/my/applications/{helped}").text
    assert "Rempli avec l’aide de Rachida" in page and "Rachida vous aide" not in page
    page = client.get(f"/my/applications/{helped}/helper").text
    assert "Plus personne ne m’aide" not in page and "Rachida" not in page
    assert "c’est vous qui confirmez" in check(client, helped).text and row().state == "draft"
    assert [values_of(event) for event in acts("applications.set_helper")] == [
        {"before": {"helper": None}, "after": {"helper": mother}},
        {"before": {"helper": mother}, "after": {"helper": {**mother, "left": True}}},
    ]
    assert check(client, helped, code=last_code(system_app)).status_code == 302
    assert row().state == "submitted" and len(confirmed()) == 1


def test_who_helped_with_a_sent_file_changes_with_its_changes_alone(
    helped: str, client: FlaskClient, system_app: Flask
) -> None:
    ask(client, helped)
    check(client, helped, code=last_code(system_app))
    place = f"/my/applications/{helped}/helper"
    assert client.post(place, data={"name": "Ali", "relation": "mon oncle"}).location.endswith(helped)
    assert row().helper == {"name": "Rachida", "relation": "ma mère"}
    client.post(f"/my/applications/{helped}/change")
    client.post(place, data={"name": "Ali", "relation": "mon oncle"})
    assert row().helper == {"name": "Ali", "relation": "mon oncle"}


def test_what_is_wrong_leads_to_its_field(helped: str, client: FlaskClient, system_app: Flask) -> None:
    ask(client, helped)
    page = check(client, helped, code="12").text
    assert '<a href="#code">Le code a six chiffres' in page and page.count('id="code-error"') == 1
    place = f"/my/applications/{helped}/helper"
    assert '<a href="#relation">Dites qui est' in client.post(place, data={"name": "Ali"}).text
    for name, most in (("name", 120), ("relation", 80)):
        given = {"name": "Ali", "relation": "mon oncle", name: "x" * (most + 1)}
        page = client.post(place, data=given).text
        assert re.search(rf'<a href="#{name}">Raccourcissez votre texte\s: {most}', page)
