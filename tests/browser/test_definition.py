"""Writing a form: questions move by keys and by buttons, scripts or not, and a telephone shows the draft."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Lived
from tests.browser.visits import visiting

HOME = "/staff/programmes/mdia"


def test_a_question_moves_by_keys_and_keeps_the_focus(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, "fr", 1280) as visitor:
        visitor.sign_in("programme_administrator")
        visitor.open(f"{HOME}/form")
        page = visitor.page
        focused = "() => document.activeElement.closest('[data-movable]')?.id"
        order = "() => [...document.querySelectorAll('[data-movable]')].map(each => each.id)"
        before = page.evaluate(order)
        page.locator("#q-given_name a").first.focus()
        for place_now in (0, 1, 2):
            with page.expect_navigation():
                page.keyboard.press("Alt+ArrowUp" if place_now == 0 else "Alt+ArrowDown")
            assert page.evaluate(order).index("q-given_name") == place_now
            assert page.evaluate(focused) == "q-given_name"
        assert sorted(page.evaluate(order)) == sorted(before)
        visitor.look()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_form_is_written_looked_at_and_published(chromium: Browser, place: Lived, scripts: bool) -> None:
    with visiting(chromium, place.address, place.year, "fr", 1280, scripts=scripts) as visitor:
        visitor.sign_in("programme_administrator")
        visitor.open(f"{HOME}/form/add?in=identite")
        page = visitor.page
        page.get_by_label("Ce qui est demandé, en français").fill("Comment vous appelle-t-on ?")
        page.get_by_label("Texte court").check()
        visitor.send()
        page.get_by_role("button", name="Enregistrer").last.click()
        expect(page.get_by_text("Il y reste quelque chose à corriger")).to_be_visible()
        if scripts:
            visitor.look()
        page.locator("#label-ar").fill("ما هو الاسم الذي تنادى به؟")
        page.locator("#label-en").fill("What are you called?")
        page.get_by_role("button", name="Enregistrer").last.click()
        expect(page.get_by_text("enregistrée dans le brouillon")).to_be_visible()
        page.get_by_role("button", name="Monter : Comment vous").click()
        phone = page.frame_locator("iframe.phone")
        page.locator("iframe.phone").scroll_into_view_if_needed()
        expect(phone.get_by_label("Comment vous appelle-t-on ?")).to_be_attached()
        assert phone.locator("html").evaluate("e => e.scrollWidth") <= 362
        page.get_by_role("link", name="Voir ce qui change et publier").click()
        expect(page.get_by_text("Comment vous appelle-t-on ?")).to_be_visible()
        if scripts:
            visitor.look()
        page.get_by_role("button", name="Publier cette version").click()
        expect(page.get_by_text("La version 2 est publiée.")).to_be_visible()
