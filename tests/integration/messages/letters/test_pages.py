"""One's own messages, and what staff see of those to the people whose files they manage."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

import cohortmgr.messages.letters.tasks  # noqa: F401  # registers its handler, as the worker does
from cohortmgr.accounts.actions import people
from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, see, writing
from cohortmgr.jobs.actions.queue import handlers
from cohortmgr.jobs.models import Job
from cohortmgr.messages.letters.actions import KIND
from cohortmgr.messages.letters.queries import letters
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.rules import MessageState
from cohortmgr.programmes.models import Intake
from tests.factories.choices import browser, decided, known, sent, someone

pytestmark = pytest.mark.usefixtures("system_context")


def _left(**values: Any) -> None:
    """Every message but those that wait for the hours around a deadline has left."""
    with writing() as session:
        gone = sa.update(Message).where(Message.key.not_in(("offer_reminder", "offer_late")))
        session.execute(gone.values(**{"state": "sent", "sent_at": Message.due, "tries": 1, **values}))


def _message(number: int, key: str = "offer_made") -> Message:
    db.session.rollback()
    db.session.expire_all()
    mine = known(f"c{number}@exemple.ma").person_id
    return db.session.scalars(sa.select(Message).where(Message.person_id == mine, Message.key == key)).one()


def _letter(who: int, key: str, institution_id: int, **variables: Any) -> Letter:
    person = known(f"c{who}@exemple.ma")
    assert person.person_reference is not None
    return Letter(
        key, person.person_reference, person.email, "fr", variables, institution_id, person.person_id
    )


def test_a_person_reads_their_own_messages_in_the_language_they_were_sent_in(app: Flask) -> None:
    decided(5, seats=2)
    _left()
    page = browser(app, known("c1@exemple.ma")).get("/my/messages").get_data(as_text=True)
    assert 'lang="ar"' in page and "/my/offers/" in page and "MDIA-000001" in page
    assert "MDIA-000002" not in page
    assert page.count('<details class="card pad"') == 1, "what waits for its hour is not there"


def test_another_s_rows_are_not_read_even_by_a_bare_query(app: Flask) -> None:
    decided(5, seats=2)
    _left()
    me, other = known("c1@exemple.ma"), known("c2@exemple.ma")
    with app.app_context():
        see(me.institutions, me.person_id)
        assert {row.person_id for row in db.session.scalars(letters.mine(me))} == {me.person_id}
        if db.session.connection().dialect.name == "postgresql":
            assert set(db.session.scalars(sa.select(Message.person_id))) == {me.person_id}
            assert db.session.scalars(letters.mine(other)).all() == []


def test_what_bears_a_key_is_for_the_mailbox_alone(app: Flask) -> None:
    intake = sent(1)
    with writing():
        send_all([_letter(1, "sign_in_code", intake.institution_id, code="secret", minutes=10)])
    _left()
    assert "secret" not in browser(app, known("c1@exemple.ma")).get("/my/messages").get_data(as_text=True)


@pytest.mark.parametrize(
    ("state", "tries", "shown"),
    [
        ("waiting", 0, False),
        ("waiting", 1, True),
        ("sending", 1, False),
        ("set_aside", 8, True),
        ("dropped", 1, False),
    ],
)
def test_what_the_mail_failed_is_read_here_and_what_may_have_no_reason_is_not(
    app: Flask, state: str, tries: int, shown: bool
) -> None:
    decided(2, seats=1)
    _left(state=state, tries=tries, sent_at=None)
    page = browser(app, known("c1@exemple.ma")).get("/my/messages").get_data(as_text=True)
    assert ("/my/offers/" in page) == shown


def test_both_lists_take_as_many_statements_for_many_rows_as_for_one(app: Flask, statements: Any) -> None:
    intake, _batch = decided(4, seats=2)
    manager = someone(intake, Role.SELECTION_MANAGER, "mona")

    def counts() -> list[int]:
        _left()
        found = []
        for who, path in ((known("c1@exemple.ma"), "/my/messages"), (manager, "/staff/messages")):
            client = browser(app, who)
            client.get(path)
            with statements() as seen:
                assert client.get(path).status_code == 200
            found.append(len(seen))
        return found

    before = counts()
    more = {"name": "Une", "number": "n", "reference": "r", "starts_on": clock.today(), "position": 3}
    titles = {"programme": {"fr": "P"}, "intake": {"fr": "I"}, "offering": {"fr": "O"}}
    with writing():
        send_all(
            _letter(number % 4 + 1, "waiting_listed", intake.institution_id, **more, **titles)
            for number in range(60)
        )
    assert counts() == before


def test_staff_find_what_became_of_a_message(app: Flask) -> None:
    intake, _batch = decided(5, seats=2)
    _left()
    client = browser(app, someone(intake, Role.SELECTION_MANAGER, "mona"))

    def rows(query: str) -> int:
        return client.get(f"/staff/messages?{query}").get_data(as_text=True).count('<th scope="row">')

    assert rows("") == 5 + 6
    assert rows("state=waiting") == 6 and rows("state=sent") == 5 and rows("state=unheard") == 11
    assert rows("search=n1") == rows("search=C1@exemple") == 4 and rows("search=%25") == 0


def test_neither_another_programme_s_staff_nor_an_observer_sees_them(app: Flask) -> None:
    intake, _batch = decided(5, seats=2)
    message = _message(1)
    with writing():
        account = people.new_account(SYSTEM, "v@inpt.ma", "no hash", {"given_name": "V", "family_name": "V"})
        sister = intake.path.rstrip(".").rpartition(".")[0] + ".voisin."
        role = Role.SELECTION_MANAGER
        people.grant(SYSTEM, account, role, "programme", "v" * 26, sister, [intake.institution_id])
    client = browser(app, known("v@inpt.ma"))
    page = client.get("/staff/messages").get_data(as_text=True)
    assert 'scope="row"' not in page
    assert client.post(f"/staff/messages/{message.reference}/again").status_code == 404
    watching = browser(app, someone(intake, Role.OBSERVER))
    assert watching.get("/staff/messages").status_code == 404


def test_a_message_that_was_set_aside_is_sent_again_once(app: Flask) -> None:
    intake, _batch = decided(5, seats=2)
    _left(state="set_aside", tries=8, sent_at=None)
    message = _message(1)
    client = browser(app, someone(intake, Role.SELECTION_MANAGER, "mona"))
    for _ in range(2):
        assert client.post(f"/staff/messages/{message.reference}/again").status_code == 302
    db.session.rollback()
    asked = db.session.scalars(sa.select(Job).where(Job.kind == KIND)).all()
    assert {job.institution_id for job in asked} == {intake.institution_id}
    results = [handlers[KIND](job.payload, lambda done, total: None)["taken_up"] for job in asked]
    assert results == [True] + [False] * (len(asked) - 1)
    again = _message(1)
    assert (again.state, again.tries) == (MessageState.WAITING, 0)
    assert again.due <= clock.now() + timedelta(seconds=1)
    client.post(f"/staff/messages/{message.reference}/again")
    db.session.rollback()
    assert len(db.session.scalars(sa.select(Job.id).where(Job.kind == KIND)).all()) == len(asked)


def test_what_has_left_is_not_sent_again(app: Flask) -> None:
    intake: Intake = decided(2, seats=1)[0]
    _left()
    message = _message(1)
    client = browser(app, someone(intake, Role.SELECTION_MANAGER, "mona"))
    assert client.post(f"/staff/messages/{message.reference}/again").status_code == 302
    assert handlers[KIND]({"message": message.reference}, lambda done, total: None)["taken_up"] is False
    assert _message(1).state == MessageState.SENT


def test_staff_read_what_was_written_and_the_reading_is_noted(app: Flask) -> None:
    intake, _batch = decided(5, seats=2)
    _left()
    with writing():
        send_all([_letter(1, "sign_in_code", intake.institution_id, code="secret", minutes=10)])
    client = browser(app, someone(intake, Role.SELECTION_MANAGER, "mona"))
    offer = _message(1)
    assert f"/staff/messages/{offer.reference}" in client.get("/staff/messages").get_data(as_text=True)
    page = client.get(f"/staff/messages/{offer.reference}").get_data(as_text=True)
    assert "MDIA-000001" in page and "/my/offers/" in page
    client.set_cookie("language", "en")
    english = client.get(f"/staff/messages/{offer.reference}").get_data(as_text=True)
    assert f'<h1><span lang="{offer.language}"' in english, "the title is in the language of the letter"
    noted = db.session.scalars(sa.select(Event.object_reference).where(Event.action == "messages.read")).all()
    assert set(noted) == {offer.reference}
    key = _message(1, "sign_in_code")
    assert f'/staff/messages/{key.reference}"' not in client.get("/staff/messages").get_data(as_text=True)
    assert client.get(f"/staff/messages/{key.reference}").status_code == 404
    watching = browser(app, someone(intake, Role.OBSERVER))
    assert watching.get(f"/staff/messages/{offer.reference}").status_code == 404


def test_the_log_says_what_a_short_message_cost(app: Flask) -> None:
    intake, _batch = decided(2, seats=1)
    _left(channel="sms", segments=2, cost=700)
    page = (
        browser(app, someone(intake, Role.SELECTION_MANAGER, "mona"))
        .get("/staff/messages")
        .get_data(as_text=True)
    )
    assert "2 segments · 0,70 MAD" in page


def test_a_short_message_to_many_is_read_under_the_subject_of_its_letter(app: Flask) -> None:
    intake = sent(1)
    said = {"subject": "Portes ouvertes", "body": "Le 3 juin.", "short": "Le 3.", "unsubscribe": "x"}
    with writing():
        send_all([_letter(1, "campaign", intake.institution_id, **said)])
    _left(channel="sms")
    [read] = letters.read([_message(1, "campaign")])
    assert (read.subject, read.body.strip()) == ("Portes ouvertes", "Le 3.")


def test_a_short_message_is_called_by_the_sentence_of_its_letter(app: Flask) -> None:
    intake = sent(1)
    told = {"name": "Zoé", "number": "MDIA-000001", "reference": "7K3QXPB2M4"}
    told |= {"programme": {"fr": "Master"}, "intake": {"fr": "2025"}}
    with writing():
        send_all([_letter(1, "correction_done", intake.institution_id, **told)])
    _left(channel="sms")
    page = browser(app, known("c1@exemple.ma")).get("/my/messages").get_data(as_text=True)
    assert "Vos corrections sont bien arrivées\u00a0: MDIA-000001</strong>" in page
    assert "Corrections reçues" not in page, "the name of its kind is for staff"


@pytest.mark.parametrize(("given", "greeted"), [("سلمى", "سلمى الإدريسي"), ("", "Dina N1")])
def test_whoever_reads_arabic_is_greeted_by_the_arabic_name(app: Flask, given: str, greeted: str) -> None:
    decided(2, seats=1)
    _left()
    me, latin = known("c1@exemple.ma"), "Chama" if given else "Dina"
    with writing() as session:
        person = session.get_one(Person, me.person_id)
        person.given_name, person.family_name = latin, "N1"
        person.given_name_ar, person.family_name_ar = given, "الإدريسي" if given else ""
    client = browser(app, known("c1@exemple.ma"))
    client.set_cookie("language", "ar")
    letter = client.get("/my/messages").get_data(as_text=True)
    home = client.get("/my").get_data(as_text=True)
    assert f"مرحباً {greeted}" in home
    assert home.count(greeted) >= 2, "the menu says it too"
    assert ("مرحباً سلمى" in letter) == bool(given)
    client.set_cookie("language", "fr")
    assert f"Bonjour {latin} N1" in client.get("/my").get_data(as_text=True)
