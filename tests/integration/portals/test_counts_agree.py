"""What is counted above a list is as many rows where its link leads, and the same thing is as many on every page."""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

from flask.testing import FlaskClient

from tests.databases import Database
from tests.factories.access import COLUMNS, cookie, places, rows, sessions
from tests.factories.year import lived
from tests.watch import SeparateClient, test_context

READERS = "pmfceuytbr"
# These lead to where what they count begins, in a ranking that is not cut in parts.
BEGIN_THERE = ("/ranking",)


class Pages:
    """Staff's pages of the lived year, each as the first role that is shown it."""

    def __init__(self, database: Database) -> None:
        with test_context(database.system_app):
            self.year = lived()
            tokens = sessions(self.year)
        self.references = places(database, self.year)
        database.app.test_client_class = SeparateClient
        self._client: FlaskClient = database.app.test_client(use_cookies=False)
        self._headers = {letter: cookie(database, token) for letter, token in tokens.items()}

    def all(self) -> list[tuple[str, str]]:
        """(address, letter of its reader)."""
        found = []
        for method, path, cells in rows():
            by_letter = dict(zip(COLUMNS, cells, strict=True))
            reader = next((letter for letter in READERS if by_letter[letter] == "2"), None)
            if method == "GET" and path.startswith("/staff") and reader:
                found.append((path.format(**self.references), reader))
        return found

    def text(self, address: str, reader: str) -> str:
        answer = self._client.get(address, headers=self._headers[reader])
        return answer.text if answer.mimetype == "text/html" and answer.status_code == 200 else ""


def number_in(text: str) -> int | None:
    found = re.search(r"\d[\d\u202f\xa0 ]*", text)
    return int(re.sub(r"\D", "", found[0])) if found else None


def counts_of(page: str) -> list[tuple[str, str]]:
    """(address, text) of each count that is a link."""
    told = page.split('<ul class="counts">')[1].split("</ul>")[0] if '<ul class="counts">' in page else ""
    found = re.findall(r'<a href="([^"]+)"[^>]*>(.*?)</a>', told, re.S)
    found += re.findall(r'<dt><a href="([^"]+)">[^<]*</a></dt><dd>(.*?)</dd>', page, re.S)
    return [(html.unescape(url), re.sub(r"<[^>]+>", "", text).strip()) for url, text in found]


def lines(page: str) -> int:
    """How many rows a list has: what it says below, or as many as there are."""
    told = re.search(r"([\d\u202f\xa0]+)[ \xa0\u202f]lignes?\b", page)
    if told and 'class="pagination"' in page:
        return number_in(told[1]) or 0
    body = page.partition(" listed")[2].partition("<tbody>")[2].partition("</tbody>")[0]
    return body.count("<tr")


def test_each_count_is_as_many_rows_where_it_leads(database: Database) -> None:
    pages, wrong, seen = Pages(database), [], 0
    for address, reader in pages.all():
        for target, text in counts_of(pages.text(address, reader)):
            parts = urlsplit(target)
            if not parts.path or parts.path.endswith(BEGIN_THERE):
                continue
            page, number = pages.text(target, reader), number_in(text)
            seen += 1
            if not page or number is None or lines(page) != number:
                wrong.append(f"{address}: « {text} » leads to {lines(page)} at {target}")
    assert not wrong, "\n".join(wrong)
    assert seen > 25, seen


def figure(page: str, label: str) -> int | None:
    """The number that stands before a label, a pattern, among a page's counts."""
    told = page.split('<ul class="counts">')[1].split("</ul>")[0]
    for each in re.findall(r"<li>(.*?)</li>", told, re.S):
        text = re.sub(r"<[^>]+>", "", each).strip()
        if re.search(rf"^[\d\u202f\xa0]+\s{label}$", text):
            return number_in(text)
    return None


def test_one_thing_is_as_many_on_every_page(database: Database) -> None:
    pages = Pages(database)
    at = {name: pages.references[name] for name in ("intake", "batch", "report", "paid_run", "cohort")}
    ranking = pages.text(f"/staff/intakes/{at['intake']}/ranking", "m")
    batch = pages.text(f"/staff/batches/{at['batch']}", "m")
    report = re.sub(r"<[^>]+>", " ", pages.text(f"/staff/reports/{at['report']}", "p"))
    assert figure(ranking, "retenus?") == figure(batch, "retenus?") is not None
    offered = pages.text(f"/staff/intakes/{at['intake']}/applications?among=offered", "m")
    stage = re.search(r"Place proposée\s+(\d+)", report)
    assert stage is not None
    assert figure(batch, "places? proposées?") == lines(offered) == int(stage[1])
    received = re.search(r"Dossiers reçus\s+(\d+)", report)
    whole = pages.text(f"/staff/intakes/{at['intake']}/applications", "m")
    assert received is not None and figure(whole, "envoyées?") == lines(whole) == int(received[1])
    run = pages.text(f"/staff/stipends/{at['paid_run']}", "p")
    foot = run.partition("<tfoot>")[2].partition("</tfoot>")[0]
    assert figure(run, "paiements?") == number_in(re.sub(r"<[^>]+>", " ", foot))
    sums = re.findall(r'<td class="num"[^>]*>([^<]+)</td>', foot)
    total = re.search(r"<strong>([^<]+)</strong> Total", run)
    assert total is not None and sums[-1] == total[1]
