"""Imported people and rows of the tray that have a telephone and no e-mail: links by SMS, accounts by a number."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.actions import links
from cohortmgr.accounts.actions.claims import contact_of_link, take_up_by_phone
from cohortmgr.accounts.actions.people import set_person
from cohortmgr.accounts.contacts import as_dialled
from cohortmgr.accounts.models import Account, Person
from cohortmgr.accounts.rules import LINK_LIFETIME, SYSTEM
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.importing.actions.invitations import invite
from cohortmgr.applications.importing.models import TrayRow
from cohortmgr.applications.importing.queries.invited import JUST_LEFT, invitable
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.outbox.delivery.tasks.handing_over import deliver
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition import toml
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import intake_of
from tests.integration.applications.importing import sheets
from tests.integration.applications.importing.sheets import as_csv, one, words
from tests.integration.applications.journey import steps
from tests.watch import rows_of

Statements = Callable[[], AbstractContextManager[list[str]]]
PHONE, NUMBER = "06 12 34 56 78", "+212612345678"
BORN = "14/03/2004"


def person(number: int, **cells: str) -> dict[str, str]:
    """A record of a person of their own, without an address."""
    told = {"cin": f"AB1{number:05}", "massar": f"R1{number:08}", "mail": "", "phone": f"0612{number:06}"}
    return {**one(**{**told, **cells}), "Date de naissance": BORN}


def counts(chosen: Intake) -> tuple[int, int]:
    """How many people an invitation would reach: without those who have a link, and with them."""
    everybody = invitable(chosen, again=True)
    return len(invitable(chosen)), len(everybody)


@pytest.fixture(autouse=True)
def _by_day() -> Iterator[None]:
    """Nobody is sent a short message at night, whenever the tests run."""
    with clock.at(clock.instant(clock.today(), 11)):
        yield


@pytest.fixture
def intake(system_app: Flask) -> str:
    """The reference of the intake of 2025; its form asks for no address. No short message has left yet."""
    for left in (Path(system_app.config["DATA"]) / "sms").glob("*.json"):
        left.unlink()
    text = (toml.DEFINITIONS / "mdia.toml").read_text(encoding="utf-8")
    asked = "required_in_files = true\n"
    assert text.count(asked) == 1
    definition = toml.read_definition(text.replace(asked, ""), "mdia.toml")
    with system_app.app_context():
        with writing():
            programmes.load_definition(SYSTEM, definition)
        return sheets.intake().reference


def load(system_app: Flask, *records: dict[str, str]) -> None:
    with system_app.app_context():
        sheets.load(as_csv(*records))


def invited(system_app: Flask, intake: str, **options: bool) -> int:
    with system_app.app_context(), writing():
        return invite(SYSTEM, intake, **options)


def sent(system_app: Flask) -> list[dict[str, str]]:
    """The short messages that left, as the folder has them."""
    with system_app.app_context():
        deliver()
    folder = Path(system_app.config["DATA"]) / "sms"
    ordered = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    return [json.loads(path.read_text("utf-8")) for path in ordered]


def link_in(message: dict[str, str]) -> str:
    found = re.search(r"/(?:links|repair)/[\w-]+", message["text"])
    assert found is not None and message["to"] == NUMBER, message
    return found[0]


def test_an_imported_person_with_a_telephone_alone_claims_by_sms_and_comes_back_by_a_code(
    client: FlaskClient, system_app: Flask, intake: str
) -> None:
    load(system_app, person(1, phone=PHONE))
    assert [invited(system_app, intake), invited(system_app, intake)] == [1, 0]
    [message] = sent(system_app)
    link = link_in(message)
    page = words(client.get(link).text)
    assert PHONE in page and "code reçu par SMS" in page and "MDIA-" not in message["text"]
    assert client.post(link, data={"answer": BORN, "password": "court"}).status_code == 200
    assert client.post(link, data={}).status_code == 200, "the telephone alone opens nothing"
    assert client.post(link, data={"answer": BORN}).location == "/my"
    assert "MDIA-" in client.get("/my").text
    with system_app.app_context():
        account = db.session.scalars(sa.select(Account)).one()
        holder = db.session.get_one(Person, account.person_id)
        assert (account.email, account.password_hash) == (None, None) and account.proved_at is not None
        assert account.phone_blind == holder.phone_blind is not None
        noted = db.session.scalars(sa.select(Event).where(Event.action == "accounts.claim")).one()
        assert noted is not None
    client.post("/sign-out")
    assert client.get("/my").status_code == 302
    assert client.get(link).status_code == 410
    assert client.post("/sign-in", data={"email": PHONE}).status_code == 302
    code = re.search(r"\d{3} ?\d{3}", words(sent(system_app)[-1]["text"]))
    assert code is not None
    assert client.post("/code", data={"code": code[0]}).location == "/my"
    assert "MDIA-" in client.get("/my").text
    with system_app.app_context():
        assert (rows_of(Account), rows_of(Person)) == (1, 1)


def test_a_number_that_enters_an_account_is_not_doubled(
    client: FlaskClient, app: Flask, system_app: Flask, intake: str
) -> None:
    load(system_app, person(1, phone=PHONE), person(2, phone=NUMBER))
    assert invited(system_app, intake) == 2
    first, second = map(link_in, sent(system_app))
    assert client.post(first, data={"answer": BORN, "password": steps.PASSWORD}).location == "/my"
    other = steps.browser(app)
    answer = other.post(second, data={})
    assert answer.location == f"/code?next={second}", (
        "who reads it is led to the account, or asked whose file"
    )
    assert other.get("/my").status_code == 302
    with clock.at(clock.now() + JUST_LEFT + timedelta(seconds=1)):
        assert invited(system_app, intake, again=True) == 1
    back = other.post("/sign-in", data={"email": PHONE, "password": steps.PASSWORD})
    assert back.location == "/my"
    with system_app.app_context():
        assert rows_of(Account) == 1


def test_a_link_that_went_to_a_telephone_proves_no_address(system_app: Flask, intake: str) -> None:
    load(system_app, person(1, phone=PHONE))
    invited(system_app, intake)
    token = link_in(sent(system_app)[0]).removeprefix("/links/")
    with system_app.app_context(), writing():
        set_person(db.session.scalars(sa.select(Person)).one(), {"email": "dautrui@exemple.ma"})
    with system_app.app_context(), writing():
        assert contact_of_link(token).address == NUMBER
        take_up_by_phone(token, None, BORN)
        account = db.session.scalars(sa.select(Account)).one()
        assert account.email is None and account.phone_blind is not None


def test_a_telephone_that_takes_no_short_message_is_not_counted(system_app: Flask, intake: str) -> None:
    load(system_app, person(1, phone="05 22 12 34 56"), person(2, mail="b@exemple.ma"), person(3))
    with system_app.app_context():
        assert counts(sheets.intake()) == (2, 2)
    assert invited(system_app, intake) == 2
    with system_app.app_context():
        assert counts(sheets.intake()) == (0, 2)


def test_inviting_takes_as_many_statements_for_five_as_for_fifty(
    system_app: Flask, intake: str, statements: Statements
) -> None:
    seen = []
    for start, count in ((0, 5), (100, 50)):
        load(system_app, *(person(start + n, **({"mail": f"p{start + n}@exemple.ma"} if n % 2 else {}))
                           for n in range(count)))  # fmt: skip
        with system_app.app_context(), statements() as counting:
            fresh, _ = counts(sheets.intake())
        with statements() as writings:
            assert invited(system_app, intake) == fresh == count
        seen.append((len(counting), len(writings)))
    assert seen[0] == seen[1]


def test_a_row_of_the_tray_with_a_telephone_alone_is_asked_by_sms_and_repaired(
    client: FlaskClient, app: Flask, system_app: Flask, intake: str
) -> None:
    with clock.at(sheets.NOW):
        with system_app.app_context():
            steps.staff(client)
        load(system_app, person(1, phone=NUMBER, s1="99"))
        with system_app.app_context():
            row = db.session.scalars(sa.select(TrayRow)).one()
            assert row.email is None
            page = f"/staff/tray/{row.reference}"
        assert as_dialled(NUMBER) in client.get(page).text
        for _twice in range(2):
            assert client.post(f"{page}/ask", data={"version": row.version}).status_code == 302
        [message] = sent(system_app)
        own = steps.browser(app)
        link = link_in(message)
        text = own.get(link).text
        name = f"c{list(one()).index('S1')}"
        version = re.search(r'name="version"[^>]*value="(\d+)"', text)
        assert f'name="{name}"' in text and version is not None
        mended = {"version": version[1], name: "12"}
        assert own.post(link, data=mended).location.endswith("/repair/done")
        with system_app.app_context():
            assert db.session.scalars(sa.select(TrayRow.state)).one() == "loaded"
            assert rows_of(Application) == 1
        assert invited(system_app, intake) == 1


def test_a_paper_without_an_address_is_followed_by_a_link_to_the_telephone(
    client: FlaskClient, app: Flask, system_app: Flask, intake: str
) -> None:
    with clock.at(steps.DURING):
        with system_app.app_context():
            steps.staff(client)
            opened = intake_of("mdia", "2027").reference
        typed = steps.answers(email="", received="20/11/2026")
        given = {key: value for key, value in typed.items() if not key.startswith("consent")}
        answer = client.post(f"/staff/intakes/{opened}/paper", data=steps.with_file(given))
        assert answer.status_code == 302, words(answer.text)
        [message] = sent(system_app)
        own = steps.browser(app)
        assert own.post(link_in(message), data={"answer": "26/02/2004"}).location == "/my"
        assert "MDIA-" in own.get("/my").text


def test_a_link_dies_when_a_later_file_or_the_desk_says_another_number_or_address(
    client: FlaskClient, system_app: Flask, intake: str
) -> None:
    load(system_app, person(1, phone=PHONE))
    invited(system_app, intake)
    first = link_in(sent(system_app)[0])
    assert client.get(first).status_code == 200
    load(system_app, person(1, phone="06 12 34 56 79"))
    assert client.get(first).status_code == 410, "the number was that of somebody else"
    assert client.post(first, data={}).status_code == 410
    assert invited(system_app, intake) == 1, "no link of theirs works any longer"
    with system_app.app_context(), writing():
        who = db.session.scalars(sa.select(Person)).one()
        set_person(who, {"email": "salma@exemple.ma"})
        by_mail = links.create(links.CLAIM, who.reference, LINK_LIFETIME)
    assert client.get(f"/links/{by_mail}").status_code == 200
    with system_app.app_context(), writing():
        set_person(db.session.scalars(sa.select(Person)).one(), {"email": "salma@exemple.ma", "sex": "f"})
    assert client.get(f"/links/{by_mail}").status_code == 200
    with system_app.app_context(), writing():
        set_person(db.session.scalars(sa.select(Person)).one(), {"email": "autre@exemple.ma"})
    assert client.get(f"/links/{by_mail}").status_code == 410
