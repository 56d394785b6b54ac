"""Every link that a page offers opens for whoever it is offered to, in each role."""

from __future__ import annotations

import html
import re
from collections import deque
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest

from tests.databases import Database
from tests.factories.access import COLUMNS, cookie, sessions
from tests.factories.year import lived
from tests.watch import SeparateClient, test_context

HREF = re.compile(r'<a\b[^>]*\bhref="([^"]+)"')
REFERENCE = re.compile(r"(?<=/)[0-9A-Z]{26}(?=/|$)")
# What leads elsewhere at once, and a form's page as its candidates see it, which has the headings of all its pages.
LEFT_OUT = re.compile(r"/(language|sign-out|demo)\b|/form/preview")
# One page of a kind is looked at, and so many in all for each role.
MOST = 60


def kind(address: str) -> str:
    """A page without what tells it from others of its kind."""
    parts = urlsplit(address)
    return REFERENCE.sub("R", parts.path) + "?" + ",".join(re.findall(r"(?:^|&)(\w+)=", parts.query))


@pytest.mark.sqlite_only
def test_no_link_leads_to_a_page_that_is_not_there(database: Database) -> None:
    """Each page also has a heading of its own, and a title in which it stands."""
    with test_context(database.system_app):
        year = lived()
        tokens = sessions(year)
    database.app.test_client_class = SeparateClient
    client = database.app.test_client(use_cookies=False)
    faults: list[str] = []
    for letter, role in COLUMNS.items():
        headers = cookie(database, tokens.get(letter))
        waits = deque([("/", ""), ("/my", ""), ("/staff", ""), ("/company", "")])
        seen: set[str] = set()
        while waits and len(seen) < MOST:
            address, came = waits.popleft()
            if kind(address) in seen:
                continue
            seen.add(kind(address))
            answer = client.get(address, headers=headers, follow_redirects=True)
            if answer.status_code != 200 and came:
                faults.append(f"{role}: {address} from {came}: {answer.status_code}")
            if answer.status_code != 200 or answer.mimetype != "text/html":
                continue
            if came and answer.text.count("<h1") != 1:
                faults.append(f"{role}: {address} has no heading of its own")
            for link in map(html.unescape, HREF.findall(answer.text)):
                to = urldefrag(urljoin(address, link)).url
                if to.startswith("/") and not LEFT_OUT.search(to):
                    waits.append((to, address))
    assert not faults, "\n".join(sorted(set(faults)))
