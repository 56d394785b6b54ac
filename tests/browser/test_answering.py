"""Answers that a page helps with, in Chromium: what is asked beside a field is settled by one press; a ranked choice is
put in order by buttons and arrow keys, said aloud, and saved as it stands."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser.conftest import Lived
from tests.browser.visits import Visitor, follow, visiting
from tests.databases import Database
from tests.factories.year import Year
from tests.integration.accounts.entering import last_code
from tests.integration.applications.journey.steps import load_mdia
from tests.watch import test_context

SLIP, MEANT = "zoe@gmial.com", "zoe@gmail.com"
# Where to put pictures of these screens, if anywhere.
SHOTS = os.environ.get("COHORTMGR_TEST_SHOTS", "")


def seen(visitor: Visitor, name: str) -> None:
    """The screen keeps within its width and has no barrier, wide and narrow."""
    for width in (360, 1280):
        visitor.page.set_viewport_size({"width": width, "height": 900})
        visitor.look()
        if SHOTS:
            visitor.page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png", full_page=True)


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_questions_stand_beside_their_fields_and_one_press_settles_them(
    database: Database, chromium: Browser, live: str, language: str
) -> None:
    with test_context(database.system_app):
        intake = load_mdia()
    with visiting(chromium, live, cast(Year, None), language) as visitor:
        page: Any = visitor.page
        page.goto(f"/sign-in?next=/intakes/{intake}/apply")
        page.fill("input[name=email]", SLIP)
        visitor.send()
        seen(visitor, f"sign-in-{language}")
        follow(page.locator("button[name=taken-email]"))
        expect(page.locator("main bdi").first).to_have_text(MEANT)
        page.fill("input[name=code]", last_code(database.system_app))
        visitor.send()
        visitor.send()
        draft = page.url.partition("/form/")[0]
        page.goto(f"{draft}/form/identite/1")
        page.fill("[name=family_name]", "الإدريسي")
        page.fill("[name=given_name]", "زوي")
        visitor.send("form.one-thing .btn-row button[type=submit]:not(.quiet):not(.bare)")
        seen(visitor, f"names-{language}")
        follow(page.locator("button[name=exchange-names]"))
        expect(page.locator("[name=family_name]")).to_have_value("")
        expect(page.locator("[name=family_name]")).to_have_attribute("dir", "ltr")
        expect(page.locator("[name=family_name_ar]")).to_have_value("الإدريسي")
        expect(page.locator("[name=family_name_ar]")).to_have_attribute("dir", "rtl")
        page.goto(f"{draft}/form/contact/1")
        page.fill("[name=email]", "zoe@gmail,com")
        visitor.send("form.one-thing .btn-row button[type=submit]:not(.quiet):not(.bare)")
        seen(visitor, f"contact-{language}")


@pytest.mark.parametrize("page_of", ["form/contact/1", "form"])
@pytest.mark.parametrize(("language", "other"), [("fr", "ar"), ("ar", "fr")])
def test_what_is_typed_outlives_a_change_of_language(
    chromium: Browser, place: Lived, language: str, other: str, page_of: str
) -> None:
    with visiting(chromium, place.address, place.year, language, 360) as visitor:
        page = visitor.page
        visitor.sign_in("candidate")
        visitor.open("/my/applications/{draft}/" + page_of)
        page.fill("[name=phone]", "06 12")
        link = page.locator("a.other-language")
        expect(link).to_have_text({"ar": "العربية", "fr": "Français"}[other])
        follow(link)
        expect(page.locator("html")).to_have_attribute("lang", other)
        expect(page.locator("[name=phone]")).to_have_value("06 12")
        assert not visitor.overflow()


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
