"""How a person wishes to be written to: their page, the link of a campaign's mail, and what is new to them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from itsdangerous import URLSafeSerializer

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.messages.letters.queries import letters
from cohortmgr.messages.preferences.actions.unsubscribe_links import person_of, token_for
from cohortmgr.messages.preferences.models import InboxMark, Preference
from cohortmgr.messages.preferences.queries import preferences
from cohortmgr.messages.preferences.rules import ChosenPreferences, ContactPreference
from cohortmgr.outbox.models import Message
from cohortmgr.programmes.watches import actions as watches
from tests.factories.choices import browser, decided, known, sent, someone

pytestmark = pytest.mark.usefixtures("system_context")

ALL = {
    "language": "ar",
    "channel": "sms",
    "phone": "06 12 34 56 78",
    "quiet": "y",
    "quiet_from": "22",
    "quiet_until": "7",
    "digest": "y",
    "campaigns": "y",
}


def _acts(action: str) -> int:
    db.session.rollback()
    return int(db.session.scalar(sa.select(sa.func.count()).where(Event.action == action)) or 0)


def _client(app: Flask) -> Any:
    sent(2)
    return browser(app, known("c1@exemple.ma"))


def checked(client: Any) -> set[str]:
    """What is ticked on the page: the values of radios, the names of boxes."""
    page = client.get("/my/preferences").get_data(as_text=True)
    found = set()
    for field in re.findall(r"<input[^>]*>", page):
        if " checked" in field:
            kind = "value" if 'type="radio"' in field else "name"
            found |= set(re.findall(rf' {kind}="([^"]*)"', field))
    return found


def _one(model: type[Any]) -> Any:
    db.session.rollback()
    return db.session.scalars(sa.select(model)).one()


def test_a_person_chooses_and_finds_it_again(app: Flask) -> None:
    client = _client(app)
    assert checked(client) == {"fr", "email", "quiet", "campaigns"}
    assert client.post("/my/preferences", data=ALL).status_code == 302
    viewer = known("c1@exemple.ma")
    assert preferences.chosen_by(viewer) == ChosenPreferences(
        "ar", "+212612345678", ContactPreference("sms", True, True, (22, 7))
    )
    mine = sa.select(Application.language).where(Application.person_id == viewer.person_id)
    assert db.session.scalars(mine).all() == ["ar"], "letters about the file follow"
    others = sa.select(Application.language).where(Application.person_id != viewer.person_id)
    assert db.session.scalars(others).all() == ["en"]
    person = db.session.get_one(Person, viewer.person_id)
    assert person.phone_sealed is not None and b"612345678" not in person.phone_sealed
    assert checked(client) == {"ar", "sms", "quiet", "campaigns", "digest"}
    assert 'value="+212612345678"' in client.get("/my/preferences").get_data(as_text=True)
    assert _acts("messages.choose") == 1
    assert client.post("/my/preferences", data=ALL).status_code == 302
    assert _acts("messages.choose") == 1, "what stood so is not an act"


def test_quiet_hours_can_be_done_without(app: Flask) -> None:
    client = _client(app)
    client.post("/my/preferences", data={key: value for key, value in ALL.items() if key != "quiet"})
    assert preferences.chosen_by(known("c1@exemple.ma")).wish.quiet is None
    client.post("/my/preferences", data=ALL)
    assert preferences.chosen_by(known("c1@exemple.ma")).wish.quiet == (22, 7)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"phone": ""}, "Écrivez le numéro auquel les SMS doivent arriver."),
        ({"phone": "12"}, "Ce numéro de téléphone n’est pas valable."),
        ({"phone": "+33 1 42 68 53 00"}, "poste fixe"),
        ({"phone": "0522 20 20 20"}, "poste fixe"),
        ({"quiet_until": "22"}, "commencent et finissent à la même heure"),
        ({"channel": "pigeon"}, "field invalid"),
        ({"language": "de"}, "field invalid"),
        ({"quiet_from": "25"}, "field invalid"),
        ({"quiet_from": "midi"}, "field invalid"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_nothing_is_lost(
    app: Flask, change: dict[str, str], said: str
) -> None:
    client = _client(app)
    answer = client.post("/my/preferences", data={**ALL, **change})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200 and said in page
    typed = {**ALL, **change}["phone"]
    assert not typed or typed.replace(" ", "").removeprefix("0") in page.replace(" ", ""), (
        "what was typed stays"
    )
    db.session.rollback()
    assert db.session.scalars(sa.select(Preference)).all() == []
    assert known("c1@exemple.ma").language == "fr" and _acts("messages.choose") == 0


def test_a_foreign_mobile_is_taken_where_sms_go_to_its_country(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, french = _client(app), {**ALL, "phone": "+33 6 12 34 56 78"}
    assert "0033" not in client.get("/my/preferences").text
    refused = client.post("/my/preferences", data=french).text
    assert "vers les portables en +212. Donnez" in refused and 'value="+33612345678"' in refused
    assert client.post("/my/preferences", data={**french, "channel": "email"}).status_code == 302
    monkeypatch.setattr(app.extensions["cohortmgr-settings"], "sms_countries", ("MA", "FR"))
    assert client.post("/my/preferences", data=french).status_code == 302
    assert preferences.chosen_by(known("c1@exemple.ma")).phone == "+33612345678"


@pytest.mark.parametrize("role", [Role.SELECTION_MANAGER, Role.COMPANY_CONTACT])
def test_staff_and_companies_have_the_same_two_pages(app: Flask, role: Role) -> None:
    intake = sent(1)
    client = browser(app, someone(intake, role))
    for path in ("/my/messages", "/my/preferences"):
        answer = client.get(path)
        assert answer.status_code == 200 and "/my/preferences" in answer.get_data(as_text=True)
    assert client.post("/my/preferences", data={**ALL, "channel": "email"}).status_code == 302


def test_mail_providers_unsubscribe_with_one_request_and_nothing_else_is_stopped(app: Flask) -> None:
    sent(2)
    viewer = known("c1@exemple.ma")
    assert viewer.person_reference
    path = f"/unsubscribe/{token_for(viewer.person_reference)}"
    provider = browser(app, viewer).application.test_client()  # no cookie, no token of a form
    app.config["WTF_CSRF_ENABLED"] = True
    assert "Ne plus les recevoir" in provider.get(path).get_data(as_text=True)
    assert preferences.chosen_by(viewer).wish.campaigns, "a scanner that opens the link stops nothing"
    for _ in range(2):
        answer = provider.post(
            path, data="List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
        )
        assert answer.status_code == 200 and "C’est fait" in answer.get_data(as_text=True)
        assert "Ce qui concerne votre dossier continue de venir" in answer.get_data(as_text=True)
    db.session.rollback()
    assert preferences.chosen_by(viewer).wish == ContactPreference(campaigns=False)
    assert preferences.chosen_by(known("c2@exemple.ma")).wish.campaigns
    assert _acts("messages.unsubscribe") == 1
    assert "viendront de nouveau" in provider.post(f"{path}/undo").get_data(as_text=True)
    db.session.rollback()
    assert preferences.chosen_by(viewer).wish.campaigns and _acts("messages.subscribe") == 1
    app.config["WTF_CSRF_ENABLED"] = False


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_link_that_is_not_whole_or_signed_for_something_else_says_so(app: Flask, method: str) -> None:
    sent(1)
    reference = known("c1@exemple.ma").person_reference
    assert reference
    client = app.test_client()
    foreign = (watches.token_for(reference), str(URLSafeSerializer(app.secret_key or "").dumps(reference)))
    whole = token_for(reference)
    for token in (whole[:-2], reference, "x", whole.replace(".", ""), *foreign):
        answer = getattr(client, method)(f"/unsubscribe/{token}")
        assert answer.status_code == 410 and "n’est pas complet" in answer.get_data(as_text=True)
    assert getattr(client, method)(f"/unsubscribe/{token_for('0' * 26)}").status_code == (
        200 if method == "get" else 404
    )


def test_no_signature_ends_a_link_with_a_sign_that_mail_programs_leave_out() -> None:
    for number in range(300):
        reference = f"{number:026}"
        for token, read in (
            (token_for(reference), person_of),
            (watches.token_for(reference), watches.watch_of),
        ):
            assert token[-1].isalnum() and read(token) == reference


def test_what_came_since_the_last_time_is_new_once(app: Flask, statements: Any) -> None:
    decided(3, seats=2)
    moment = clock.now()
    with writing() as session:
        gone = sa.update(Message).where(Message.key.not_in(("offer_reminder", "offer_late")))
        session.execute(gone.values(state="sent", sent_at=moment, tries=1))
    viewer = known("c1@exemple.ma")
    client = browser(app, viewer)
    assert letters.unread(viewer) == 1
    assert "1 nouveau message" in client.get("/my").get_data(as_text=True)
    first = client.get("/my/messages").get_data(as_text=True)
    assert ">nouveau<" in first and "e-mail" in first
    assert letters.unread(viewer) == 0 and _one(InboxMark).person_id == viewer.person_id
    with statements() as seen:
        again = client.get("/my/messages").get_data(as_text=True)
    assert ">nouveau<" not in again
    assert not any(line.lstrip().upper().startswith(("INSERT", "UPDATE")) for line in seen)
    with clock.at(clock.now() + timedelta(hours=1)):
        with writing() as session:
            session.execute(
                sa.update(Message)
                .where(Message.key == "offer_reminder", Message.person_id == viewer.person_id)
                .values(state="sent", sent_at=clock.now())
            )
        count = letters.unread(viewer)
        assert count > 0 and f">{count} nouveaux messages" in client.get("/my").get_data(as_text=True)
        db.session.rollback()
        other = known("c2@exemple.ma")
        assert letters.unread(other) == 1
