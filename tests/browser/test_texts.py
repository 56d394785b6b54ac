"""Writing the text of a message: what is typed is tried in a frame, with scripts and without, and kept."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Lived
from tests.browser.visits import visiting

PATH = "/staff/texts/offer_made/email/fr"


@pytest.mark.parametrize("scripts", [True, False])
def test_a_text_is_tried_in_a_frame_before_it_is_kept(chromium: Browser, place: Lived, scripts: bool) -> None:
    with visiting(chromium, place.address, place.year, "fr", 1280, scripts=scripts) as visitor:
        visitor.sign_in("selection_manager")
        visitor.open(PATH)
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
