"""The browser's own ground: each page answers by its policy, and holds together where it is narrow or drawn large.

`make test` takes each page of the table of roles and routes once, in a width and a language that the seed chooses
(COHORTMGR_TEST_SEED=any number repeats a run); `make soak` takes them all (COHORTMGR_TEST_ZOOM=all)."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator, Sequence

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Lived
from tests.browser.visits import Visitor, visiting
from tests.factories.access import COLUMNS, cookie, places, rows, sessions
from tests.watch import test_context

SEED = int(os.environ.get("COHORTMGR_TEST_SEED") or time.time())
ALL = os.environ.get("COHORTMGR_TEST_ZOOM") == "all"
# What 1280 pixels are at 200 %, and at 400 %: the narrowest that WCAG asks for.
WAYS = tuple((language, width) for language in ("fr", "ar") for width in (640, 320))
# So many tests share the pages, that processes may share them.
SHARES = 8
# Two things that are pressed, typed in or read as a heading, neither inside the other, of which one covers the other.
# What stays in sight while one scrolls is left out, and a label with its own field.
COVERED = """() => {
  const held = (each) => {
    if (!each.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) return true;
    for (let up = each; up && up !== document.body; up = up.parentElement) {
      const style = getComputedStyle(up);
      if (["fixed", "sticky"].includes(style.position) || style.clipPath !== "none") return true;
    }
    return false;
  };
  // What a list that scrolls, or a line that ends in dots, cuts off covers nothing.
  const seen = (each, { left, right, top, bottom }) => {
    for (let up = each.parentElement; up && up !== document.body; up = up.parentElement) {
      if (getComputedStyle(up).overflow === "visible") continue;
      const frame = up.getBoundingClientRect();
      left = Math.max(left, frame.left);
      right = Math.min(right, frame.right);
      top = Math.max(top, frame.top);
      bottom = Math.min(bottom, frame.bottom);
    }
    return { left, right, top, bottom, height: bottom - top };
  };
  const names = "main :is(a, button, input, select, textarea, summary, h1, h2, h3, label), .bar :is(a, summary)";
  const found = [];
  for (const each of document.querySelectorAll(names)) {
    if (held(each)) continue;
    for (const whole of each.getClientRects()) {
      const box = seen(each, whole);
      if (box.right - box.left > 3 && box.bottom - box.top > 3) found.push([each, box]);
    }
  }
  const told = [];
  const said = (each) => each.tagName + " " + (each.textContent.trim() || each.name || "").slice(0, 40);
  for (let i = 0; i < found.length; i++) for (let j = i + 1; j < found.length; j++) {
    const [one, a] = found[i], [other, b] = found[j];
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const tall = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide < 4 || tall < 0.4 * Math.min(a.height, b.height)) continue;
    if (one.contains(other) || other.contains(one) || one.control === other || other.control === one) continue;
    told.push(`${said(one)} × ${said(other)}`);
  }
  return told.slice(0, 3);
}"""
# The start edge of what is seen of a text: to the right in Arabic.
EDGE = """(name) => {
  const box = document.querySelector(name).getBoundingClientRect();
  return document.dir === "rtl" ? document.documentElement.clientWidth - box.right : box.left;
}"""
TOPS = """() => [...document.querySelectorAll(".parts.of-date input")].map((each) =>
  Math.round(each.getBoundingClientRect().bottom))"""


def test_an_unknown_page_is_answered_with_a_page(browser_page: Page) -> None:
    answer = browser_page.goto("/no-such-page")
    assert answer is not None and answer.status == 404
    assert browser_page.locator("h1").count() == 1
    assert browser_page.locator("html").get_attribute("lang") == "fr"


@pytest.mark.parametrize("share", range(SHARES))
def test_every_page_holds_together_at_200_percent_and_at_320_pixels(
    chromium: Browser, place: Lived, share: int
) -> None:
    with test_context(place.database.system_app):
        tokens = sessions(place.year)
    with visiting(chromium, place.address, place.year) as visitor:
        found = [
            fault
            for path, letter in _pages(place, tokens, share)
            for way in _ways(path)
            for fault in _faults(visitor, place.address, path, way, _session(place, tokens.get(letter)))
        ]
    assert not found, f"COHORTMGR_TEST_SEED={SEED}\n" + "\n".join(found)


def _pages(place: Lived, tokens: dict[str, str], share: int) -> Iterator[tuple[str, str]]:
    """Each page of the share, and somebody who is answered with it; what is no page is left out."""
    filled = places(place.database, place.year)
    for path, cells in [(path, cells) for method, path, cells in rows() if method == "GET"][share::SHARES]:
        letters = [letter for letter, cell in zip(COLUMNS, cells, strict=True) if cell == "2"]
        if not letters:
            continue
        letter = random.Random(f"{SEED} {path}").choice(letters)
        client = place.database.app.test_client(use_cookies=False)
        answer = client.get(path.format(**filled), headers=cookie(place.database, tokens.get(letter)))
        if (
            answer.mimetype == "text/html"
            and "<html" in answer.text
            and "Content-Disposition" not in answer.headers
        ):
            yield path.format(**filled), letter


def _ways(path: str) -> Sequence[tuple[str, int]]:
    return WAYS if ALL else [random.Random(f"{path} {SEED}").choice(WAYS)]


def _session(place: Lived, token: str | None) -> str:
    return cookie(place.database, token).get("Cookie", "").partition("=")[2]


def _faults(visitor: Visitor, address: str, path: str, way: tuple[str, int], session: str) -> list[str]:
    language, width = way
    page = visitor.page
    page.context.clear_cookies()
    given = {"language": language} | ({"session": session} if session else {})
    page.context.add_cookies([{"name": name, "value": text, "url": address} for name, text in given.items()])
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(path)
    covered = page.evaluate(COVERED)
    return [f"{language} {width} {path}: {each}" for each in (*visitor.overflow(), *covered)]


def top_of(page: Page, name: str) -> float:
    box = page.locator(name).first.bounding_box()
    assert box is not None
    return box["y"]


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_title_and_bar_begin_at_one_edge(chromium: Browser, place: Lived, language: str) -> None:
    with visiting(chromium, place.address, place.year, language, 1280) as visitor:
        visitor.open("/intakes/{open_intake}/eligibility")
        for name in ("h1", ".back"):
            assert abs(visitor.page.evaluate(EDGE, name) - visitor.page.evaluate(EDGE, ".brand")) < 1, name
        visitor.sign_in("candidate")
        for path in ("/my/applications/{draft}/form", "/my", "/my/preferences"):
            visitor.open(path)
            assert abs(visitor.page.evaluate(EDGE, "h1") - visitor.page.evaluate(EDGE, ".brand")) < 1, path


def test_a_phone_shows_the_question_high_and_a_date_in_one_line(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, "fr", 360) as visitor:
        visitor.sign_in("candidate")
        visitor.open("/my/applications/{draft}/form")
        assert top_of(visitor.page, "h1") <= 200
        page = visitor.page
        page.locator(".parts.of-date input").first.fill("99")
        visitor.send("main form button[type=submit]:not(.visually-hidden)")
        assert page.locator(".invalid .parts.of-date, .parts.of-date .invalid").count()
        (bottom,) = set(page.evaluate(TOPS))
        assert bottom > 0
        assert not visitor.overflow()
