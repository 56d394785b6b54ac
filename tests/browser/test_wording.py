"""What people read stays whole: no number, telephone, reference or mark of French is broken over two lines. What is
long fits a narrow screen, and what is typed on an Arabic keyboard confirms a number."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Lived
from tests.browser.visits import Visitor, visiting

PUBLIC = ("/", "/programmes/mdia", "/intakes/{open_intake}/eligibility", "/help/received?number=Q-7K3QXPB2")
OWN = (
    "/my",
    "/my/applications/{application}",
    "/my/applications/{draft}/form",
    "/my/applications/{draft}/form/contact/1",
    "/my/applications/{draft}/check",
    "/my/offers/{offer}",
    "/my/stipends/{line}",
    "/my/sessions",
)
# Runs of text that are one thing to their reader, wherever they stand on the page, and on how many lines each is set.
BROKEN = r"""() => {
  const whole = new RegExp([
    String.raw`(?:\+|\b0)\d(?:[ \u00a0\u202f]?\d){7,}`,
    String.raw`\b[A-Z]{2,}(?:-[A-Z0-9]+)+\b`,
    String.raw`\b\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?:,\d+)?\b`,
    String.raw`\bloi[ \u00a0]\d\d[-\u2011]\d\d`,
    String.raw`\S[ \u00a0\u202f][?!:;»](?=\s|$)`,
    String.raw`«[ \u00a0\u202f]\S`,
  ].join("|"), "gu");
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode;
    const { parentElement: around } = node;
    if (!around.checkVisibility() || around.closest("textarea, script, style, option")) continue;
    for (const each of node.data.matchAll(whole)) {
      const range = document.createRange();
      range.setStart(node, each.index);
      range.setEnd(node, each.index + each[0].length);
      const tops = [...range.getClientRects()].filter((box) => box.width > 0.5).map((box) => box.top);
      if (Math.max(...tops) - Math.min(...tops) > 8) found.push(each[0]);
    }
  }
  return found;
}"""


NARROW = """(said) => {
  const line = document.createElement("p");
  line.textContent = said;
  line.style.inlineSize = "20ch";
  document.querySelector("main").replaceChildren(line);
}"""


def broken(visitor: Visitor) -> list[str]:
    """What stands on two lines of the page and is one thing."""
    visitor.page.wait_for_load_state()
    found: list[str] = visitor.page.evaluate(BROKEN)
    return found


@pytest.mark.parametrize("language", ["fr", "ar"])
@pytest.mark.parametrize("width", [320, 360])
def test_numbers_and_references_stay_on_their_line(
    chromium: Browser, place: Lived, language: str, width: int
) -> None:
    found = {}
    with visiting(chromium, place.address, place.year, language, width) as visitor:
        for path in PUBLIC:
            visitor.open(path)
            found[path] = broken(visitor)
        visitor.sign_in("candidate")
        for path in OWN:
            visitor.open(path)
            found[path] = broken(visitor)
    assert {path: each for path, each in found.items() if each} == {}


def test_the_reading_of_lines_finds_what_is_planted(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, "fr", 360) as visitor:
        visitor.open("/")
        for planted, is_whole in (
            ("Appelez-nous au 06 12 34 56 78", False),
            ("Appelez-nous au 06\u00a012\u00a034\u00a056\u00a078", True),
        ):
            visitor.page.evaluate(NARROW, planted)
            assert (broken(visitor) == []) is is_whole


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
