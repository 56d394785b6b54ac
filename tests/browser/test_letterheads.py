"""Who runs this: an administrator writes it; a visitor reads it and what is done with data, and asks for erasure."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from cohortmgr.demo.letterheads import LETTERHEADS, drawn_mark
from cohortmgr.organisations.letterheads.rules import INSTALLATION, LANGUAGES, field_of
from tests.browser.conftest import Lived
from tests.browser.visits import follow, visiting

SAID = {
    "fr": (
        "Garder",
        "Envoyer ce logo",
        "Vos données (loi\u00a009\u201108)",
        "Demander l’effacement",
        "Envoyer ma question",
    ),
    "ar": ("حفظ", "إرسال هذا الشعار", "معطياتكم (القانون 09.08)", "طلب المحو", "إرسال سؤالي"),
}


@pytest.mark.parametrize(("language", "width"), [("fr", 1280), ("ar", 360)])
def test_who_runs_it_is_written_shown_and_asked(
    chromium: Browser, place: Lived, language: str, width: int
) -> None:
    keep, send_mark, data, erase, ask = SAID[language]
    draft = LETTERHEADS[INSTALLATION]
    with visiting(chromium, place.address, place.year, language, width) as visitor:
        visitor.sign_in("system_administrator")
        visitor.open("/staff/letterheads")
        visitor.look()
        visitor.open("/staff/letterheads/installation")
        page = visitor.page
        for name, said in draft.texts.items():
            for spoken in LANGUAGES:
                page.fill(f"[name={field_of(name, spoken)}]", said[spoken])
        page.fill("[name=telephone]", draft.telephone)
        page.fill("[name=email]", draft.email)
        page.fill("[name=cndp]", draft.cndp)
        follow(page.get_by_role("button", name=keep, exact=True))
        page.set_input_files(
            "[name=mark]", {"name": "logo.png", "mimeType": "image/png", "buffer": drawn_mark()}
        )
        follow(page.get_by_role("button", name=send_mark))
        visitor.look()
    with visiting(chromium, place.address, place.year, language, width, scripts=language == "ar") as visitor:
        visitor.open("/")
        page = visitor.page
        foot = page.locator("footer")
        for name in ("name", "address", "hours"):
            expect(foot).to_contain_text(draft.texts[name][language])
        expect(foot.locator("a[href^='tel:']")).to_have_attribute("href", "tel:+212537000010")
        expect(page.locator("header img.mark")).to_be_visible()
        expect(page.locator("header .brand")).to_contain_text(draft.texts["short"][language])
        follow(foot.get_by_role("link", name=data))
        expect(page.locator("main")).to_contain_text(draft.texts["keeping"][language])
        follow(page.locator("main").locator("a[href='/programmes/mdia/data']"))
        follow(page.get_by_role("link", name=erase))
        expect(page.locator("[name=topic]")).to_have_value("erase_data")
        page.fill("[name=text]", "Effacez ce que vous avez sur moi.")
        page.fill("[name=name]", "Sara Alaoui")
        page.fill("[name=email]", "sara@exemple.ma")
        follow(page.get_by_role("button", name=ask))
        expect(page.locator("main a[href^='tel:']")).to_be_visible()
