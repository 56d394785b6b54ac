"""Where a candidate's pages begin: one edge on a wide screen, and on a phone the question before one scrolls."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Lived
from tests.browser.visits import visiting

# The start edge of what is seen of a text: to the right in Arabic.
EDGE = """(name) => {
  const box = document.querySelector(name).getBoundingClientRect();
  return document.dir === "rtl" ? document.documentElement.clientWidth - box.right : box.left;
}"""
TOPS = """() => [...document.querySelectorAll(".parts.of-date input")].map((each) =>
  Math.round(each.getBoundingClientRect().bottom))"""


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
