"""A crawler for tests: it follows every link from some pages, like a person looking for what they should not read."""

from __future__ import annotations

import io
import re
import zipfile
from urllib.parse import urljoin, urlsplit

from flask.testing import FlaskClient

# The most pages that one crawl opens.
MOST = 400


def words_of(data: bytes) -> str:
    """Return what a person reads in an answer; for a workbook, what its sheets contain."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return data.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        return " ".join(found.read(name).decode("utf-8", "replace") for name in found.namelist())


def crawl(
    client: FlaskClient, *starts: str, within: tuple[str, ...] = ("/staff", "/company")
) -> dict[str, str]:
    """Return every page and file that links lead to, once for each path and set of argument names."""
    waiting, seen, found = list(starts), set[str](), dict[str, str]()
    while waiting and len(found) < MOST:
        place = waiting.pop(0)
        parts = urlsplit(place)
        known_as = parts.path + "?" + "&".join(sorted(re.findall(r"(?:^|&)([\w-]+)=", parts.query)))
        if known_as in seen or not parts.path.startswith(within):
            continue
        seen.add(known_as)
        answer = client.get(place)
        text = words_of(answer.data)
        found[place] = text
        if answer.status_code in (301, 302):
            waiting.append(urljoin(place, answer.location))
        if answer.mimetype == "text/html":
            links = re.findall(r'(?:href|action|formaction)="([^"#]+)"', text)
            waiting += [urljoin(place, link.replace("&amp;", "&")) for link in links]
    return found
