"""A ranked choice is put in order by buttons and arrow keys, said aloud, and saved as it stands."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser.conftest import Lived
from tests.browser.visits import Visitor, follow, visiting


def wishes(visitor: Visitor, place: Lived) -> Page:
    """The page that ranks, in a draft of the programme that does."""
    page = visitor.page
    visitor.sign_in("other_company")
    visitor.open("/programmes/jobintech")
    page.goto(str(page.locator("main a[href*='/apply']").first.get_attribute("href")))
    if page.url.endswith("/apply"):
        visitor.send()
    draft = page.url.partition("/form/")[0]
    page.goto(f"{draft}/question/wishes")
    return page


def ranked(page: Page) -> list[str]:
    return [field.input_value() for field in page.locator("[data-ranks] select").all()]


def sends(sent: Request, first: str) -> bool:
    """Whether a saving bears that first rank."""
    body = sent.post_data_json if sent.url.endswith("/answers") else None
    return body is not None and body["fields"].get("wishes-1") == [first]


@pytest.mark.parametrize(("language", "width"), [("ar", 360), ("fr", 1280)])
def test_ranks_move_by_buttons_and_by_arrows(
    chromium: Browser, place: Lived, language: str, width: int
) -> None:
    with visiting(chromium, place.address, place.year, language, width) as visitor:
        page = wishes(visitor, place)
        fields = page.locator("[data-ranks] select")
        for number in (0, 1):
            fields.nth(number).select_option(index=number + 1)
        first, second, _ = ranked(page)
        expect(page.locator("[name=up-wishes-1], [name=down-wishes-2], [name=up-wishes-3]")).to_have_count(3)
        for name in ("up-wishes-1", "down-wishes-2", "up-wishes-3", "down-wishes-3"):
            expect(page.locator(f"[name={name}]")).to_be_disabled()
        page.locator("[name=up-wishes-2]").click()
        assert ranked(page) == [second, first, ""]
        said = page.locator("[data-ranks-note]")
        expect(said).to_contain_text(fields.nth(0).locator("option:checked").inner_text())
        assert page.evaluate("document.activeElement.name") == "down-wishes-1"
        page.keyboard.press("ArrowDown")
        assert ranked(page) == [first, second, ""]
        assert page.evaluate("document.activeElement.name") == "up-wishes-2"
        visitor.look()
        with page.expect_request_finished(lambda sent: sends(sent, second)):
            page.keyboard.press("Enter")
        page.reload()
        assert ranked(page) == [second, first, ""]


def test_without_scripts_the_buttons_send_the_form_and_bring_it_back(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, "fr", 360, scripts=False) as visitor:
        page = wishes(visitor, place)
        for number in (0, 1, 2):
            page.locator("[data-ranks] select").nth(number).select_option(index=number + 1)
        before = ranked(page)
        follow(page.locator("[name=down-wishes-1]"))
        assert ranked(page) == [before[1], before[0], before[2]]
        assert page.url.endswith("#wishes-2") and not visitor.overflow()


@pytest.mark.parametrize("scripts", [True, False])
def test_what_the_answer_of_another_page_asks_for_is_seen(
    chromium: Browser, place: Lived, scripts: bool
) -> None:
    with visiting(chromium, place.address, place.year, "ar", 360, scripts=scripts) as visitor:
        page = wishes(visitor, place)
        page.goto(page.url.split("/form/")[0] + "/question/situation")
        page.check("input[name=situation][value=emploi]")
        visitor.send("form.one-thing .btn-row button[type=submit]:not(.quiet):not(.bare)")
        expect(page.locator("[name=search_months]")).to_be_visible()
        assert not visitor.overflow()
        assert (
            not scripts or not visitor.barriers()
        )  # axe waits for timers, which a page without scripts has none of
