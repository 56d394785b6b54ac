"""What is asked beside a field, in Chromium: nothing is in anybody's way, and one press settles it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import Browser, expect

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
