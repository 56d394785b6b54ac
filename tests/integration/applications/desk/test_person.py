"""The page of a person: a tab for each room, for whoever may open it; what happened; contacts whole only on demand."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import sqlalchemy as sa
from werkzeug.test import TestResponse

from bench.statements import beside_frame
from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.actions import About, record
from cohortmgr.audit.models import Event
from cohortmgr.base import crypto
from cohortmgr.base.db import db, writing
from cohortmgr.reviews.models import Review
from tests.databases import Database
from tests.factories.access import cookie, sessions
from tests.factories.year import Year, lived
from tests.watch import SeparateClient, test_context

Statements = Callable[[], AbstractContextManager[list[str]]]
PHONE, SHOWN = "+212612345678", "06\u00a012\u00a034\u00a056\u00a078"
ALL = ("", "file", "readings", "company", "pay", "messages", "trail")
# Of each role that opens the page: m manages the selection, p the programme, c a centre, u audits.
OPEN = {
    "m": {"", "file", "readings", "messages"},
    "p": {"", "file", "readings", "company", "pay", "messages"},
    "c": {"", "file", "company", "messages"},
    "u": {"", "file", "readings", "company", "pay", "trail"},
}
MOST_STATEMENTS = 22


class Visited:
    """A lived year with one paid apprentice, and a browser for each role in it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with test_context(database.system_app):
            self.year: Year = lived()
            with writing():
                file = self._file()
                person = db.session.get_one(Person, file.person_id)
                person.phone_sealed = crypto.seal(PHONE, "persons", "phone", person.reference)
                person.given_name_ar, person.family_name_ar = "سلمى", "بناني"
                self.name, self.number, self.reference = file.name, file.number, file.reference
                self.email = file.email or ""
            self.tokens = sessions(self.year)
        database.app.config["WTF_CSRF_ENABLED"] = False
        database.app.test_client_class = SeparateClient
        self.client = database.app.test_client(use_cookies=False)

    def _file(self) -> Application:
        wanted = sa.select(Application).where(Application.reference == self.year.references["application"])
        return db.session.scalars(wanted).one()

    def ask(self, letter: str, path: str, method: str = "GET") -> TestResponse:
        return self.client.open(path, method=method, headers=cookie(self.database, self.tokens[letter]))

    def page(self, letter: str, tab: str = "", file: str = "") -> str:
        found = self.ask(letter, f"/staff/applications/{file or self.reference}{'/' if tab else ''}{tab}")
        assert found.status_code == 200, (letter, tab, found.status_code)
        return html.unescape(found.text)


def tabs(page: str, reference: str) -> set[str]:
    nav = page.split('<nav class="tabs"')[1].split("</nav>")[0]
    return set(re.findall(rf'href="/staff/applications/{reference}/?([a-z]*)"', nav))


def main(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.split("<main")[1].split("</main>")[0]))


def test_each_role_opens_its_tabs_and_no_other(database: Database, statements: Statements) -> None:
    visited = Visited(database)
    for letter, wanted in OPEN.items():
        assert tabs(visited.page(letter), visited.reference) == wanted, letter
        for tab in ALL:
            if tab in wanted:
                page = visited.page(letter, tab)
                assert visited.number in main(page) and page.count('aria-current="page"') == 1, (letter, tab)
            else:
                answer = visited.ask(letter, f"/staff/applications/{visited.reference}/{tab}")
                assert answer.status_code == 404, (letter, tab)
    for letter in "rqtfebyxosgCDT":
        for tab in ALL:
            assert visited.ask(letter, f"/staff/applications/{visited.reference}/{tab}").status_code in (
                404,
                308,
            )
    title = re.findall(r"<title>([^<]+)", visited.page("p", "pay") + visited.page("p", "file"))
    assert len(set(title)) == 2 and all(each.startswith(visited.name) for each in title), (
        "each tab has its own"
    )
    assert visited.ask("p", f"/staff/applications/{visited.reference}/attendance").status_code == 404
    # A file that nobody chose has no company and no pay: what leads there comes to the path.
    refused = visited.year.references["asked"]
    assert tabs(visited.page("p", "", refused), refused) & {"company", "pay"} == set()
    led = visited.ask("p", f"/staff/applications/{refused}/pay")
    assert led.status_code == 302 and led.location.endswith(f"/staff/applications/{refused}")
    for tab in ALL[:-1]:
        visited.page("p", tab)
        with statements() as seen:
            visited.page("p", tab)
        assert len(beside_frame(seen)) <= MOST_STATEMENTS, (tab, len(seen))


def test_a_person_is_told_from_their_first_day_to_their_pay(database: Database) -> None:
    visited = Visited(database)
    year = visited.year
    with test_context(database.system_app), writing():
        mine = visited._file()
        review = db.session.scalars(
            sa.select(Review).where(Review.application_id == mine.id).order_by(Review.id)
        ).first()
        assert review is not None
        review.comment = "Solide en probabilités."
        reading = review.reference
        person = db.session.get_one(Person, mine.person_id).reference
        for key in ("s1", "s2"):
            what = About("application", mine.reference, mine.institution_id, person)
            record(SYSTEM, "applications.check_figure", what, before={}, after={"question": key})
    path = main(visited.page("p"))
    order = ["Affectation :", "Inscription confirmée", "Dans la promotion", "Place acceptée"]
    order += ["Décision : place proposée", "Lecture remise", "Dossier créé"]
    assert [each for each in order if each not in path] == [], path
    places = [path.index(each) for each in order]
    assert places == sorted(places), "the newest stands first"
    # Two figures that were checked one behind the other are one line, which says which.
    assert path.count("Chiffre vérifié sur le document") == 1
    assert "Moyenne du premier semestre (S1) · Moyenne du deuxième semestre (S2)" in path
    assert re.search(r"1 sur 1[12], moyenne \d+,\d\d", path)
    # The centre's manager reads no ranking: they learn what the person was told, and no rank.
    assert "Décision : place proposée" in main(visited.page("c"))
    assert "moyenne" not in main(visited.page("c")) and "Lecture remise" not in main(visited.page("c"))
    # Readings with marks by criterion, comment and reader, each with its own page, which leads back.
    page = visited.page("m", "readings")
    assert "Solide en probabilités." in main(page) and f"/staff/reviews/{reading}" in page
    assert page.count('<dl class="marks">') == 2 and re.search(r"Une \w*reviewer", main(page))
    assert (
        f"/staff/offers/{year.references['offer']}" in page
        and f"/staff/batches/{year.references['batch']}" in page
    )
    own = visited.ask("m", f"/staff/reviews/{reading}")
    assert f"/staff/applications/{visited.reference}/readings" in own.text and 'cockpit alone"' in own.text
    assert "Solide en probabilités." in html.unescape(own.text)
    # From the overview to a reader's list, and from there to the reading.
    overview = visited.ask("m", f"/staff/intakes/{year.references['intake']}/reviews").text
    listed = (
        f"/staff/intakes/{year.references['intake']}/reviews/readers/{year.references['reader']}/readings"
    )
    assert listed in overview and "/staff/reviews/" in visited.ask("m", listed).text
    # From the ranking.
    ranking = visited.ask("m", f"/staff/intakes/{year.references['intake']}/ranking").text
    assert f"/staff/applications/{visited.reference}/readings" in ranking
    company = main(visited.page("p", "company"))
    assert "Attijariwafa" in company and "Une tutor" in company and "Ses vœux" in company
    pay = visited.page("p", "pay")
    assert "janvier 2026" in main(pay) and f"/staff/stipend-lines/{year.references['line']}" in pay
    assert "février 2026" in main(pay) and "À approuver" in main(pay) and "0 mois versé" in main(pay)
    trail = main(visited.page("u", "trail"))
    assert "Lecture remise" in trail and "Place acceptée" in trail and "Chiffre vérifié" in trail, trail


def test_a_telephone_is_whole_once_somebody_asks_and_the_trail_keeps_who(database: Database) -> None:
    visited = Visited(database)
    read = sa.select(Event).where(Event.action == "applications.read_contacts")

    def noted() -> int:
        with test_context(database.system_app):
            db.session.rollback()
            return len(db.session.scalars(read).all())

    for letter in OPEN:
        for tab in OPEN[letter] - {"file", "trail"}:
            page = visited.page(letter, tab)
            assert "•••• 78" in page and SHOWN not in page and "612345678" not in page, (letter, tab)
        assert visited.email not in visited.page(letter)
    assert noted() == 0
    act = f"/staff/applications/{visited.reference}/contacts"
    for letter in "cutfbyx":
        assert visited.ask(letter, act, "POST").status_code == 404
    assert noted() == 0
    whole = visited.ask("m", act, "POST")
    assert whole.status_code == 200 and SHOWN in html.unescape(whole.text) and visited.email in whole.text
    assert whole.headers["Cache-Control"] == "no-store"
    assert noted() == 1 and "Coordonnées lues" in main(visited.page("m"))
    draft = visited.year.references["draft"]
    assert "••••" not in visited.page("m", "", draft)
    assert visited.ask("m", f"/staff/applications/{draft}/contacts", "POST").status_code == 404
    assert noted() == 1


def test_the_name_stands_first_in_the_page_s_own_script(database: Database) -> None:
    visited = Visited(database)
    french = visited.page("m").split("<h1>")[1].split("</h1>")[0]
    assert french.index(visited.name) < french.index("سلمى بناني") and 'lang="ar" dir="rtl"' in french
    headers = cookie(database, visited.tokens["m"])
    headers["Cookie"] += "; language=ar"
    arabic = visited.client.get(f"/staff/applications/{visited.reference}", headers=headers).text
    title = html.unescape(arabic).split("<h1>")[1].split("</h1>")[0]
    assert title.index("سلمى بناني") < title.index(visited.name) and 'dir="ltr"' in title
