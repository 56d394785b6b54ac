"""Staff write the texts of messages: versions, what is refused, who may, and what leaves."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.audit.models import Event
from cohortmgr.base.db import db, see, writing
from cohortmgr.messages.letters.models import MessageText
from cohortmgr.messages.letters.queries import letters
from cohortmgr.messages.texts.queries import preview, texts
from cohortmgr.organisations.models import Organisation
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import opened
from cohortmgr.outbox.texts.display.rendering import Rendered, render_all
from cohortmgr.programmes.models import Intake
from tests.factories.choices import browser, decided, known, sent, someone

pytestmark = pytest.mark.usefixtures("system_context")
PATH = "/staff/texts/offer_made/email/fr"
SOUND = {"subject": "Votre place, {name}", "body": "Répondez avant le {deadline} :\n{link}"}


def manager(app: Flask, intake: Intake, role: Role = Role.SELECTION_MANAGER) -> FlaskClient:
    """Somebody of that role in the intake's programme."""
    return browser(app, someone(intake, role, f"m{role.value[:9]}"))


def post(client: FlaskClient, number: int, path: str = PATH, **given: str) -> tuple[int, str]:
    """Save a text as the form does; spaces that hold read as plain ones."""
    answer = client.post(path, data={**SOUND, "number": str(number), **given})
    return answer.status_code, answer.get_data(as_text=True).replace("\xa0", " ")


def versions() -> list[MessageText]:
    """Every version, in order."""
    db.session.rollback()
    return list(db.session.scalars(sa.select(MessageText).order_by(MessageText.id)))


def words(message: Message) -> Rendered:
    """The message as it would leave now."""
    [content] = opened([message])
    [found] = render_all([message], [content or {}])
    assert isinstance(found, Rendered), found
    return found


def offer() -> Message:
    """One offer that is written in French."""
    db.session.rollback()
    chosen = sa.select(Message).where(Message.key == "offer_made").order_by(Message.id).limit(1)
    return db.session.scalars(chosen).one()


def in_french() -> None:
    """Every message is in French: the factory's people speak three languages."""
    with writing() as session:
        session.execute(sa.update(Message).values(language="fr"))


def test_a_text_is_written_sent_and_taken_back(app: Flask) -> None:
    intake, _batch = decided(2, seats=1)
    in_french()
    client = manager(app, intake)
    page = client.get(PATH).get_data(as_text=True)
    assert "répondez avant le {deadline}" in page, "it opens with the house's own"
    assert post(client, 0)[0] == 302
    assert post(client, 0)[0] == 302, "a second click says the same: nothing more is written"
    [row] = versions()
    assert (row.number, row.institution_id, row.subject) == (1, intake.institution_id, "Votre place, {name}")
    assert words(offer()).subject.startswith("Votre place, ")
    assert post(client, 1, body="Avant le {deadline}.\n{link}")[0] == 302
    assert "Avant le" in words(offer()).text
    for number, subject in ((1, "Votre place, "), (0, "Une place vous est proposée")):
        for _ in range(2):
            assert client.post(f"{PATH}/back", data={"version": str(number)}).status_code == 302
        assert words(offer()).subject.startswith(subject)
    assert [row.number for row in versions()] == [1, 2, 3, 4]
    page = client.get(PATH).get_data(as_text=True)
    assert page.count('name="version"') == 3, "each older version with a text may be taken up again"
    acts = db.session.scalars(sa.select(Event.action).where(Event.object_kind == "message_text")).all()
    assert sorted(acts) == ["messages.lay_back_text"] * 2 + ["messages.write_text"] * 2


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"subject": " "}, "subject", "Écrivez un objet."),
        ({"body": ""}, "body", "Écrivez le texte du message."),
        ({"body": "Bonjour {name"}, "body", "Ligne 1, près de « Bonjour {name »"),
        ({"body": "{link}"}, "body", "ne peut pas se passer de : {deadline}"),
        ({"body": "{link} {deadline} {config}"}, "body", "ne connaît pas {config}"),
        ({"subject": "{nom}"}, "subject", "ne connaît pas {nom}"),
        ({"body": "{link} {deadline}" + "a" * 100_000}, "body", "Au plus"),
    ],
)
def test_what_is_wrong_stops_at_saving_beside_its_field_and_nothing_is_lost(
    app: Flask, given: Mapping[str, str], field: str, said: str
) -> None:
    client = manager(app, sent(1))
    status, page = post(client, 0, **given)
    assert status == 422 and versions() == []
    error = re.search(rf'id="{field}-error">(.*?)</span></span>', page, re.S)
    assert error is not None and said in error[1]
    for text in {**SOUND, **given}.values():
        assert text.strip() in page


def test_a_short_message_has_no_subject_and_a_longest(app: Flask) -> None:
    client = manager(app, sent(1))
    path = "/staff/texts/offer_made/sms/ar"
    assert 'name="subject"' not in client.get(path).get_data(as_text=True)
    status, page = post(client, 0, path, body="ع" * 300 + "{deadline}")
    assert status == 302
    said = client.get(path).get_data(as_text=True)
    assert "2,10" in said, "six segments with the hour and who signs, with a word on their price"
    status, page = post(client, 1, path, body="ع" * 500 + "{deadline}")
    assert status == 422 and "segments ; il en prend au plus 6" in page
    [row] = versions()
    assert (row.subject, row.channel, row.language) == ("", "sms", "ar")


def test_of_two_who_write_at_once_the_second_is_told(app: Flask) -> None:
    client = manager(app, sent(1))
    assert post(client, 0)[0] == 302
    status, page = post(client, 0, body="Autre texte : {deadline}\n{link}")
    assert status == 422 and "Autre texte" in page and "a changé depuis" in page
    assert len(versions()) == 1


def test_a_message_is_read_as_it_was_sent(app: Flask) -> None:
    intake, _batch = decided(2, seats=1)
    in_french()
    client = manager(app, intake)
    post(client, 0)
    moment = versions()[0].written_at
    with writing() as session:
        session.execute(sa.update(Message).values(state="sent", sent_at=moment))
    post(client, 1, subject="Tout autre chose")
    message = offer()
    assert message.person_id is not None
    db.session.rollback()
    [read] = letters.read([message])
    assert read.subject.startswith("Votre place, ")
    person = known("c1@exemple.ma")
    with app.app_context():
        see(person.institutions, person.person_id)
        mine = [row for row in db.session.scalars(letters.mine(person)) if row.key == "offer_made"]
        found = [each.subject for each in letters.read(mine)]
        assert all(subject.startswith("Votre place, ") for subject in found), "whoever it is for reads it too"


def test_a_text_is_tried_on_a_message_that_was_sent(app: Flask) -> None:
    intake, _batch = decided(2, seats=1)
    in_french()
    client = manager(app, intake)
    page = client.get(PATH).get_data(as_text=True)
    assert f'value="{offer().reference}"' in page
    for sample, name in (("", "Salma Bennis"), (offer().reference, "N1")):
        answer = client.post(f"{PATH}/preview", data={**SOUND, "sample": sample})
        shown = answer.get_data(as_text=True)
        assert answer.status_code == 200 and name in shown and "Répondez avant le" in shown
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "sandbox" in policy and "frame-ancestors 'self'" in policy
    read = db.session.scalars(
        sa.select(Event.object_reference).where(Event.action == "messages.preview")
    ).all()
    assert read == [offer().reference]
    wrong = client.post(f"{PATH}/preview", data={"subject": "{", "body": ""}).get_data(as_text=True)
    assert "Il y a quelque chose à corriger" in wrong
    short = client.post("/staff/texts/offer_made/sms/fr/preview", data={"body": "{deadline} ç"})
    assert "1 segment, 0,35 MAD" in short.get_data(as_text=True)
    assert versions() == []


def test_the_link_of_whoever_is_sent_one_is_not_shown(app: Flask) -> None:
    intake = sent(1)
    person = known("c1@exemple.ma")
    from cohortmgr.outbox.actions import send

    with writing():
        given = {"name": "Une", "token": "secret", "number": "n", "programme": {"fr": "P"}, "days": 3}
        send("claim_file", person.person_reference or "", "c1@exemple.ma", "fr", given,
             intake.institution_id, person.person_id)  # fmt: skip
    client = manager(app, intake)
    message = db.session.scalars(sa.select(Message).where(Message.key == "claim_file")).one()
    data = {"subject": "a", "body": "{name} {days} {link}", "sample": message.reference}
    shown = client.post("/staff/texts/claim_file/email/fr/preview", data=data).get_data(as_text=True)
    assert "Une" in shown and "secret" not in shown


def test_another_institution_s_staff_neither_read_nor_write_there(app: Flask) -> None:
    intake, _batch = decided(2, seats=1)
    in_french()
    own = manager(app, intake)
    post(own, 0)
    assert ">changé<" in own.get("/staff/texts").text
    with writing() as session:
        other = Organisation(kind="institution", key="autre", name={"fr": "Autre"}, path="ma.autre.")
        session.add(other)
        session.flush()
        other.institution_id = other.id
        account = people.new_account(SYSTEM, "v@autre.ma", "no", {"given_name": "V", "family_name": "V"})
        role, path = Role.SELECTION_MANAGER, "ma.autre."
        people.grant(SYSTEM, account, role, "institution", other.reference, path, [other.id])
    host = db.session.get_one(Organisation, intake.institution_id).reference
    client = browser(app, known("v@autre.ma"))
    assert ">changé<" not in client.get("/staff/texts").get_data(as_text=True)
    page = client.get(PATH).get_data(as_text=True)
    assert "Votre place, {name}" not in page and offer().reference not in page
    for path in (f"{PATH}?institution={host}", f"/staff/texts?institution={host}"):
        assert client.get(path).status_code == 404
    assert client.post(PATH, data={**SOUND, "number": "1", "institution": host}).status_code == 404
    tried = client.post(f"{PATH}/preview", data={**SOUND, "sample": offer().reference})
    assert tried.status_code == 404
    assert client.post(f"{PATH}/back", data={"version": "1"}).status_code == 404
    assert post(client, 0, body="Ailleurs : {deadline}\n{link}")[0] == 302
    assert {row.institution_id for row in versions()} == {intake.institution_id, other.id}
    assert words(offer()).subject.startswith("Votre place, ")


@pytest.mark.parametrize("role", [Role.OBSERVER, Role.FINANCE, Role.REVIEWER])
def test_who_does_not_write_to_people_sees_no_text(app: Flask, role: Role) -> None:
    client = manager(app, sent(1), role)
    assert client.get("/staff/texts").status_code == client.get(PATH).status_code == 404
    assert client.post(PATH, data=SOUND).status_code == 404


@pytest.mark.parametrize(
    "path", ["unheard/email/fr", "offer_made/post/fr", "offer_made/email/es", "campaign/email/fr"]
)
def test_there_is_no_other_text(app: Flask, path: str) -> None:
    assert manager(app, sent(1)).get(f"/staff/texts/{path}").status_code == 404


def test_pages_and_rendering_take_as_many_statements_for_many_versions(app: Flask, statements: Any) -> None:
    intake, _batch = decided(2, seats=1)
    in_french()
    client = manager(app, intake)

    def counts() -> list[int]:
        found = []
        for path in ("/staff/texts", PATH):
            client.get(path)
            with statements() as seen:
                assert client.get(path).status_code == 200
            found.append(len(seen))
        message = offer()
        with statements() as seen:
            render_all(
                [message] * 50,
                [{"variables": preview.examples(texts.notice_for("offer_made", "email", "fr"))}] * 50,
            )
        return [*found, len(seen)]

    post(client, 0)
    before = counts()
    for number in range(1, 12):
        post(client, number, subject=f"Version {number}")
        post(
            client,
            number - 1,
            f"/staff/texts/refused/email/{'fr'}",
            subject=f"V {number}",
            body="{reasons} {link}",
        )
    assert len(versions()) > 20
    assert counts() == before and before[-1] == 1


@pytest.mark.parametrize("body", ["a\n" * 450_000, "https://" * 110_000, "[" * 900_000])
def test_a_short_message_that_is_far_too_long_is_refused_at_once(app: Flask, body: str) -> None:
    """Filled for each month and day of a year, and measured each time, it held the process for ten seconds."""
    client = manager(app, sent(1))
    began = time.process_time()
    status, page = post(client, 0, path="/staff/texts/offer_made/sms/fr", subject="", body=body)
    assert status == 422 and "Au plus" in page
    assert time.process_time() - began < 3
