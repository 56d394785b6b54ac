"""What tests of doors share: files that are brought, codes that are typed, the question that is answered."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.actions import people
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db, writing
from tests.integration.accounts.entering import last_code
from tests.integration.applications.importing import sheets
from tests.integration.applications.importing.sheets import as_csv, one, words

MAIL, PHONE = "dossier@exemple.ma", "+212612000001"


def bring(system_app: Flask, *people_: dict[str, str]) -> list[tuple[str, str]]:
    """Bring files; each with its reference and number, in order."""
    with system_app.app_context():
        sheets.load(as_csv(*people_))
        rows = db.session.execute(
            sa.select(Application.reference, Application.number).order_by(Application.id)
        )
        return [(row[0], row[1]) for row in rows]


def somebody(number: int, born: str = "14/03/2004", **cells: str) -> dict[str, str]:
    told = {
        "cin": f"AB1{number:05}",
        "massar": f"R1{number:08}",
        "mail": MAIL,
        "phone": f"0612{number:06}",
        "name": "Alami" if number == 1 else f"Alami {'abcdefgh'[number]}",
    }
    return {**one(**{**told, **cells}), "Date de naissance": born}


def ask(client: FlaskClient, contact: str, url: str = "/sign-in") -> None:
    answer = client.post(url, data={"email": contact})
    assert answer.status_code == 302, words(answer.text)


def prove(client: FlaskClient, system_app: Flask, contact: str, url: str = "/sign-in") -> str:
    """Type the code that went to a contact; returns where that leads."""
    ask(client, contact, url)
    answer = client.post("/code", data={"code": last_code(system_app)})
    assert answer.status_code == 302, words(answer.text)
    return answer.location


def sees(client: FlaskClient, *files: tuple[str, str]) -> list[bool]:
    """Whether this browser opens each file."""
    return [client.get(f"/my/applications/{reference}").status_code == 200 for reference, _ in files]


def say(client: FlaskClient, text: str) -> str:
    """Answer the question; the location, or the words of the page that asks again."""
    page = client.post("/code/which", data={"answer": text})
    return page.location or words(page.text)


def double(system_app: Flask, email: str = MAIL) -> str:
    """An empty second person with an account, as doors made them; the account's reference."""
    with system_app.app_context(), writing():
        person = people.new_person({"email": email, "language": "fr"})
        account = people.new_account_of(person, email, None)
        account.proved_at = account.created_at
        return account.reference


def one_file() -> Application:
    return db.session.scalars(sa.select(Application)).one()
