"""The staff's list put into another order on a telephone, where a table is a row of cards without heads."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.browser.conftest import Lived
from tests.browser.visits import follow, visiting


def test_a_list_is_ordered_on_a_telephone_too(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, "ar", 360) as visitor:
        visitor.sign_in("selection_manager")
        visitor.open("/staff/intakes/{intake}/applications?columns=number,outcome")
        heads = visitor.page.locator("thead [aria-sort]")
        expect(heads).to_have_count(3)  # the name, and the two columns that were chosen
        for place_of in (2, 1):  # a click that anything hid would wait in vain
            follow(heads.nth(place_of).locator("a"))
            expect(heads.nth(place_of)).to_have_attribute("aria-sort", "ascending")
            follow(heads.nth(place_of).locator("a"))
            expect(heads.nth(place_of)).to_have_attribute("aria-sort", "descending")
        shown = visitor.page.locator("tbody .ref").all_inner_texts()
        assert len(shown) > 3 and shown == sorted(shown, reverse=True)
        visitor.look()
