"""A person before a screen: signs in, visits pages, and what is looked at on each of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request

from tests.factories.year import PASSWORD, Year

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],  # what is well need not be described node by node
}
# Asked for alone: all that axe tells of a page is a megabyte, and this process would read it.
VIOLATIONS = "async (rules) => (await axe.run(rules)).violations"
# How far the page reaches beyond the screen; nothing may, at any width.
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def follow(link: Locator) -> None:
    """Click what leads to another page, and be there: a click alone may return while the old one still stands."""
    with link.page.expect_navigation():
        link.click()


@dataclass
class Visitor:
    """One browser of one person."""

    page: Page
    year: Year
    faults: list[str] = field(default_factory=list)

    def sign_in(self, name: str) -> None:
        """Through the form, as one of the year's people."""
        self.page.goto("/sign-in")
        self.page.fill("input[name=email]", self.year.emails[name])
        self.page.fill("input[name=password]", PASSWORD)
        self.send()
        assert urlsplit(self.page.url).path in ("/my", "/staff", "/company"), self.page.url

    def open(self, path: str) -> None:
        """A page that is there."""
        answer = self.page.goto(path.format(**self.year.references))
        assert answer is not None and answer.status == 200, f"{path}: {answer and answer.status}"

    def send(self, selector: str = "main form button[type=submit]:not(.quiet):not(.bare)") -> None:
        """The main button, and the page it leads to."""
        follow(self.page.locator(selector).first)

    def overflow(self) -> list[str]:
        """What reaches beyond the screen."""
        self.page.wait_for_load_state()
        beyond = self.page.evaluate(OVERFLOW)
        where = urlsplit(self.page.url).path
        return [f"{where}: {beyond} px beyond the screen"] if beyond > 0 else []

    def barriers(self) -> list[str]:
        """What axe finds against WCAG 2.2 AA."""
        self.page.evaluate(AXE_SCRIPT)
        found = self.page.evaluate(VIOLATIONS, RULES)
        where = urlsplit(self.page.url).path
        return [
            f"{where}: {each['id']} at {each['nodes'][0]['target']} ({each['nodes'][0]['html'][:120]})"
            for each in found
        ]

    def look(self) -> None:
        """Nothing in anybody's way on this page."""
        found = self.overflow() + self.barriers()
        assert not found, "\n".join(found)


@contextmanager
def visiting(
    browser: Browser,
    address: str,
    year: Year,
    language: str = "fr",
    width: int = 1280,
    *,
    scripts: bool = True,
) -> Iterator[Visitor]:
    """A new browser in that language and width; a complaint of it fails the test."""
    context = browser.new_context(
        base_url=address,
        locale="fr-MA",
        viewport={"width": width, "height": 800},
        java_script_enabled=scripts,
    )
    context.add_cookies([{"name": "language", "value": language, "url": address}])
    context.set_default_timeout(15_000)
    visitor = Visitor(context.new_page(), year)

    def stay_here(request: Request) -> None:
        # The viewer of PDF files is Chromium's own.
        parts = urlsplit(request.url)
        if parts.hostname not in ("127.0.0.1", None) and not parts.scheme.startswith("chrome"):
            visitor.faults.append(f"asked for {request.url}")

    def note(message: ConsoleMessage) -> None:
        # A page of status 404 or 422 is an answer; a blocked style or a script's error is a fault.
        if message.type == "error" and "Failed to load resource" not in message.text:
            visitor.faults.append(message.text)

    context.on("request", stay_here)
    visitor.page.on("console", note)
    visitor.page.on("pageerror", lambda error: visitor.faults.append(str(error)))
    try:
        yield visitor
    finally:
        context.close()
    assert not visitor.faults, "The browser complained: " + "; ".join(visitor.faults)
