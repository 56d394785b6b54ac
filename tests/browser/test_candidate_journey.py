"""The candidate's journey in Chromium: page by page without scripts, and through a cut network and an ended session."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, FilePayload, Page, expect

from cohortmgr.accounts.models import SignInSession
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import sealed_answers
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from tests.browser.conftest import Lived
from tests.browser.test_journeys import ANSWERS, CHOICES
from tests.browser.visits import Visitor, follow, visiting
from tests.factories.year import PHOTO
from tests.integration.accounts.entering import last_code
from tests.watch import test_context

PHRASE = "une phrase de quelques mots"
# The telephone forgets what it kept once the server has it.
DELIVERED = "async () => { while (localStorage.length) await new Promise((go) => setTimeout(go, 50)) }"
GO_ON = "form.one-thing .btn-row button[type=submit]:not(.quiet):not(.bare)"


SENT = {"fr": "Votre candidature est envoyée", "ar": "أُرسل ترشيحكم"}


def begin(visitor: Visitor, place: Lived) -> str:
    """An account with a draft; returns the address of its task list."""
    page = visitor.page
    visitor.open("/programmes/mdia")
    follow(page.locator("main a[href*='/apply']").first)
    follow(page.locator("main a[href*='/sign-up']"))
    page.fill("input[name=email]", ANSWERS["email"])
    page.fill("input[name=password]", PHRASE)
    visitor.send()
    page.fill("input[name=code]", last_code(place.database.system_app))
    visitor.send()
    visitor.send("main form button[type=submit]:not(.quiet):not(.bare)")
    assert re.search(r"/my/applications/\w{26}/form/identite/1$", page.url), page.url
    return urlsplit(page.url).path.partition("/form/")[0]


def test_from_the_home_page_to_sent_in_twenty_pages_and_twenty_taps(chromium: Browser, place: Lived) -> None:
    """Each page that a person is shown is counted, and each press that leads from one to the next. Nothing is asked on
    two of them."""
    with visiting(chromium, place.address, place.year, "fr", 360, scripts=False) as visitor:
        page, shown, asked = visitor.page, list[str](), list[str]()

        def count(press: str) -> None:
            if press:
                follow(page.locator(press).first)
            shown.append(urlsplit(page.url).path)

        visitor.open("/")
        count("")
        count(f"main a[href$='/intakes/{place.year.references['open_intake']}']")
        count("main a[href*='/apply']")
        page.fill("input[name=email]", ANSWERS["email"])
        count("main form button[type=submit]:not(.quiet):not(.bare)")
        page.fill("input[name=code]", last_code(place.database.system_app))
        count("main form button[type=submit]:not(.quiet):not(.bare)")
        count("main form button[type=submit]:not(.quiet):not(.bare)")
        while not page.url.endswith("/check"):
            fields = page.locator("form.one-thing :is(input:not([type=hidden]), select, textarea)").all()
            asked += {str(each.get_attribute("name")) for each in fields}
            answer(page)
            count(GO_ON)
        count("main form[data-once] button[type=submit]:not(.quiet):not(.bare)")
        expect(page.locator("h1")).to_have_text(SENT["fr"])
    assert len(shown) == len(set(shown)) <= 20, shown
    assert len(shown) - 1 <= 20
    assert len(asked) == len(set(asked)), sorted(asked)


def type_city(visitor: Visitor, place: Lived, city: str) -> Page:
    """The page of a new draft with a city typed, and not sent."""
    visitor.page.goto(f"{begin(visitor, place)}/form/contact/2")
    visitor.page.fill("[name=city]", city)
    return visitor.page


def answer(page: Page) -> None:
    """What this page asks."""
    for name, text in ANSWERS.items():
        field = page.locator(f"form.one-thing [name='{name}']")
        if field.count():
            field.fill(text)
    for name, value in CHOICES.items():
        if page.locator(f"select[name={name}]").count():
            page.select_option(f"select[name={name}]", value)
    for name in ("sex", "consent_truth", "consent_data"):
        box = page.locator(f"form.one-thing input[name={name}]").first
        if box.count():
            box.check()
    if page.locator("input[name=transcripts]").count():
        paper = FilePayload(name="relevés.pdf", mimeType="application/pdf", buffer=PHOTO)
        page.set_input_files("input[name=transcripts]", files=[paper])


def mine(place: Lived) -> Application:
    """The application of this journey."""
    with test_context(place.database.system_app):
        found = db.session.scalars(sa.select(Application).order_by(Application.id.desc())).first()
        assert found is not None
        db.session.expunge(found)
        return found


def sign_in(page: Page) -> None:
    page.fill("input[name=email]", ANSWERS["email"])
    page.fill("input[name=password]", PHRASE)
    follow(page.locator("main form button[type=submit]:not(.quiet):not(.bare)").first)


def end_sessions(place: Lived) -> None:
    with test_context(place.database.system_app), writing():
        db.session.execute(sa.update(SignInSession).values(revoked_at=clock.now()))


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_page_by_page_without_scripts(chromium: Browser, place: Lived, language: str) -> None:
    with visiting(chromium, place.address, place.year, language, 360, scripts=False) as visitor:
        page = visitor.page
        tasks = begin(visitor, place)
        page.goto(tasks)
        assert not visitor.overflow()
        follow(page.locator("main a.btn").first)
        while not page.url.endswith("/check"):
            assert not visitor.overflow(), page.url
            answer(page)
            visitor.send(GO_ON)
            said = page.locator("[data-error-summary]").all_inner_texts()
            assert not said, (page.url, said)
        page.go_back()
        page.goto(f"{tasks}/check")
        follow(page.locator("main dd.change a[href*='/contact/2']").first)
        page.fill("[name=city]", "Rabat")
        visitor.send(GO_ON)
        assert page.url.endswith("/check"), page.url
        visitor.send("main form[data-once] button[type=submit]:not(.quiet):not(.bare)")
        expect(page.locator(".receipt")).to_be_visible()
        expect(page.locator("h1")).to_have_text(SENT[language])
        assert not visitor.overflow()
        # Corrected until the close: what was sent counts until it is sent again.
        visitor.send("main form[action$='/change'] button[type=submit]")
        page.goto(f"{tasks}/form/contact/2")
        page.fill("[name=city]", "Salé")
        visitor.send(GO_ON)
        assert mine(place).answers["city"] == "Rabat"
        page.goto(f"{tasks}/check")
        assert not visitor.overflow()
        visitor.send("main form[data-once] button[type=submit]:not(.quiet):not(.bare)")
        expect(page.locator(".receipt")).to_be_visible()
        expect(page.locator(".flash.done")).to_be_visible()
        expect(page.locator(".timeline .done")).to_have_count(3)  # begun, sent, corrected
        follow(page.locator(".receipt a.btn"))
        assert not visitor.overflow()
    assert (mine(place).answers["city"], mine(place).state) == ("Salé", "submitted")


def test_what_is_typed_outlives_its_session_without_scripts(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, "fr", 360, scripts=False) as visitor:
        page = type_city(visitor, place, "Tétouan")
        end_sessions(place)
        visitor.send(GO_ON)
        page.fill("input[name=email]", ANSWERS["email"])
        page.fill("input[name=password]", PHRASE)
        visitor.send()
        assert urlsplit(page.url).path == "/my/held", page.url
        visitor.send("main form button[type=submit]:not(.quiet):not(.bare)")
        assert "/form/" in page.url
    assert mine(place).answers["city"] == "Tétouan"


def test_what_is_typed_outlives_its_cookie_without_scripts(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, "ar", 360, scripts=False) as visitor:
        page = type_city(visitor, place, "Tétouan")
        page.context.clear_cookies(name="session")
        visitor.send(GO_ON)
        assert not visitor.overflow()
        with page.context.expect_page() as opened:
            page.locator("main a[target=_blank]").click()
        sign_in(opened.value)
        for _ in range(2):  # the first page was made for nobody: it is asked once more, of the person
            visitor.send("main form button[type=submit]")
        assert "/form/" in page.url
    assert mine(place).answers["city"] == "Tétouan"


@pytest.mark.parametrize(("language", "width"), [("fr", 1280), ("ar", 360)])
def test_a_form_to_send_again_is_in_nobody_s_way(
    chromium: Browser, place: Lived, language: str, width: int
) -> None:
    with visiting(chromium, place.address, place.year, language, width) as visitor:
        visitor.open("/sign-up")
        visitor.page.fill("input[name=email]", ANSWERS["email"])
        visitor.page.context.clear_cookies(name="session")
        visitor.send()
        expect(visitor.page.locator("main input[name=email]")).to_have_value(ANSWERS["email"])
        visitor.look()


def test_saved_as_one_types_through_a_cut_and_an_ended_session(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, "fr", 360) as visitor:
        page, line = visitor.page, visitor.page.locator("[data-saved]")
        tasks = begin(visitor, place)
        visitor.look()
        page.goto(f"{tasks}/form/contact/2")
        page.locator("[name=city]").press_sequentially("Fès", delay=5)
        expect(line).to_contain_text("Enregistré à")
        assert mine(place).answers["city"] == "Fès"
        page.context.set_offline(True)
        page.fill("[name=city]", "Meknès")
        expect(line).to_contain_text("gardé sur ce téléphone")
        page.locator(GO_ON).click()  # goes nowhere, and loses nothing
        expect(page.locator("[name=city]")).to_have_value("Meknès")
        page.context.set_offline(False)
        page.evaluate("dispatchEvent(new Event('online'))")
        expect(line).to_contain_text("Enregistré à")
        assert mine(place).answers["city"] == "Meknès"
        end_sessions(place)
        page.fill("[name=city]", "Ifrane")
        expect(line).to_contain_text("Votre session est finie")
        assert "Ifrane" in page.evaluate("JSON.stringify(localStorage)")
        visitor.page.goto("/sign-in")
        page.fill("input[name=email]", ANSWERS["email"])
        page.fill("input[name=password]", PHRASE)
        visitor.send()
        expect(page.locator("main")).to_contain_text("Vos réponses gardées sur ce téléphone ont été envoyées")
        visitor.look()
        assert mine(place).answers["city"] == "Ifrane"
        assert page.evaluate("localStorage.length") == 0


def test_sealed_answers_stay_off_the_telephone_and_errors_wait_until_one_leaves(
    chromium: Browser, place: Lived
) -> None:
    with visiting(chromium, place.address, place.year, "fr", 360) as visitor:
        page, line = visitor.page, visitor.page.locator("[data-saved]")
        tasks = begin(visitor, place)
        page.goto(f"{tasks}/form/identite/2")
        page.context.set_offline(True)
        page.fill("[name=cin]", "AB999999")
        expect(line).to_contain_text("laissez cette page ouverte")
        assert "AB999999" not in page.evaluate("JSON.stringify(localStorage)")
        page.context.set_offline(False)
        page.fill("[name=cin]", "pas un numéro")
        expect(line).to_have_text("")  # nothing was saved, and nothing says that it was
        expect(page.locator("[data-live]")).to_have_count(0)
        page.locator("[name=massar]").focus()
        expect(page.locator("[data-live]")).to_have_count(1)
        visitor.look()
        # Another language in the middle: what is typed is saved first.
        page.goto(f"{tasks}/form/contact/2")
        page.fill("[name=city]", "Oujda")
        page.locator("header summary").first.click()
        follow(page.locator("header .other-language[hreflang=ar]"))
        expect(page.locator("[name=city]")).to_have_value("Oujda")
        visitor.look()


def test_of_two_tabs_nothing_is_written_over_unread(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, "ar", 360) as visitor:
        page = visitor.page
        tasks = begin(visitor, place)
        page.goto(f"{tasks}/form/contact/2")
        other = page.context.new_page()
        other.goto(f"{tasks}/form/contact/2")
        other.fill("[name=city]", "Tanger")
        expect(other.locator("[data-saved]")).not_to_have_text("")
        other.close()
        page.fill("[name=city]", "Larache")
        with page.expect_response("**/answers"):
            page.wait_for_timeout(1200)
        visitor.send(GO_ON)  # at once, before anything could be read
        expect(page.locator("[data-error-summary]")).to_contain_text("Tanger")
        expect(page.locator("[name=city]")).to_have_value("Larache")
        assert mine(place).answers["city"] == "Tanger"
        visitor.look()
        visitor.send(GO_ON)
    assert mine(place).answers["city"] == "Larache"


def test_a_session_that_the_telephone_lost_loses_nothing(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, "ar", 360) as visitor:
        page, line = visitor.page, visitor.page.locator("[data-saved]")
        tasks = begin(visitor, place)
        page.goto(f"{tasks}/form/contact/2")
        page.context.clear_cookies(name="session")
        page.fill("[name=city]", "Ifrane")
        expect(line).to_have_text(str(line.get_attribute("data-ended")))
        visitor.look()
        page.locator(GO_ON).click()
        page.wait_for_url("**/sign-in?next=*")
        sign_in(page)
        expect(page.locator("[name=city]")).to_have_value("Ifrane")
        page.evaluate(DELIVERED)
        assert mine(place).answers["city"] == "Ifrane"
        # What may not be kept on a telephone stays in its page, which goes on once one has signed in elsewhere.
        page.goto(f"{tasks}/form/identite/2")
        page.context.clear_cookies(name="session")
        page.fill("[name=cin]", "AB777777")
        expect(line).to_have_text(str(line.get_attribute("data-open")))
        page.locator(GO_ON).click()
        expect(page.locator("[name=cin]")).to_have_value("AB777777")
        assert page.evaluate("localStorage.length") == 0
        other = page.context.new_page()
        other.goto("/sign-in")
        sign_in(other)
        other.close()
        follow(page.locator(GO_ON))
        found = mine(place)
        with test_context(place.database.system_app):
            assert sealed_answers(found)["cin"] == "AB777777"


def test_no_link_leads_away_from_what_is_typed_without_network(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, "ar", 360) as visitor:
        page, line = visitor.page, visitor.page.locator("[data-saved]")
        tasks = begin(visitor, place)
        page.goto(f"{tasks}/form/contact/2")
        page.context.set_offline(True)
        page.fill("[name=city]", "Larache")
        page.locator("header summary").first.click()
        page.locator("header .other-language[hreflang=fr]").click()
        expect(line).to_have_text(str(line.get_attribute("data-offline")))
        expect(page.locator("[name=city]")).to_have_value("Larache")
        page.context.set_offline(False)
        page.evaluate("dispatchEvent(new Event('online'))")
        expect(line).not_to_have_text(str(line.get_attribute("data-offline")))
    assert mine(place).answers["city"] == "Larache"
