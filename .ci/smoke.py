"""Walks through a running demonstration as people do: `python .ci/smoke.py ADDRESS SIGN_INS_FILE`. Standard library.

Requests the public pages, signs in with what the demonstration printed and asks for the home of each audience.
Exits with the number of what failed, each named.
"""

from __future__ import annotations

import http.cookiejar
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser
from pathlib import Path

SIGN_IN = re.compile(r"^\s*(?P<role>\S.*?)\s{2,}(?P<email>\S+@\S+)\s+(?P<password>\S+)\s*$", re.MULTILINE)
# Where each audience begins, and which printed role shows it.
AUDIENCES = {
    "candidate": ("/my", r"candidate|candidat"),
    "staff": ("/staff", r"administrator|manager|responsable|administrat"),
    "company": ("/company", r"company|entreprise"),
}


class Fields(HTMLParser):
    """The hidden fields of the page's forms."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a hidden input."""
        values = dict(attrs)
        if tag == "input" and values.get("type") == "hidden" and values.get("name"):
            self.hidden[str(values["name"])] = str(values.get("value") or "")


class Visitor:
    """A browser with cookies and no screen."""

    def __init__(self, address: str) -> None:
        self.address = address
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar)

    def ask(self, path: str, fields: dict[str, str] | None = None) -> tuple[int, str, str]:
        """(status, address in the end, text) of a page, or of a form sent."""
        data = urllib.parse.urlencode(fields).encode() if fields is not None else None
        request = urllib.request.Request(
            self.address + path, data=data, headers={"Referer": self.address + path}
        )
        try:
            with self.opener.open(request, timeout=20) as answer:
                return answer.status, answer.url, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.url or "", error.read().decode(errors="replace")

    def sign_in(self, email: str, password: str) -> tuple[int, str, str]:
        """Fill in the sign-in page."""
        parser = Fields()
        parser.feed(self.ask("/sign-in")[2])
        return self.ask("/sign-in", {**parser.hidden, "email": email, "password": password})


class Walk:
    """What was tried and what failed."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0

    def see(self, what: str, good: bool, otherwise: str = "") -> None:
        """Count one sight."""
        self.passed += good
        self.failed += not good
        print(f"  {'ok    ' if good else 'FAILED'} {what}{'' if good else f': {otherwise}'}", flush=True)


def walk(address: str, printed: str) -> Walk:
    """All of it."""
    seen = Walk()
    for path in ("/health", "/", "/sign-in"):
        status, _, text = Visitor(address).ask(path)
        seen.see(f"GET {path}", status == 200 and bool(text), f"status {status}")
    people = [match.groupdict() for match in SIGN_IN.finditer(printed)]
    for audience, (path, wanted) in AUDIENCES.items():
        person = next((one for one in people if re.search(wanted, one["role"], re.IGNORECASE)), None)
        if person is None:
            seen.see(f"a sign-in for {audience}", False, "none was printed")
            continue
        visitor = Visitor(address)
        status, url, _ = visitor.sign_in(person["email"], person["password"])
        seen.see(
            f"{person['role']} signs in", status == 200 and "/sign-in" not in url, f"status {status} at {url}"
        )
        status, url, text = visitor.ask(path)
        good = status == 200 and "/sign-in" not in url and "<h1" in text
        seen.see(f"GET {path} as {audience}", good, f"status {status} at {url}")
    return seen


if __name__ == "__main__":
    result = walk(sys.argv[1], Path(sys.argv[2]).read_text(encoding="utf-8"))
    print(f"smoke: {result.passed} passed, {result.failed} failed")
    sys.exit(min(result.failed, 100))
