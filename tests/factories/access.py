"""The role × route table of tests/data/access.txt: its lines, who is in its columns, and what fills its addresses."""

from __future__ import annotations

import re
from pathlib import Path

from flask import render_template
from flask.sessions import SecureCookieSessionInterface

from cohortmgr.accounts.actions import people
from cohortmgr.base.db import writing
from cohortmgr.organisations.letterheads.rules import INSTALLATION
from tests.databases import Database
from tests.factories.conflicts import expected
from tests.factories.year import Year
from tests.letterheads import with_mark
from tests.watch import test_context

TABLE = Path(__file__).resolve().parents[1] / "data" / "access.txt"
COLUMNS = {
    "a": "anonymous",
    "o": "candidate",
    "s": "stranger",
    "g": "guardian",
    "C": "company",
    "D": "other_company",
    "T": "tutor",
    "r": "reviewer",
    "q": "other_reviewer",
    "m": "selection_manager",
    "p": "programme_administrator",
    "c": "centre_manager",
    "t": "trainer",
    "f": "finance",
    "e": "group_enroller",
    "b": "observer",
    "u": "auditor",
    "y": "system_administrator",
    "x": "elsewhere",
}
LETTER = "20270101T000000000000"


def rows() -> list[tuple[str, str, str]]:
    """(method, address, cells) of each line."""
    found = []
    for line in TABLE.read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            method, path, cells = line.split(maxsplit=2)
            found.append((method, path, cells.replace(" ", "")))
    return found


def sessions(year: Year) -> dict[str, str]:
    """A session's token for each column but the first."""
    with writing():
        return {
            letter: people.open_session(year.accounts[name])
            for letter, name in COLUMNS.items()
            if name != "anonymous"
        }


def cookie(database: Database, token: str | None) -> dict[str, str]:
    """The header of the browser in which that session is open."""
    if token is None:
        return {}
    signer = SecureCookieSessionInterface().get_signing_serializer(database.app)
    assert signer is not None
    return {"Cookie": f"session={signer.dumps({'_user_id': token, '_fresh': True})}"}


def places(database: Database, year: Year) -> dict[str, str]:
    """What fills the addresses: the year's references, a letter in the mailbox, a file of the look."""
    folder = database.settings.data / "mail"
    folder.mkdir(exist_ok=True)
    (folder / f"{LETTER}.eml").write_text("To: a@exemple.ma\nSubject: Bonjour\n\nBonjour\n")
    with database.app.test_request_context():
        page = render_template("programmes/public/public_accessibility.html")
    asset = re.search(r"/assets/([^\"]+)", page)
    assert asset is not None
    with test_context(database.system_app):
        mark = with_mark(INSTALLATION)
        told = expected(year)
    return {**year.references, **told, "letter": LETTER, "asset": asset[1], "mark": mark}
