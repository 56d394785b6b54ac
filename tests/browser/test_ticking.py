"""Files ticked in the staff's list: with scripts the whole page by one box, without them each by its own."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Lived
from tests.browser.visits import visiting

LIST = "/staff/intakes/{intake}/applications"


@pytest.mark.parametrize("scripts", [True, False])
def test_ticked_files_alone_get_the_note(chromium: Browser, place: Lived, scripts: bool) -> None:
    with visiting(chromium, place.address, place.year, "fr", 360, scripts=scripts) as visitor:
        visitor.sign_in("selection_manager")
        visitor.open(LIST)
        page = visitor.page
        boxes, note = page.locator("td.box input"), page.locator("#ticked").get_by_text("Ajouter une note")
        assert boxes.count() > 3
        if scripts:
            expect(note).to_be_disabled()
            page.get_by_label("Toute la page").check()
            expect(page.locator("td.box input:checked")).to_have_count(boxes.count())
            page.get_by_label("Toute la page").uncheck()
            expect(note).to_be_disabled()
        else:
            expect(page.get_by_label("Toute la page")).to_be_hidden()
            note.click()
            expect(page.get_by_text("Cochez d’abord des dossiers")).to_be_visible()
            visitor.open(LIST)
        for place_of in (1, 2):
            boxes.nth(place_of).focus()
            page.keyboard.press("Space")
        if scripts:
            expect(page.locator("[data-selected-number]")).to_have_text("2")
        note.click()
        expect(page.get_by_text("Cela s’applique à 2 dossiers cochés.")).to_be_visible()
        page.get_by_label("Note pour l’équipe").fill("À rappeler.")
        page.get_by_role("button", name="Appliquer à 2 dossiers").click()
        expect(page.get_by_role("heading", name="Note ajoutée")).to_be_visible()
        expect(page.get_by_text("2 dossiers")).to_be_visible()


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_no_label_of_the_filters_is_cut_at_a_desk(chromium: Browser, place: Lived, language: str) -> None:
    with visiting(chromium, place.address, place.year, language, 1280) as visitor:
        visitor.sign_in("selection_manager")
        visitor.open(LIST)
        cut = visitor.page.evaluate(
            "() => [...document.querySelectorAll('.filters label')].filter((label) => label.offsetParent"
            " && label.scrollWidth > label.clientWidth).map((label) => label.textContent)"
        )
        assert cut == []


def test_what_is_hidden_in_a_wide_table_does_not_widen_the_page(chromium: Browser, place: Lived) -> None:
    """A text for the ear alone is placed where its cell is, and that may be beyond the screen."""
    with visiting(chromium, place.address, place.year, "fr", 1280) as visitor:
        visitor.sign_in("selection_manager")
        visitor.open("/staff/intakes/{intake}/ranking")
        visitor.page.evaluate(
            "() => { document.querySelector('.table-scroll table').style.minInlineSize = '2000px';"
            " document.querySelector('.table-scroll td:last-child').insertAdjacentHTML('beforeend',"
            " '<span class=\"visually-hidden\">à égalité</span>') }"
        )
        assert not visitor.overflow()


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_the_bar_is_one_line_of_a_telephone(chromium: Browser, place: Lived, language: str) -> None:
    with visiting(chromium, place.address, place.year, language, 360) as visitor:
        visitor.open("/programmes/mdia")
        bar = visitor.page.locator(".bar-in").bounding_box()
        assert bar is not None and bar["height"] < 80, bar
        visitor.look()


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_what_is_done_with_ticked_files_is_one_line_of_a_desk(
    chromium: Browser, place: Lived, language: str
) -> None:
    with visiting(chromium, place.address, place.year, language, 1280) as visitor:
        visitor.sign_in("programme_administrator")
        visitor.open(LIST)
        tops = {
            round(box["y"])
            for each in visitor.page.locator("#ticked .btn").all()
            if (box := each.bounding_box())
        }
        assert len(tops) == 1, tops
