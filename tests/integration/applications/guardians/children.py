"""What the tests of guardians share: AI Master Junior in force, a club that enrols, and what guardians receive."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.base.db import db, writing
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import content_of
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.queries import intake_of
from tests.integration.applications.importing.sheets import as_csv
from tests.integration.applications.journey import steps

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
_NAMES = ("", "Adam", "Badr", "Chaima")
MOTHER, FATHER = "+212612000001", "+212612000002"


def open_junior() -> str:
    """The programme in force; the reference of the intake that is open."""
    with writing():
        programmes.load_definition(SYSTEM, read_known("ai-master-junior"))
    return intake_of("ai-master-junior", "2027").reference


def club(client: FlaskClient, role: Role = Role.GROUP_ENROLLER, name: str = "club") -> None:
    """Somebody with a role in the programme, signed in."""
    email, intake = f"{name}-{role.value}@exemple.ma", intake_of("ai-master-junior", "2027")
    with writing():
        account = people.new_account(
            SYSTEM, email, people.prepare_password(steps.PASSWORD, email), {"given_name": "Samir"}
        )
        people.grant(
            SYSTEM, account, role, "programme", f"junior-{name}", intake.path, [intake.institution_id]
        )
    answer = client.post("/sign-in", data={"email": email, "password": steps.PASSWORD})
    assert answer.status_code == 302, answer.text


def child(number: int = 1, **changes: str) -> dict[str, str]:
    """A row of the club's file; `changes` by header."""
    row = {
        "Nom": "Alaoui", "Prénom": _NAMES[number], "Date de naissance": "03/04/2014", "Sexe": "F",
        "Code Massar": f"J{number:09d}", "Club": "Raja", "Tuteur": "Amina Alaoui", "Qualité": "Mère",
        "Téléphone du tuteur": "06 12 00 00 01", "E-mail du tuteur": "",
    }  # fmt: skip
    return {**row, **changes}


def enrol(client: FlaskClient, intake: str, *rows: dict[str, str]) -> str:
    """Send a file and confirm it; the address of its result."""
    data = {"file": (io.BytesIO(as_csv(*rows)), "club.csv")}
    page = client.post(f"/staff/intakes/{intake}/imports", data=data)
    assert page.status_code == 302, page.text
    assert client.post(page.location).status_code == 302
    return str(page.location)


def sent(key: str) -> list[dict[str, str]]:
    """The messages of a key, oldest first: address, and their variables."""
    rows = db.session.scalars(sa.select(Message).where(Message.key == key).order_by(Message.id)).all()
    contents = [content_of(row) for row in rows]
    return [{"address": each["address"], **each["variables"]} for each in contents if each]


def enter(app: Flask, token: str) -> FlaskClient:
    """A guardian's browser that proved itself for a link."""
    browser = steps.browser(app)
    assert browser.get(f"/guardian/{token}").status_code == 200
    assert browser.post(f"/guardian/{token}").location == "/guardian/code"
    answer = browser.post("/guardian/code", data={"code": sent("sign_in_code")[-1]["code"]})
    assert answer.location == f"/guardian/{token}/answers", answer.text
    return browser


def answers(page: str, said: dict[str, str] | str = "yes", signed: str = "Amina Alaoui") -> dict[str, str]:
    """What a guardian sends for every question of the page; `said` for all, or by purpose."""
    names = sorted(set(re.findall(r'type="radio" id="[^"]*" name="([^"]*)"', page)))
    given = {name: said if isinstance(said, str) else said[name.split("-", 1)[1]] for name in names}
    chosen = dict.fromkeys(re.findall(r'<select class="input" id="[^"]*" name="([^"]*)"', page), "mother")
    return {**given, **chosen, "signed": signed}
