"""The search over everything: what it finds, and that every hit is a page that its viewer may open."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa

from cohortmgr.accounts.models import Identifier, Person
from cohortmgr.applications.file.models import Application
from cohortmgr.base import crypto
from cohortmgr.base.db import db, writing
from cohortmgr.base.text import new_reference
from tests.databases import Database
from tests.factories.access import COLUMNS, cookie, sessions
from tests.factories.year import Year, lived
from tests.watch import SeparateClient, test_context

Statements = Callable[[], AbstractContextManager[list[str]]]
STAFF = "rqmpctfebuyx"
HIT = re.compile(r'<li><a href="([^"]+)"><bdi>([^<]*)</bdi>')


class Searched:
    """A lived year, and a browser for each role in it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with test_context(database.system_app):
            self.year: Year = lived()
            self.tokens = sessions(self.year)
            file = db.session.scalars(
                sa.select(Application).where(Application.reference == self.year.references["application"])
            ).one()
            self.name, self.number, self.reference = file.name, file.number, file.reference
            self.email = file.email
            with writing():
                person = db.session.get_one(Person, file.person_id)
                person.phone_blind = crypto.blind_index("phone", "+212612000077")
                cin = sa.delete(Identifier).where(Identifier.person_id == person.id, Identifier.kind == "cin")
                db.session.execute(cin)
                reference = new_reference()
                db.session.add(
                    Identifier(
                        reference=reference,
                        person_id=person.id,
                        kind="cin",
                        blind=crypto.blind_index("cin", "AB998877"),
                        sealed=crypto.seal("AB998877", "identifiers", "sealed", reference),
                    )
                )
        database.app.test_client_class = SeparateClient
        self.client = database.app.test_client(use_cookies=False)

    def page(self, letter: str, text: str, **more: str) -> str:
        """The page on which somebody searched."""
        answer = self.client.get(
            "/staff/search",
            query_string={"q": text, **more},
            headers=cookie(self.database, self.tokens[letter]),
        )
        assert answer.status_code == 200
        return answer.text

    def hits(self, letter: str, text: str, **more: str) -> dict[str, str]:
        """Address to label of what somebody found."""
        found = self.page(letter, text, **more)
        return {
            html.unescape(url): html.unescape(label) for url, label in HIT.findall(found.split("<main")[-1])
        }


def test_what_is_found_by_whom(database: Database, statements: Statements) -> None:
    searched = Searched(database)
    year, file = searched.year, f"/staff/applications/{searched.reference}"
    family = searched.name.split()[-1]
    for text in (
        searched.name, family, searched.number, searched.number[-6:], searched.reference, searched.email,
        "06 12 00 00 77", "AB998877", "ab 998877",
    ):  # fmt: skip
        for letter in STAFF:
            assert (file in searched.hits(letter, text)) is (letter in "mpcu"), (text, COLUMNS[letter])
    people = searched.hits("p", "finance")
    assert [label for url, label in people.items() if url.startswith("/staff/people/")] == ["Une finance"]
    assert not any(url.startswith("/staff/people/") for url in searched.hits("m", "finance"))
    board = f"/staff/cohorts/{year.references['cohort']}/placements"
    assert "Attijariwafa" in searched.hits("c", "attijari")[board]
    assert searched.hits("c", "التجاري") != {} and board not in searched.hits("m", "attijari")
    intake = f"/staff/intakes/{year.references['intake']}"
    assert f"{intake}/ranking" in searched.hits("m", "selection", at=year.references["intake"])
    assert f"{intake}/ranking" not in searched.hits("t", "selection", at=year.references["intake"])
    assert "/staff/questions" in searched.hits("m", "quest")
    assert "Rien ne répond" in searched.page("p", "zzyzx") and searched.hits("p", "   ") == {}
    for text in ("a", searched.name, "06 12 00 00 77", "AB998877"):
        with statements() as seen:
            searched.hits("p", text, quick="1")
        assert len(seen) <= 5, seen  # who, the frame, files, companies, people


@pytest.mark.parametrize("text", ["une", "a", "mdia", "2025", "e"])
def test_every_hit_is_a_page_that_its_viewer_may_open(database: Database, text: str) -> None:
    searched = Searched(database)
    for letter in STAFF:
        for url in searched.hits(letter, text):
            answer = searched.client.get(url, headers=cookie(database, searched.tokens[letter]))
            assert answer.status_code == 200, (COLUMNS[letter], url)


def test_the_list_alone_is_sent_while_one_types(database: Database) -> None:
    searched = Searched(database)
    quick = searched.page("p", searched.name, quick="1")
    assert "<html" not in quick and f"/staff/applications/{searched.reference}" in quick
    assert "<script" not in searched.page("p", "<script>alert(1)</script>", quick="1")
    assert "&lt;script&gt;" in searched.page("p", "<script>alert(1)</script>")


def test_a_page_of_an_intake_is_found_by_its_name_in_each_language(database: Database) -> None:
    searched = Searched(database)
    at = searched.year.references["intake"]
    intake, cohort = f"/staff/intakes/{at}", f"/staff/cohorts/{searched.year.references['cohort']}"
    for text, page in (
        ("Classement", f"{intake}/ranking"),
        ("ranking", f"{intake}/ranking"),
        ("الترتيب", f"{intake}/ranking"),
        ("decisions", f"{intake}/ranking"),
        ("décis", f"{intake}/ranking"),
        ("liste attente", f"{intake}/ranking"),
        ("classement 2025", f"{intake}/ranking"),
        ("selection", f"{intake}/ranking"),
        ("applications", f"{intake}/applications"),
        ("ressemblent", f"{intake}/duplicates"),
        ("etats de paiement", f"{cohort}/stipends"),
        ("voeux", f"{cohort}/placements"),
        ("people", "/staff/people"),
    ):
        assert page in searched.hits("p", text, at=at), text
    assert searched.hits("p", "classement", at=at)[f"{intake}/ranking"] == "Classement"
    assert f"{intake}/duplicates" not in searched.hits("c", "ressemblent", at=at), "may not be opened"
    assert f"{intake}/ranking" not in searched.hits("t", "classement", at=at)
    assert f"{intake}/ranking" not in searched.hits("p", "2025", at=at), "no page is called a year"
    for letter in STAFF:
        for text in ("d", "p", "l", "i", "s"):
            for url in searched.hits(letter, text, at=at):
                answer = searched.client.get(url, headers=cookie(database, searched.tokens[letter]))
                assert answer.status_code == 200, (COLUMNS[letter], url)
