"""Every name of a person in every table of staff leads to that person's page, where its reader may open it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser

import sqlalchemy as sa

from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db
from tests.databases import Database
from tests.factories.access import COLUMNS, cookie, places, rows, sessions
from tests.factories.year import lived
from tests.watch import SeparateClient, test_context

PAGE = re.compile(r"/staff/applications/[0-9A-Z]{26}\b")
# Tables in which a person's name leads elsewhere or nowhere, and why.
EXCEPTIONS: Mapping[str, str] = {
    "/staff/stipends/{paid_run}/list": "a list to print, sign and hand on",
    "/staff/imports/{import}": "what a file says of people before it is loaded",
    "/staff/intakes/{intake}/invitations": "people who share an address, as they were counted",
}


class Names(HTMLParser):
    """The texts of a page's table cells, each with the address that it leads to, empty where it leads nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.tables, self.link = 0, ""
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tbody":
            self.tables += 1
        if tag == "a":
            self.link = dict(attrs).get("href") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "tbody":
            self.tables -= 1
        if tag == "a":
            self.link = ""

    def handle_data(self, data: str) -> None:
        if self.tables and data.strip():
            self.found.append((re.sub(r"\s+", " ", data.strip()), self.link))


READERS = ("programme_administrator", "selection_manager", "centre_manager", "auditor")
# They see names in tables, and may open no file.
OTHERS = ("finance", "trainer")


class Walk:
    """A lived year, and its pages as each role is shown them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with test_context(database.system_app):
            year = lived()
            self.tokens = sessions(year)
            self.names = {name for name in db.session.scalars(sa.select(Application.name)) if name}
        self.references = places(database, year)
        database.app.test_client_class = SeparateClient
        self.client = database.app.test_client(use_cookies=False)
        self.letters = {name: letter for letter, name in COLUMNS.items()}

    def named(self, path: str, who: str) -> list[tuple[str, str]]:
        """The names in the tables of a page, each with the address that it leads to."""
        headers = cookie(self.database, self.tokens[self.letters[who]])
        answer = self.client.get(path.format(**self.references), headers=headers)
        found = Names()
        if answer.mimetype == "text/html":
            found.feed(answer.text)
        return [(text, link) for text, link in found.found if text in self.names]

    def shown(self, *people: str) -> list[tuple[str, str]]:
        """(address, who) of each page of staff that one of these people is shown."""
        return [
            (path, who)
            for method, path, cells in rows()
            for who, cell in zip(COLUMNS.values(), cells, strict=True)
            if who in people and method == "GET" and path.startswith("/staff") and cell == "2"
        ]


def test_each_name_of_a_table_leads_to_its_person_where_one_may_go(database: Database) -> None:
    walk, led, wrong = Walk(database), set(), []
    for path, who in walk.shown(*READERS):
        for text, link in walk.named(path, who):
            if PAGE.match(link):
                led.add(path)
            elif path not in EXCEPTIONS:
                wrong.append(f"{path} for {who}: {text} leads to {link or 'nothing'}")
    assert not wrong, "\n".join(wrong)
    for path in (
        "ranking",
        "applications",
        "{cohort}",
        "placements",
        "{waiting_run}",
        "{batch}",
        "readings",
        "messages",
    ):
        assert any(each.endswith(path) for each in led), (path, sorted(led))
    assert EXCEPTIONS.keys() <= {path for _method, path, _cells in rows()}
    named = 0
    for path, who in walk.shown(*OTHERS):
        links = [link for _text, link in walk.named(path, who)]
        named += len(links)
        assert not any(PAGE.match(link) for link in links), (path, who)
    assert named
