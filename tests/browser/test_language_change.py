"""The other language stands in the bar by its name; what is typed in a form goes along, valid or not, sealed or not."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Lived
from tests.browser.visits import follow, visiting


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
