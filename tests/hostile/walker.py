"""A walker that opens every page as every role, learns addresses and forms, and comes back with somebody else's."""

from __future__ import annotations

import logging
import re
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from random import Random
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.crawling import words_of
from tests.hostile.bodies import HEADERS, SHAPES, UNESCAPED, VALUES
from tests.hostile.world import MARKER

# Pages that are not for walking: the mailbox of the demonstration shows everybody's letters on purpose.
NOT_WALKED = ("/demo", "/sign-out", "/language", "/assets")
# Of an address with a secret in it, the secret is the permission.
# The page on which readers say whom they know.
ASKS_WHOM = re.compile(r"/reviews/known(\?|$)")
SECRETS = re.compile(r"^/(links|repair|guardian|tell-me/stop|help/questions|unsubscribe|messages/stop)/")
# Arguments that some address reads.
ARGUMENTS = (
    "page", "search", "state", "sent_from", "sent_to", "average_from", "average_to", "size", "sort", "columns",
    "files", "next", "to", "more", "number", "saved", "programme", "institution", "offering", "all", "of", "seen",
    "language", "preview", "section", "in", "reference", "region", "decline", "with", "settled", "begun",
)  # fmt: skip
# Names that `url_for` takes for its own, and some of the parts of addresses.
TAKEN = (
    "endpoint",
    "_scheme",
    "_method",
    "_anchor",
    "_external",
    "self",
    "reference",
    "key",
    "code",
    "token",
)
TAKEN_ALL = "&".join(f"{name}=x" for name in TAKEN)


@dataclass(eq=False)
class PageForm(HTMLParser):
    """The forms of one page: method, address, and the fields with what stands in them."""

    found: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, and each field in it."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((given.get("method", "get").upper(), given.get("action", ""), {}))
        elif tag in ("input", "select", "textarea", "button") and given.get("name") and self.found:
            self.found[-1][2].setdefault(given["name"], given.get("value", ""))


@dataclass(eq=False)
class Faults(logging.Handler):
    """The stack traces that the application writes while the walker walks."""

    last: str = ""

    def __post_init__(self) -> None:
        super().__init__(logging.ERROR)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the last one."""
        if record.exc_info:
            self.last = "".join(traceback.format_exception(*record.exc_info)[-3:])


@dataclass
class Walker:
    """One walk: what was asked and answered, and what must not be."""

    app: Flask
    client: FlaskClient
    headers: Mapping[str, Mapping[str, str]]
    visible: Mapping[str, frozenset[str]]
    knowable: frozenset[str]
    random: Random
    wrong: list[str] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    seen: dict[str, set[str]] = field(default_factory=dict)
    addresses: dict[str, None] = field(default_factory=dict)
    forms: dict[str, dict[str, str]] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)

    def ask(self, who: str, method: str, address: str, **sent: Any) -> tuple[TestResponse, str]:
        """Ask as somebody; note a fault, something unescaped, and a word that is not theirs to read."""
        headers = {**sent.pop("headers", {}), **self.headers[who]}
        self.app.logger.addHandler(self.faults)
        try:
            answer = self.client.open(address, method=method, headers=headers, **sent)
        finally:
            self.app.logger.removeHandler(self.faults)
        text = words_of(answer.data)
        answer.close()
        self.answers[answer.status_code] += 1
        told = f"{method} {address[:160]} as {who}: "
        if answer.status_code >= 500:
            self.wrong.append(f"{told}{answer.status_code}\n{str(sent)[:600]}\n{self.faults.last}")
        if answer.mimetype == "text/html" and any(each in text for each in UNESCAPED):
            self.wrong.append(f"{told}something hostile stands in the page unescaped\n{str(sent)[:300]}")
        if not SECRETS.match(address):
            words = {word.casefold() for word in MARKER.findall(text + str(answer.headers))}
            self.seen.setdefault(who, set()).update(words & self.visible[who])
            asked = self.knowable if ASKS_WHOM.search(address) and "reviewer" in who else frozenset()
            strange = (
                words - self.visible[who] - asked - {word.casefold() for word in MARKER.findall(address)}
            )
            if strange:
                self.wrong.append(f"{told}reads {', '.join(sorted(strange)[:4])}")
        return answer, text

    def crawl(self, who: str, starts: list[str], most: int) -> None:
        """Open pages as somebody, and those that they lead to, and learn their addresses and forms."""
        waiting, known, opened = list(starts), set[str](), 0
        while waiting and opened < most:
            place = waiting.pop(0)
            parts = urlsplit(place)
            form = parts.path + "?" + "&".join(sorted(re.findall(r"(?:^|&)([\w-]+)=", parts.query)))
            if (
                form in known
                or parts.netloc
                or not parts.path.startswith("/")
                or parts.path.startswith(NOT_WALKED)
            ):
                continue
            known.add(form)
            opened += 1
            answer, text = self.ask(who, "GET", place)
            self.addresses.setdefault(place)
            if answer.status_code in (301, 302):
                waiting.append(_local(urljoin(place, answer.location)))
            if answer.mimetype == "text/html" and answer.status_code == 200:
                links = [each.replace("&amp;", "&") for each in re.findall(r'href="([^"#]+)"', text)]
                waiting += [_local(urljoin(place, each)) for each in links if "://" not in each]
                self._learn(place, text)

    def _learn(self, place: str, text: str) -> None:
        page = PageForm()
        page.feed(text)
        for method, action, fields in page.found:
            address = _local(urljoin(place, action or place))
            if method == "POST" and not address.startswith(NOT_WALKED):
                self.forms.setdefault(address, {}).update(fields)

    def cross(self, most: int | None = None) -> None:
        """Ask for each address that somebody found as everybody else."""
        pairs = [(who, address) for address in self.addresses for who in self.headers]
        for who, address in self.random.sample(pairs, most) if most and most < len(pairs) else pairs:
            self.ask(who, "GET", address)

    def send_hostile(self, who: str, address: str, fields: Mapping[str, Any]) -> TestResponse:
        """Send a hostile body, at times with a hostile header."""
        shape = self.random.choice(SHAPES)
        sent = shape(self.random, fields)
        if self.random.random() < 0.1:
            sent["headers"] = dict(self.random.choice(HEADERS))
        if self.random.random() < 0.3:
            address += f"{'&' if '?' in address else '?'}{self.random.choice(TAKEN)}=x"
        answer, _text = self.ask(who, "POST", address, **sent)
        return answer

    def ask_hostile(self, who: str, address: str) -> None:
        """Ask for a page with hostile arguments, a hostile part, or a hostile header."""
        path = urlsplit(address).path
        chosen = self.random.random()
        if chosen < 0.6:
            names = self.random.sample((*ARGUMENTS, *TAKEN), self.random.randint(1, 4))
            given = [f"{name}={quote(self.random.choice(VALUES)[:1500], safe='')}" for name in names]
            self.ask(who, "GET", f"{path}?{'&'.join(given)}")
        elif chosen < 0.85:
            parts = path.split("/")
            parts[self.random.randrange(1, len(parts))] = quote(self.random.choice(VALUES)[:300], safe="")
            self.ask(who, "GET", "/".join(parts))
        else:
            self.ask(
                who, self.random.choice(("GET", "HEAD")), address, headers=dict(self.random.choice(HEADERS))
            )


def _local(address: str) -> str:
    """An address without its host."""
    parts = urlsplit(address)
    if parts.netloc not in ("", "localhost"):
        return "/demo"  # of another site: not walked
    return parts.path + (f"?{parts.query}" if parts.query else "")


def told(faults: list[str], most: int = 12) -> Iterator[str]:
    """The faults, the same ones once."""
    groups: dict[str, list[str]] = {}
    for each in faults:
        head, _line, rest = each.partition("\n")
        groups.setdefault(rest[-400:] or re.sub(r"[0-9A-Z]{26}", "R", head), []).append(each)
    for same in list(groups.values())[:most]:
        yield f"{len(same)} × {same[0]}"
