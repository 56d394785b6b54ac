"""Whoever proves an address or a number reaches the person whose file was brought; in doubt, one thing more is said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.actions import people, uniting
from cohortmgr.accounts.bearers import ANSWERS, CLOSED_FOR
from cohortmgr.accounts.models import Account, Person, PersonUnion
from cohortmgr.accounts.queries import viewers
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.messages.helpdesk.models import HelpRequest
from cohortmgr.outbox.models import Message
from tests.integration.accounts.entering import last_code
from tests.integration.applications.importing.entering import (
    MAIL,
    PHONE,
    bring,
    double,
    one_file,
    prove,
    say,
    sees,
    somebody,
)
from tests.integration.applications.importing.sheets import words
from tests.integration.applications.journey import steps
from tests.watch import SeparateClient, rows_of

At = Callable[..., AbstractContextManager[None]]
AGAIN = timedelta(seconds=31)


@pytest.fixture(autouse=True)
def _by_day() -> Iterator[None]:
    with clock.at(clock.instant(clock.today(), 11)):
        yield


@pytest.fixture
def mdia(system_app: Flask) -> None:
    """The programme, whose files of 2025 are brought."""
    with system_app.app_context():
        steps.load_mdia()


@pytest.fixture
def another(app: Flask) -> FlaskClient:
    """A second browser."""
    return SeparateClient(app, app.response_class)


def test_who_enters_by_the_same_mailbox_written_otherwise_is_told_the_way_to_her_file(
    client: FlaskClient, system_app: Flask, mdia: None
) -> None:
    files = bring(system_app, somebody(1, mail="a.lami@gmail.com"))
    prove(client, system_app, "alami@gmail.com")
    page = words(client.get("/my").text)
    assert sees(client, *files) == [False] and "la même écrite autrement" in page and "/my/sessions" in page
    client.post("/my/sessions/contact", data={"email": "a.lami@gmail.com"})
    client.post("/my/sessions/code", data={"code": last_code(system_app)})
    page = words(client.get("/my").text)
    assert "Un dossier porte votre adresse" in page and "la même écrite autrement" not in page
    with clock.at(clock.now() + AGAIN):
        client.post("/my/found")
        answer = client.post("/code", data={"code": last_code(system_app)})
        if answer.location and "/code/which" in answer.location:
            say(client, "14/03/2004")
        assert sees(client, *files) == [True]


@pytest.mark.parametrize("url", ["/sign-in", "/sign-up", "/password"])
def test_a_proved_address_opens_the_file_that_was_brought(
    client: FlaskClient, system_app: Flask, mdia: None, url: str
) -> None:
    files = bring(system_app, somebody(1))
    with system_app.app_context():
        people_before = rows_of(Person)
    assert prove(client, system_app, MAIL.upper(), url) in ("/my", "/my/sessions")
    assert sees(client, *files) == [True]
    assert files[0][1] in client.get("/my").text
    assert "Une confirmation vous a été envoyée" not in client.get(f"/my/applications/{files[0][0]}").text, (
        "none was written"
    )
    with system_app.app_context():
        assert rows_of(Person) == people_before
        account = db.session.scalars(sa.select(Account)).one()
        assert account.email == MAIL and account.proved_at is not None
        assert "accounts.reach" in db.session.scalars(sa.select(Event.action)).all()


def test_a_second_code_opens_the_same_account(
    client: FlaskClient, another: FlaskClient, system_app: Flask, mdia: None, at: At
) -> None:
    files = bring(system_app, somebody(1))
    prove(client, system_app, MAIL)
    with at(clock.now() + AGAIN):
        assert prove(another, system_app, MAIL) == "/my"
    assert sees(another, *files) == [True]
    with system_app.app_context():
        assert rows_of(Account) == 1


def test_a_number_always_asks_and_a_file_number_or_birth_date_opens(
    client: FlaskClient, another: FlaskClient, system_app: Flask, mdia: None, at: At
) -> None:
    files = bring(system_app, somebody(1, mail="ailleurs@exemple.ma", phone=PHONE))
    assert prove(client, system_app, PHONE) == "/code/which"
    page = client.get("/code/which").text
    assert files[0][1] not in page and "Alami" not in page
    assert sees(client, *files) == [False]
    assert say(client, files[0][1].rpartition("-")[2].lower()) == "/my"
    assert sees(client, *files) == [True]
    with at(clock.now() + AGAIN):
        assert prove(another, system_app, PHONE) == "/my", "it is proved now"


def test_the_stranger_to_whom_a_number_was_given_again_begins_anew(
    client: FlaskClient, another: FlaskClient, system_app: Flask, mdia: None, at: At
) -> None:
    files = bring(system_app, somebody(1, mail="ailleurs@exemple.ma", phone=PHONE))
    prove(client, system_app, PHONE)
    assert client.post("/code/which", data={"without": "1"}).location == "/my"
    assert sees(client, *files) == [False] and files[0][1] not in client.get("/my").text
    with at(clock.now() + AGAIN):  # the owner of the file, who has the number still, is asked and let in
        assert prove(another, system_app, PHONE) == "/code/which"
        assert say(another, "14.03.2004") == "/my"
    assert sees(another, *files) == [True]


def test_siblings_with_one_address_each_get_in_and_only_into_their_own(
    app: Flask, system_app: Flask, mdia: None, at: At
) -> None:
    files = bring(system_app, somebody(1), somebody(2, "02/05/2006"), somebody(3, "09/09/2007"))
    answers = ("14/03/2004", "2006-05-02", files[2][1])
    for turn in range(2):
        for place, said in enumerate(answers):
            with at(clock.now() + AGAIN * (turn * 3 + place + 1)):
                browser = SeparateClient(app, app.response_class)
                assert prove(browser, system_app, MAIL) == "/code/which"
                assert say(browser, said) == "/my"
                assert sees(browser, *files) == [place == each for each in range(3)]
    with system_app.app_context():
        assert rows_of(Account) == 3


def test_two_who_were_born_on_one_day_are_told_apart_by_number(
    client: FlaskClient, system_app: Flask, mdia: None
) -> None:
    files = bring(system_app, somebody(1), somebody(2))
    prove(client, system_app, MAIL)
    assert "Plusieurs dossiers ont cette date" in say(client, "14/03/2004")
    assert say(client, files[1][1]) == "/my" and sees(client, *files) == [False, True]


def test_five_wrong_answers_close_the_way_for_a_day_and_tell_staff_of_no_file(
    client: FlaskClient, another: FlaskClient, system_app: Flask, mdia: None, at: At
) -> None:
    files = bring(system_app, somebody(1), somebody(2, "02/05/2006"))
    prove(client, system_app, MAIL)
    for typed in ("", "x", "31/02/2004"):
        say(client, typed)  # what is no answer is no try
    for left in range(ANSWERS - 1, 0, -1):
        page = say(client, f"0{left}/01/2001")
        assert f"Il vous reste {left} essai" in page and not any(number in page for _, number in files)
    assert "Trop de réponses fausses" in say(client, "06/01/2001")
    assert "Trop de réponses fausses" in say(client, "14/03/2004"), "the right one too"
    assert sees(client, *files) == [False, False]
    with at(clock.now() + AGAIN):
        assert prove(another, system_app, MAIL) == "/code/which"
        assert "Trop de réponses fausses" in words(another.get("/code/which").text)
        assert "Trop de réponses fausses" in say(another, files[0][1])
    with at(clock.now() + CLOSED_FOR + timedelta(minutes=1)):
        assert prove(another, system_app, MAIL) == "/code/which"
        assert say(another, files[0][1]) == "/my"
    with system_app.app_context():
        told = db.session.scalars(sa.select(HelpRequest)).one()
        assert told.application_id is None and told.person_id is None and told.asker_email == MAIL
        assert "accounts.close_door" in db.session.scalars(sa.select(Event.action)).all()


def test_an_empty_double_is_united_at_the_next_code(
    client: FlaskClient, system_app: Flask, mdia: None
) -> None:
    files = bring(system_app, somebody(1))
    double(system_app)
    assert prove(client, system_app, MAIL) == "/my" and sees(client, *files) == [True]
    with system_app.app_context():
        assert rows_of(Account) == 1 and rows_of(PersonUnion) == 1


def test_what_a_double_asked_goes_with_it_and_comes_back(
    client: FlaskClient, another: FlaskClient, system_app: Flask, mdia: None, at: At
) -> None:
    assert prove(client, system_app, MAIL) == "/my"
    asked = {"topic": "other", "text": "Je ne vois pas mon dossier.", "token": "a"}
    page = client.get("/help/mdia").text
    token = re.search(r'name="token"[^>]*value="([^"]+)"', page)
    assert client.post("/help/mdia", data={**asked, "token": token[1] if token else "a"}).status_code == 302
    files = bring(system_app, somebody(1))
    with at(clock.now() + AGAIN):
        assert prove(another, system_app, MAIL) == "/my"
    assert sees(another, *files) == [True]
    with system_app.app_context():
        question, file = db.session.scalars(sa.select(HelpRequest)).one(), one_file()
        assert question.person_id == file.person_id
        union = db.session.scalars(sa.select(PersonUnion)).one()
        db.session.rollback()
        with writing():
            uniting.separate(SYSTEM, union.reference)
        assert db.session.scalars(sa.select(HelpRequest.person_id)).one() == union.from_id
        assert db.session.scalars(sa.select(Account.person_id)).one() == union.from_id


def test_the_command_unites_the_doubles_once_and_can_be_undone(
    client: FlaskClient, system_app: Flask, mdia: None
) -> None:
    files = bring(
        system_app,
        somebody(1),
        somebody(2, mail="deux@exemple.ma"),
        somebody(3, mail="fratrie@exemple.ma"),
        somebody(4, mail="fratrie@exemple.ma"),
    )
    mine = double(system_app)
    double(system_app, "fratrie@exemple.ma")  # in doubt: the door asks
    double(system_app, "personne@exemple.ma")
    run = system_app.test_cli_runner().invoke
    tried = run(args=["accounts", "unite", "--dry-run"])
    assert tried.exit_code == 0 and "dry run: 1 united" in tried.output and mine in tried.output
    with system_app.app_context():
        assert rows_of(PersonUnion) == 0
    assert "1 united" in run(args=["accounts", "unite"]).output
    assert run(args=["accounts", "unite"]).output.strip() == "0 united"
    with system_app.app_context():
        union = db.session.scalars(sa.select(PersonUnion)).one()
        events = db.session.scalars(sa.select(Event.action)).all()
        assert events.count("accounts.unite") == 1
    assert run(args=["accounts", "separate", union.reference]).exit_code == 0
    assert run(args=["accounts", "separate", union.reference]).exit_code == 0
    assert run(args=["accounts", "separate", "nothing"]).exit_code == 1
    assert "1 united" in run(args=["accounts", "unite", "--dry-run"]).output
    assert prove(client, system_app, MAIL) == "/my" and sees(client, *files)[0]


def test_a_page_of_the_same_address_says_how_to_reach_it_and_anybody_else_s_stays_missing(
    client: FlaskClient, another: FlaskClient, system_app: Flask, mdia: None, at: At
) -> None:
    files = bring(
        system_app, somebody(1), somebody(2, "02/05/2006"), somebody(3, "02/05/2006", mail="x@exemple.ma")
    )
    prove(client, system_app, MAIL)
    assert say(client, "14/03/2004") == "/my"
    own, sibling, stranger = (client.get(f"/my/applications/{reference}") for reference, _ in files)
    assert [own.status_code, sibling.status_code, stranger.status_code] == [200, 404, 404]
    assert "/my/found?next=" in sibling.text and "/my/found" not in stranger.text
    assert "/my/found" not in client.get("/my/applications/" + "A" * 26).text
    with at(clock.now() + AGAIN):
        onward = client.post(f"/my/found?next=/my/applications/{files[1][0]}").location
        asked = client.post(onward, data={"code": last_code(system_app)}).location
        assert asked.startswith("/code/which?next=")
        assert client.post(asked, data={"answer": "2/5/2006"}).location == f"/my/applications/{files[1][0]}"
    assert sees(client, *files) == [False, True, False]
    prove(another, system_app, "personne@exemple.ma")
    assert "/my/found" not in another.get(f"/my/applications/{files[0][0]}").text
    assert another.get("/my/found").status_code == 404


def test_who_is_in_without_a_file_is_told_of_one_at_their_address(
    client: FlaskClient, system_app: Flask, mdia: None, at: At
) -> None:
    assert prove(client, system_app, MAIL) == "/my"
    files = bring(system_app, somebody(1))
    assert "/my/found" in client.get("/my").text
    with at(clock.now() + AGAIN):
        onward = client.post("/my/found").location
        assert client.post(onward, data={"code": last_code(system_app)}).location == "/my"
    assert sees(client, *files) == [True] and "/my/found" not in client.get("/my").text


def test_staff_with_a_file_keep_their_roles_and_are_its_person(
    client: FlaskClient, system_app: Flask, mdia: None
) -> None:
    files = bring(system_app, somebody(1))
    with system_app.app_context(), writing():
        account = people.new_account(SYSTEM, MAIL, "h", {"given_name": "Nadia"})
        people.grant(SYSTEM, account, Role.REVIEWER, "programme", "s", "ma.inpt.mdia.", [1])
    assert prove(client, system_app, MAIL) == "/staff"
    assert sees(client, *files) == [True]
    with system_app.app_context():
        known = viewers.viewer_of_email(MAIL)
        assert known is not None and known.person_id == one_file().person_id


def test_who_types_somebody_s_address_into_a_form_puts_no_question_before_them(
    client: FlaskClient, another: FlaskClient, system_app: Flask, mdia: None, at: At
) -> None:
    files = bring(system_app, somebody(1))
    assert prove(client, system_app, MAIL) == "/my"
    assert prove(another, system_app, "+212612999999") == "/my"
    with system_app.app_context(), writing():
        account = db.session.scalars(sa.select(Account).where(Account.email.is_(None))).one()
        people.set_person(
            db.session.get_one(Person, account.person_id), {"email": MAIL, "birth_date": date(2000, 1, 1)}
        )
    with at(clock.now() + AGAIN):
        assert prove(client, system_app, MAIL) == "/my"
    assert sees(client, *files) == [True]


def test_who_entered_by_telephone_is_not_opened_by_the_address_of_their_form(
    client: FlaskClient, another: FlaskClient, system_app: Flask, mdia: None
) -> None:
    """Typed and never proved, the address may be a stranger's, who gets an account of their own."""
    files = bring(system_app, somebody(1, mail="ailleurs@exemple.ma", phone=PHONE))
    prove(client, system_app, PHONE)
    assert say(client, "14/03/2004") == "/my"
    with system_app.app_context(), writing():
        people.set_person(db.session.get_one(Person, one_file().person_id), {"email": MAIL})
    assert prove(another, system_app, MAIL) == "/my"
    assert sees(another, *files) == [False] and sees(client, *files) == [True]
    with system_app.app_context():
        assert [row.phone_blind is None for row in db.session.scalars(sa.select(Account))] == [False, True]
        assert "address_elsewhere" in db.session.scalars(sa.select(Message.key)).all()


def test_who_signs_up_with_a_password_proves_the_address_first_and_then_finds_the_file(
    client: FlaskClient, another: FlaskClient, system_app: Flask, mdia: None
) -> None:
    """A stranger may type the address: the page is the same for one that a file bears and for any other."""
    files = bring(system_app, somebody(1))
    said = []
    for browser, email in ((another, "personne@exemple.ma"), (client, MAIL)):
        signed = browser.post("/sign-up", data={"email": email, "password": "une phrase assez longue"})
        page = browser.get(signed.location).text
        said.append((signed.location, re.sub(r'value="[^"]*"', "", page.replace(email, "…"))))
        assert browser.get("/my").location.startswith("/sign-in"), "nobody is signed in yet"
    assert said[0] == said[1]
    assert client.post("/code", data={"code": last_code(system_app)}).location == "/my"
    assert sees(client, *files) == [True]


def test_a_newcomer_who_applies_is_told_that_it_is_the_same_place(client: FlaskClient, mdia: None) -> None:
    page = client.get("/sign-in?next=/intakes/X/apply?").text
    assert "<h1>Votre adresse ou votre téléphone</h1>" in page and "Nouveau ou déjà inscrit" in page
    assert "<h1>Se connecter</h1>" in client.get("/sign-in").text
