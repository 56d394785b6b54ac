"""The browser's own ground: the application is served, answers, and a page of it breaks no rule of its policy."""

from __future__ import annotations

from playwright.sync_api import Page


def test_an_unknown_page_is_answered_with_a_page(browser_page: Page) -> None:
    answer = browser_page.goto("/no-such-page")
    assert answer is not None and answer.status == 404
    assert browser_page.locator("h1").count() == 1
    assert browser_page.locator("html").get_attribute("lang") == "fr"
