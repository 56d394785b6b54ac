"""The frame of staff at a desk and on a phone: the search by keys, the switch, and the drawer without a script."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Lived
from tests.browser.visits import visiting

INTAKE = "/staff/intakes/{intake}"


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_anything_is_found_by_keys_alone(chromium: Browser, place: Lived, language: str) -> None:
    with visiting(chromium, place.address, place.year, language) as visitor:
        visitor.sign_in("selection_manager")
        visitor.open(f"{INTAKE}/applications")
        page, keys = visitor.page, visitor.page.keyboard
        name = page.locator("tbody a[href*='/staff/applications/']").first.inner_text().split()[-1]
        box = page.locator("[data-search] input[name=q]")
        keys.press("Control+k")
        expect(box).to_be_focused()
        keys.type(name)
        hits = page.locator("[data-hits] a")
        expect(hits.first).to_be_visible()
        assert not visitor.barriers()
        keys.press("ArrowDown")
        expect(hits.first).to_be_focused()
        keys.press("ArrowUp")
        expect(box).to_be_focused()
        keys.press("Escape")
        expect(hits.first).to_be_hidden()
        page.locator("main h1").click()
        keys.press("/")
        expect(box).to_be_focused()
        keys.type(name)  # what stood there was chosen, and is replaced
        expect(hits.first).to_be_visible()
        keys.press("ArrowDown")
        with page.expect_navigation():
            keys.press("Enter")
        assert "/staff/applications/" in page.url
        # A slash that is typed into a field is a slash.
        visitor.open("/staff/search")
        field = page.locator("#everything")
        field.click()
        keys.type("a/b")
        assert field.input_value() == "a/b"


def test_search_and_drawer_need_no_script(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, "fr", 360, scripts=False) as visitor:
        visitor.sign_in("selection_manager")
        visitor.open(INTAKE)
        page = visitor.page
        room = page.locator("#navigation a", has_text="Sélection")
        expect(room).to_be_hidden()
        page.locator(".side-drawer > summary").click()
        expect(room).to_be_visible()
        with page.expect_navigation():
            room.click()
        assert page.url.endswith("/ranking")
        page.locator(".search-link").click()
        page.fill("#everything", "mdia")
        visitor.send("main form button[type=submit]")
        assert page.locator("main .hits a").count() > 3
        page.set_viewport_size({"width": 1280, "height": 800})
        expect(page.locator("#navigation a", has_text="Questions")).to_be_visible()
        visitor.open(INTAKE)
        expect(page.locator("#navigation a", has_text="Sélection")).to_be_visible()


def test_another_intake_is_two_clicks_away(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, "fr") as visitor:
        visitor.sign_in("programme_administrator")
        visitor.open(f"{INTAKE}/reports")
        page = visitor.page
        page.locator(".switch > summary").click()
        assert page.locator(".switch [aria-current=true]").count() == 1
        with page.expect_navigation():
            page.locator(".switch .drop-list a:not([aria-current])").first.click()
        assert page.locator("#navigation [aria-current=page]").inner_text().startswith("Vue d’ensemble")
        assert "{intake}".format(**place.year.references) not in page.url


def test_title_filters_and_first_row_stand_within_220_pixels(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, "fr") as visitor:
        visitor.sign_in("selection_manager")
        visitor.open(f"{INTAKE}/applications")
        page = visitor.page
        for part in ("main h1", "main .filters", "main tbody tr"):
            box = page.locator(part).first.bounding_box()
            assert box is not None and box["y"] <= 220, (part, box)
        labels = page.locator("main form.filters > .field > label")
        boxes = [each.bounding_box() for each in labels.all()]
        assert all(
            one and other and one["x"] + one["width"] <= other["x"]
            for one, other in zip(boxes, boxes[1:], strict=False)
        )


def test_a_name_in_the_ranking_leads_to_the_reading_and_its_marks(chromium: Browser, place: Lived) -> None:
    """Without a script: name, tabs, one reading and back; its answers have room, which they once had not."""
    with visiting(chromium, place.address, place.year, "fr", scripts=False) as visitor:
        visitor.sign_in("selection_manager")
        visitor.open(f"{INTAKE}/ranking")
        page = visitor.page
        with page.expect_navigation():
            page.locator("tbody th a").first.click()
        here = page.locator("nav.tabs a[aria-current=page]")
        expect(here).to_have_text("Lectures et décision")
        person = page.locator("h1").inner_text()
        box = page.locator("nav.tabs").bounding_box()
        assert box is not None and box["y"] <= 260, box
        with page.expect_navigation():
            page.get_by_role("link", name="Ouvrir cette lecture").first.click()
        answers = page.locator(".doc .answers dd")
        assert answers.count() > 2
        for each in answers.all():
            wide = each.bounding_box()
            assert wide is not None and wide["height"] < 8 * wide["width"], "letters stand below each other"
        expect(page.locator("h1")).to_contain_text(person.splitlines()[0].split("\u200f")[0].split()[0])
        with page.expect_navigation():
            page.locator("h1 a").click()
        with page.expect_navigation():
            page.locator("nav.tabs a", has_text="Parcours").click()
        assert page.locator(".history > li").count() > 5
