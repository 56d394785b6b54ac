"""A file leaves as soon as it is chosen, and arrives although the network is cut on the way."""

from __future__ import annotations

import io
import re

import pytest
import sqlalchemy as sa
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, Route, expect

from cohortmgr.applications.documents.tasks import examine_next
from cohortmgr.applications.file.models import Document
from cohortmgr.base.db import db
from tests.browser.conftest import Lived
from tests.browser.visits import follow, visiting
from tests.watch import test_context

PLACE = "/my/applications/{draft}/documents/transcripts"


def photo(name: str, side: int = 3000) -> FilePayload:
    """A photo that a telephone takes: too large for a slow network, and full of detail."""
    file = io.BytesIO()
    Image.effect_noise((side, side // 2), 60).convert("RGB").save(file, "JPEG", quality=95)
    return FilePayload(name=name, mimeType="image/jpeg", buffer=file.getvalue())


def paper(place: Lived) -> Document:
    with test_context(place.database.system_app):
        standing = sa.select(Document).where(
            Document.replaced_at.is_(None),
            Document.question == "transcripts",
            Document.uploaded_at.is_not(None),
        )
        return db.session.scalars(standing.order_by(Document.uploaded_at.desc()).limit(1)).one()


def examine(place: Lived) -> None:
    with test_context(place.database.system_app):
        while examine_next():
            continue


def cut(page: Page, times: int) -> list[str]:
    """Let so many pieces be lost on the way; returns what was asked for."""
    asked: list[str] = []

    def meet(route: Route) -> None:
        asked.append(route.request.method)
        if route.request.method == "PATCH" and asked.count("PATCH") in range(2, 2 + times):
            route.abort("internetdisconnected")
        else:
            route.fallback()

    page.route("**/my/uploads/*", meet)
    return asked


@pytest.mark.parametrize(("language", "width"), [("fr", 360), ("ar", 1280)])
def test_photos_arrive_although_the_network_is_cut(
    chromium: Browser, place: Lived, language: str, width: int
) -> None:
    given = photo("devant.jpg"), photo("derrière.jpg", 400)
    with visiting(chromium, place.address, place.year, language, width) as visitor:
        page = visitor.page
        visitor.sign_in("candidate")
        visitor.open(PLACE)
        asked = cut(page, 2)
        with page.expect_navigation():  # the page is there anew once both have arrived
            page.set_input_files("input[type=file]", list(given))
        assert asked.count("PATCH") > 3 and "GET" in asked
        expect(page.locator(".parts-list li")).to_have_count(3)
        kept = paper(place).parts
        assert [part["name"] for part in kept] == ["relevés.pdf", "devant.jpg", "derrière.jpg"]
        assert kept[1]["size"] < len(given[0]["buffer"])  # made smaller before it left
        examine(place)
        expect(page.locator(".pages img")).to_have_count(3, timeout=20_000)
        visitor.look()
        page.locator(".parts-list li").last.locator("button[value=up]").click()
        expect(page.locator(".parts-list li").nth(1)).to_contain_text("derrière")


@pytest.mark.parametrize("way", ["camera", "file"])
def test_a_photo_and_a_file_have_a_button_each(chromium: Browser, place: Lived, way: str) -> None:
    with visiting(chromium, place.address, place.year, "fr", 360) as visitor:
        page = visitor.page
        visitor.sign_in("candidate")
        visitor.open(PLACE)
        visitor.look()
        button = page.locator(f"[data-way-to={way}]")
        with page.expect_file_chooser() as chosen:
            button.click()
        assert chosen.value.is_multiple() is (way == "file")
        with page.expect_navigation():
            chosen.value.set_files(photo(f"{way}.jpg", 400))
        expect(page.locator(".parts-list li")).to_have_count(2)
        assert paper(place).parts[-1]["name"] == f"{way}.jpg"


def lose_after(page: Page, pieces: int) -> list[str]:
    """Let so many pieces through and lose the rest; returns from where each began."""
    offsets: list[str] = []

    def meet(route: Route) -> None:
        if route.request.method != "PATCH":
            route.fallback()
            return
        offsets.append(route.request.headers["upload-offset"])
        if len(offsets) > pieces:
            route.abort("internetdisconnected")
        else:
            route.fallback()

    page.route("**/my/uploads/*", meet)
    return offsets


@pytest.mark.parametrize(("language", "width"), [("ar", 360), ("fr", 1280)])
def test_a_file_goes_on_after_the_page_was_closed(
    chromium: Browser, place: Lived, language: str, width: int
) -> None:
    given = photo("devant.jpg")
    with visiting(chromium, place.address, place.year, language, width) as visitor:
        page = visitor.page
        visitor.sign_in("candidate")
        visitor.open(PLACE)
        lost = lose_after(page, 2)
        page.set_input_files("input[type=file]", [given])
        waiting = page.locator("[data-uploads]").get_attribute("data-waiting")
        expect(page.locator(".upload [role=status]")).to_have_text(str(waiting))
        came = int(lost[2])
        assert came > 0
        page.unroute_all(behavior="ignoreErrors")
        visitor.open(PLACE)  # the telephone was started again
        expect(page.locator("[data-unfinished]")).to_be_visible()
        visitor.look()
        assert page.evaluate("localStorage.length + sessionStorage.length") == 0
        visitor.open("/my/applications/{draft}/form")
        expect(page.locator("[data-unfinished]")).to_be_visible()
        visitor.look()
        visitor.open(PLACE)
        offsets = lose_after(page, 100)
        with page.expect_navigation():
            page.set_input_files("input[type=file]", [{**given, "name": "autre nom.jpg"}])
        assert int(offsets[0]) == came, "the sending goes on where it was"
        expect(page.locator("[data-unfinished]")).to_have_count(0)
        examine(place)
        expect(page.locator(".pages img")).to_have_count(2, timeout=20_000)


def test_a_file_that_was_cut_is_given_up(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, width=360) as visitor:
        page = visitor.page
        visitor.sign_in("candidate")
        visitor.open("/my/applications/{draft}/form")
        lose_after(page, 1)
        page.set_input_files("input[name=transcripts]", [photo("devant.jpg")])
        waiting = page.locator("[data-uploads]").first.get_attribute("data-waiting")
        expect(page.locator(".upload [role=status]")).to_have_text(str(waiting))
        page.unroute_all(behavior="ignoreErrors")
        visitor.open("/my/applications/{draft}/form")
        page.locator("[data-unfinished] button").click()
        expect(page.locator("[data-unfinished]")).to_have_count(0)
        visitor.open("/my/applications/{draft}/form")
        expect(page.locator("[data-unfinished]")).to_have_count(0)


def test_the_form_s_own_file_leaves_at_once_too(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, width=360) as visitor:
        visitor.sign_in("candidate")
        visitor.open("/my/applications/{draft}/form")
        visitor.page.set_input_files("input[name=transcripts]", [photo("seule.jpg", 600)])
        expect(visitor.page.locator(".upload [role=status]")).to_have_text(re.compile("bien arrivé"))
        assert visitor.page.locator("input[name=transcripts]").input_value() == ""
        assert [part["name"] for part in paper(place).parts] == ["seule.jpg"]
        wrong = FilePayload(name="page.jpg", mimeType="text/html", buffer=b"<html></html>")
        visitor.page.set_input_files("input[name=transcripts]", [wrong])
        expect(visitor.page.locator(".upload.stop [role=status]")).to_have_text(re.compile("pas lisible"))


def test_without_scripts_the_same_photos_are_sent_with_the_form(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, width=360, scripts=False) as visitor:
        visitor.sign_in("candidate")
        visitor.open(PLACE)
        visitor.page.set_input_files("input[type=file]", [photo("une.jpg", 500), photo("deux.jpg", 500)])
        visitor.send("main form[enctype] button[type=submit]")
        assert [part["name"] for part in paper(place).parts] == ["relevés.pdf", "une.jpg", "deux.jpg"]


@pytest.mark.parametrize(("language", "width"), [("fr", 360), ("ar", 1280)])
def test_pages_are_seen_in_the_form_as_soon_as_they_are_read(
    chromium: Browser, place: Lived, language: str, width: int
) -> None:
    with visiting(chromium, place.address, place.year, language, width) as visitor:
        page = visitor.page
        visitor.sign_in("candidate")
        visitor.open("/my/applications/{draft}/form")
        page.set_input_files("input[name=transcripts]", [photo("seule.jpg", 600)])
        expect(page.locator(".upload progress")).to_have_count(0)
        examine(place)
        expect(page.locator(".file-there .looks img")).to_have_count(1, timeout=20_000)
        expect(page.locator(".file-there").first).not_to_contain_text("relevés.pdf")
        assert page.locator(".looks img").evaluate("(img) => img.decode().then(() => img.naturalWidth)")
        visitor.look()
        visitor.open("/my/applications/{draft}/form")
        expect(page.locator(".file-there .looks img")).to_have_count(1)
        visitor.look()


def test_a_paper_that_was_missing_is_no_error_any_more_once_it_arrived(
    chromium: Browser, place: Lived
) -> None:
    with visiting(chromium, place.address, place.year, width=360) as visitor:
        page = visitor.page
        visitor.sign_in("candidate")
        visitor.open("/my/applications/{draft}/form/parcours/4")
        follow(page.locator("main .file-there button", has_text="Retirer").first)
        visitor.open("/my/applications/{draft}/form/parcours/4")
        visitor.send("form.one-thing .btn-row button[type=submit]:not(.quiet):not(.bare)")
        expect(page.locator("[data-error-summary]")).to_contain_text("Relevés de notes")
        page.set_input_files("input[name=transcripts]", [photo("seule.jpg", 600)])
        expect(page.locator(".upload [role=status]")).to_have_text(re.compile("bien arrivé"))
        expect(page.locator("[data-error-summary], .field-error, .invalid")).to_have_count(0)
        visitor.look()
