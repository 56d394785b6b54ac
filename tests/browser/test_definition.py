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
        visitor.open(f"{HOME}/intakes")
        page.locator("#intakes-0-offerings-0-seats").fill("31")
        page.get_by_role("button", name="Enregistrer").last.click()
        expect(page.get_by_text("Les places sont enregistrées")).to_be_visible()
        page.get_by_role("link", name="Voir ce qui change et publier").click()
        expect(page.get_by_text("Comment vous appelle-t-on ?")).to_be_visible()
        expect(page.get_by_text("places : 31, au lieu de 30")).to_be_visible()
        if scripts:
            visitor.look()
        page.get_by_role("button", name="Publier cette version").click()
        expect(page.get_by_text("La version 2 est publiée.")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_condition_is_begun_by_keys_tried_and_moved(chromium: Browser, place: Lived, scripts: bool) -> None:
    width = 1280 if scripts else 360
    with visiting(chromium, place.address, place.year, "fr", width, scripts=scripts) as visitor:
        visitor.sign_in("programme_administrator")
        visitor.open(f"{HOME}/eligibility/add")
        page = visitor.page
        page.locator("#sort-5").focus()
        for key in ("Space", "Tab"):
            page.keyboard.press(key)
        page.keyboard.type("Une personne suit un seul programme.")
        page.keyboard.press("Tab")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.locator("[data-error-summary]")).to_have_count(0)
        for field, said in (
            ("reason-ar", "يتابع كل شخص برنامجا واحدا."),
            ("reason-en", "One programme a person."),
            ("advice-fr", "Terminez l’autre d’abord."),
            ("advice-ar", "أتمموا الآخر أولا."),
        ):
            page.locator(f"#{field}").fill(said)
        page.get_by_role("button", name="Enregistrer").last.click()
        expect(page.locator("#advice-en-error")).to_be_visible()
        page.locator("#advice-en").fill("Finish the other one first.")
        page.get_by_role("button", name="Enregistrer").last.click()
        expect(page.get_by_text("enregistrée dans le brouillon")).to_be_visible()
        page.get_by_role("button", name="Monter : Aucune inscription").click()
        page.wait_for_url("**/eligibility#r-*")
        if scripts:
            assert page.evaluate("document.activeElement.id").startswith("r-inscrit")
            with page.expect_navigation():
                page.keyboard.press("Alt+ArrowDown")
            visitor.look()
        page.get_by_role("link", name="Essayer les conditions").click()
        page.select_option("#licence", "physique")
        page.get_by_label("déjà dans un autre programme").check()
        page.get_by_role("button", name="Voir la réponse").last.click()
        for said in ("ne peut pas candidater", "Terminez l’autre d’abord.", "أتمموا الآخر أولا."):
            expect(page.get_by_text(said)).to_be_visible()
        if scripts:
            visitor.look()
        visitor.open(f"{HOME}/publish")
        expect(page.get_by_text("Une personne suit un seul programme.")).to_be_visible()
        visitor.open(f"{HOME}/form")
        page.get_by_role("button", name="Abandonner ce brouillon").click()
        expect(page.get_by_text("Le brouillon est abandonné")).to_be_visible()
