"""Writing a definition: questions move by keys and buttons, a telephone shows the draft, and texts are tried."""

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


TEXT = "/staff/texts/offer_made/email/fr"


@pytest.mark.parametrize("scripts", [True, False])
def test_a_text_is_tried_in_a_frame_before_it_is_kept(chromium: Browser, place: Lived, scripts: bool) -> None:
    with visiting(chromium, place.address, place.year, "fr", 1280, scripts=scripts) as visitor:
        visitor.sign_in("selection_manager")
        visitor.open(TEXT)
        page = visitor.page
        page.get_by_label("Texte").fill("Chère {name}, répondez avant le {deadline} :\n{link}")
        frame = page.frame_locator("iframe[name=preview]")
        for sample in ("", None):
            page.get_by_label("Avec les données de").select_option(sample, index=None if sample == "" else 1)
            page.get_by_role("button", name="Voir le message").click()
            expect(frame.get_by_text("Chère ")).to_be_visible()
            expect(frame.get_by_role("link", name="Ouvrir la page")).to_be_visible()
        expect(page.get_by_label("Texte")).to_have_value(
            "Chère {name}, répondez avant le {deadline} :\n{link}"
        )
        page.get_by_label("Largeur d’un téléphone").check()
        box = page.locator("iframe[name=preview]").bounding_box()
        assert box is not None and box["width"] <= 360
        wide = frame.locator("html").evaluate("element => element.scrollWidth")
        assert wide <= 360
        page.get_by_label("Texte").fill("Sans lien")
        page.get_by_role("button", name="Enregistrer").click()
        expect(page.get_by_text("ne peut pas se passer de").first).to_be_visible()
        expect(page.get_by_label("Texte")).to_have_value("Sans lien")
        page.get_by_label("Texte").fill("Avant le {deadline} : {link}")
        page.get_by_role("button", name="Enregistrer").click()
        expect(page.get_by_text("Le texte est enregistré")).to_be_visible()
        expect(page.get_by_text("Version 1")).to_be_visible()


def test_what_arrived_is_not_put_back_into_the_form(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, "fr", 360) as visitor:
        visitor.sign_in("candidate")
        visitor.open("/my/questions/{question}")
        page = visitor.page
        page.get_by_label("Votre message").fill("Et le semestre 6 ?")
        visitor.open("/my/questions")
        visitor.open("/my/questions/{question}")
        expect(page.get_by_label("Votre message")).to_have_value("Et le semestre 6 ?")
        page.get_by_role("button", name="Ajouter").click()
        expect(page.get_by_text("Votre message est ajouté.")).to_be_visible()
        expect(page.get_by_label("Votre message")).to_have_value("")
        visitor.open("/my/questions/{question}")
        expect(page.get_by_label("Votre message")).to_have_value("")
