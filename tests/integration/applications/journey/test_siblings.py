"""Brothers and sisters who share an address or number each begin, keep and find a file of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.actions import doors
from cohortmgr.accounts.bearers import ANSWERS
from cohortmgr.accounts.contacts import contact_of
from cohortmgr.accounts.models import Account
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from tests.integration.accounts.entering import last_code
from tests.integration.applications.importing.entering import prove, say
from tests.integration.applications.importing.sheets import words
from tests.integration.applications.journey import steps
from tests.watch import SeparateClient, rows_of

# The fixture lets forms be sent without their tokens.
pytestmark = pytest.mark.usefixtures("client")
At = Callable[..., AbstractContextManager[None]]
FAMILY, PHONE = "famille@exemple.ma", "+212661777888"
AGAIN = timedelta(seconds=31)
NUMBERS = (("AB123456", "R123456789"), ("AB123457", "R123456780"), ("AB123458", "R123456781"))
DAYS = ("26/02/2004", "02/05/2005", "09/09/2003")
WRONG = "01/01/2001"


@pytest.fixture(autouse=True)
def _during() -> Iterator[None]:
    with clock.at(steps.DURING):
        yield


@pytest.fixture
def intake(system_app: Flask) -> str:
    with system_app.app_context():
        return steps.load_mdia()


def file_of(client: FlaskClient, system_app: Flask, intake: str, place: int) -> str:
    """The file that the sibling of a place sends."""
    cin, massar = NUMBERS[place]
    reference = steps.begin(client, intake)
    given = steps.answers(cin=cin, massar=massar, birth_date=DAYS[place], email=FAMILY, phone=PHONE)
    steps.fill(client, reference, given)
    with system_app.app_context():
        steps.examine()
    assert client.post(f"/my/applications/{reference}/check").status_code == 302
    return reference


def begin_beside(client: FlaskClient, born: str) -> str:
    page = client.post("/code/which", data={"without": "1", "born": born})
    return page.location or words(page.text)


@pytest.mark.parametrize("contact", [FAMILY, PHONE])
def test_three_siblings_with_one_address_each_begin_and_find_their_own(
    app: Flask, system_app: Flask, intake: str, at: At, contact: str
) -> None:
    files: list[str] = []
    first = SeparateClient(app, app.response_class)
    assert prove(first, system_app, contact) == "/my"
    files.append(file_of(first, system_app, intake, 0))
    for place in (1, 2):
        with at(clock.now() + AGAIN * place * 10):
            # From within the account that the address enters, as who reads the same mails on the same telephone.
            assert "déjà envoyé" in first.get(f"/intakes/{intake}/apply", follow_redirects=True).text
            assert "/my/another" in first.get("/my").text
            onward = first.post("/my/another").location
            assert first.post(onward, data={"code": last_code(system_app)}).location == "/code/which"
            assert "Écrivez votre date de naissance" in begin_beside(first, "demain")
            assert begin_beside(first, DAYS[place]) == "/my"
            assert first.get(f"/my/applications/{files[0]}").status_code == 404
            files.append(file_of(first, system_app, intake, place))
        assert prove_and_answer(first, system_app, contact, DAYS[0], at, place * 10 + 5) == "/my"
    for place, born in enumerate(DAYS):
        browser = SeparateClient(app, app.response_class)
        assert prove_and_answer(browser, system_app, contact, born, at, 200 + place) == "/my"
        seen = [browser.get(f"/my/applications/{each}").status_code for each in files]
        assert seen == [200 if each == place else 404 for each in range(3)]
    with system_app.app_context():
        assert rows_of(Account) == 3 and rows_of(Application) == 3


def prove_and_answer(
    browser: FlaskClient, system_app: Flask, contact: str, born: str, at: At, turn: int
) -> str:
    with at(clock.now() + AGAIN * turn):
        assert prove(browser, system_app, contact) == "/code/which"
        return say(browser, born)


def test_who_only_began_beside_is_found_by_their_day_before_they_apply(
    app: Flask, system_app: Flask, intake: str, at: At
) -> None:
    first, second = (SeparateClient(app, app.response_class) for _ in range(2))
    prove(first, system_app, FAMILY)
    file_of(first, system_app, intake, 0)
    with at(clock.now() + AGAIN):
        onward = first.post("/my/another").location
        first.post(onward, data={"code": last_code(system_app)})
        assert begin_beside(first, DAYS[1]) == "/my"
    assert prove_and_answer(second, system_app, FAMILY, DAYS[1], at, 4) == "/my"
    with system_app.app_context():
        assert rows_of(Account) == 2


def test_wrong_answers_leave_a_way_to_begin_and_one_to_write_and_are_forgotten_once_it_is_right(
    app: Flask, system_app: Flask, intake: str, at: At
) -> None:
    one = SeparateClient(app, app.response_class)
    prove(one, system_app, FAMILY)
    file_of(one, system_app, intake, 0)
    with at(clock.now() + AGAIN):
        onward = one.post("/my/another").location
        one.post(onward, data={"code": last_code(system_app)})
        begin_beside(one, DAYS[1])
    for turn in (1, 2):  # four and four: a right answer between them forgets the first
        with at(clock.now() + AGAIN * turn * 4):
            assert prove(one, system_app, FAMILY) == "/code/which"
            for _ in range(ANSWERS - 1):
                assert "Il vous reste" in say(one, WRONG)
            assert say(one, DAYS[0]) == "/my"
    with at(clock.now() + AGAIN * 20):
        assert prove(one, system_app, FAMILY) == "/code/which"
        for _ in range(ANSWERS):
            say(one, WRONG)
        shut = one.get("/code/which").text
        assert "Trop de réponses fausses" in words(shut) and 'href="/help"' in shut
        assert 'name="answer"' not in shut and "#answer" not in shut and 'name="born"' in shut
        assert begin_beside(one, DAYS[2]) == "/my", "whoever is new is not locked out by it"
    with at(clock.now() + AGAIN * 30):
        with system_app.app_context():
            with writing():
                assert doors.reopen(SYSTEM, contact_of(FAMILY))
            with writing():
                assert not doors.reopen(SYSTEM, contact_of(FAMILY))
            assert "accounts.reopen_door" in db.session.scalars(sa.select(Event.action)).all()
        assert prove(one, system_app, FAMILY) == "/code/which" and say(one, DAYS[0]) == "/my"


def test_at_a_number_a_right_answer_forgets_no_wrong_ones(
    app: Flask, system_app: Flask, intake: str, at: At
) -> None:
    """Whoever was given the number again would answer for themselves, and guess at the other for ever."""
    one = SeparateClient(app, app.response_class)
    prove(one, system_app, PHONE)
    file_of(one, system_app, intake, 0)
    with at(clock.now() + AGAIN):
        onward = one.post("/my/another").location
        one.post(onward, data={"code": last_code(system_app)})
        begin_beside(one, DAYS[1])
    with at(clock.now() + AGAIN * 4):
        prove(one, system_app, PHONE)
        for _ in range(ANSWERS - 1):
            say(one, WRONG)
        assert say(one, DAYS[1]) == "/my"
    with at(clock.now() + AGAIN * 8):
        prove(one, system_app, PHONE)
        assert "Trop de réponses fausses" in say(one, WRONG)


def test_twins_are_told_apart_by_a_number_even_if_it_was_mailed(
    app: Flask, system_app: Flask, intake: str, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "DAYS", (DAYS[0], DAYS[0], DAYS[2]))
    one = SeparateClient(app, app.response_class)
    prove(one, system_app, FAMILY)
    files = [file_of(one, system_app, intake, 0)]
    with at(clock.now() + AGAIN):
        onward = one.post("/my/another").location
        one.post(onward, data={"code": last_code(system_app)})
        assert begin_beside(one, DAYS[1]) == "/my"
        files.append(file_of(one, system_app, intake, 1))
    with system_app.app_context():
        number = db.session.scalars(
            sa.select(Application.number).where(Application.reference == files[1])
        ).one()
    with at(clock.now() + AGAIN * 4):
        assert prove(one, system_app, FAMILY) == "/code/which"
        assert "est dans les messages de cette adresse" in say(one, number)
        page = one.post("/code/which", data={"answer": DAYS[0]})
        assert "Plusieurs dossiers" in page.text and f'value="{DAYS[0]}"' in page.text
        chosen = one.post("/code/which", data={"answer": number, "before": DAYS[0]})
        assert chosen.location == "/my"
    assert [one.get(f"/my/applications/{each}").status_code for each in files] == [404, 200]


def test_a_page_of_a_sibling_who_enters_by_another_way_says_so(
    app: Flask, system_app: Flask, intake: str, at: At
) -> None:
    """Her brother came by telephone and typed the address of both: his mails come to her."""
    sister, brother = (SeparateClient(app, app.response_class) for _ in range(2))
    prove(sister, system_app, FAMILY)
    file_of(sister, system_app, intake, 0)
    prove(brother, system_app, PHONE)
    his = file_of(brother, system_app, intake, 1)
    missing = sister.get(f"/my/applications/{his}")
    assert missing.status_code == 404 and "/my/found?next=" in missing.text
    assert "s’ouvre par un autre accès" in sister.get("/my/found").text
    assert "/my/found" not in sister.get("/my/applications/" + "A" * 26).text


def test_the_command_opens_the_question_again(system_app: Flask) -> None:
    run = system_app.test_cli_runner().invoke
    assert "not closed" in run(args=["accounts", "reopen-question", FAMILY]).output
