"""What is long, or typed on an Arabic keyboard: references fit a narrow screen, and its figures confirm a number."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.browser.conftest import Lived
from tests.browser.visits import visiting

LONG = "AI-MASTER-JUNIOR-N3Y4DR"
# Every reference on the page becomes the longest that a programme may have.
LENGTHEN = "(long) => document.querySelectorAll('.receipt .ref').forEach((one) => { one.textContent = long })"
# A step as the house draws it, on a page of the house with its scripts.
STEP = """() => {
  const field = document.querySelector('input[data-expected]');
  return [field.dataset.expected, field.form.querySelector('button[type=submit]').getAttribute('aria-disabled')];
}"""


def test_a_long_number_does_not_widen_a_receipt(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, "ar", 360) as visitor:
        visitor.sign_in("candidate")
        visitor.open("/my/applications/{application}")
        visitor.page.evaluate(LENGTHEN, LONG)
        assert LONG in visitor.page.inner_text("main")
        assert visitor.overflow() == []


def test_a_name_or_number_is_confirmed_in_arabic_figures(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, "ar", 360) as visitor:
        visitor.sign_in("candidate")
        visitor.open("/my/applications/{application}/withdraw")
        page = visitor.page
        expected, disabled = page.evaluate(STEP)
        assert disabled == "true"
        arabic = "".join(chr(0x0660 + int(one)) if one.isdigit() else one for one in expected)
        field = page.locator("input[data-expected]")
        field.fill(arabic)
        expect(field.locator("xpath=ancestor::form").locator("button[type=submit]")).to_have_attribute(
            "aria-disabled", "false"
        )


def test_a_list_on_a_phone_hides_nothing_beside_the_screen(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, "ar", 360) as visitor:
        visitor.sign_in("programme_administrator")
        visitor.open("/staff/people")
        page = visitor.page
        beyond = "all => all.map((one) => one.scrollWidth - one.clientWidth)"
        assert page.eval_on_selector_all(".table-scroll", beyond) == [0, 0], (
            "addresses wrap within their card"
        )
