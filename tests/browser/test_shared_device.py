"""A device that others use too: nothing stays on it, and going back after signing out shows nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page, Response

from cohortmgr.base.db import db
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import content_of
from tests.browser.conftest import Lived
from tests.browser.visits import follow
from tests.watch import test_context

# Everything by which a page can leave something in a browser.
LEFT = """async () => ({
  local: Object.keys(localStorage), session: Object.keys(sessionStorage),
  bases: (await indexedDB.databases()).map((base) => base.name), caches: await caches.keys(),
  workers: (await navigator.serviceWorker.getRegistrations()).length,
})"""
NOTHING = {"local": [], "session": [], "bases": [], "caches": [], "workers": 0}


@pytest.fixture
def device(chromium: Browser, place: Lived) -> Iterator[BrowserContext]:
    """A browser of a cybercafé."""
    context = chromium.new_context(
        base_url=place.address, locale="fr-MA", viewport={"width": 360, "height": 760}
    )
    context.set_default_timeout(15_000)
    yield context
    context.close()


def sign_in_by_code(page: Page, place: Lived, *, shared: bool) -> None:
    page.goto("/sign-in")
    page.fill("input[name=email]", place.year.emails["candidate"])
    if shared:
        page.check("input[name=shared]")
    follow(page.locator("main form button[type=submit]").first)
    with test_context(place.database.system_app):
        newest = sa.select(Message).where(Message.key == "sign_in_code").order_by(Message.id.desc()).limit(1)
        content = content_of(db.session.scalars(newest).one())
    assert content is not None
    page.fill("#code", content["variables"]["code"])
    follow(page.locator("main form button[type=submit]").first)
    assert page.url.endswith("/my")


def session_cookie(device: BrowserContext) -> float:
    """When it ends; -1 with the browser."""
    return next(each["expires"] for each in device.cookies() if each["name"] == "session")


def write(page: Page, place: Lived) -> list[Response]:
    """Type into an answer and let the page save it; what the server answered meanwhile."""
    heard: list[Response] = []
    page.on("response", lambda response: heard.append(response))
    page.goto(f"/my/applications/{place.year.references['draft']}/form")
    field = page.locator("main textarea, main input[type=text]").first
    field.fill("Une réponse que personne d’autre ne doit lire")
    field.blur()
    page.wait_for_timeout(1500)
    return heard


def test_a_shared_device_keeps_nothing_and_going_back_shows_nothing(
    device: BrowserContext, place: Lived
) -> None:
    page = device.new_page()
    sign_in_by_code(page, place, shared=True)
    assert session_cookie(device) == -1, "it ends with the browser"
    heard = write(page, place)
    private = [each for each in heard if "/my/" in each.url]
    assert private and all("no-store" in each.headers.get("cache-control", "") for each in private)
    assert page.evaluate(LEFT) == NOTHING
    with page.expect_navigation():
        page.evaluate("document.querySelector('form[action=\"/sign-out\"]').requestSubmit()")
    assert page.evaluate(LEFT) == NOTHING
    for _ in range(2):
        page.go_back()
        assert "/sign-in" in page.url, page.url
        assert "personne d’autre" not in page.content()
        assert place.year.emails["candidate"] not in page.content()


def test_on_ones_own_device_the_same_pages_are_not_kept_by_a_cache_either(
    device: BrowserContext, place: Lived
) -> None:
    page = device.new_page()
    sign_in_by_code(page, place, shared=False)
    assert session_cookie(device) > 0
    private = [each for each in write(page, place) if "/my/" in each.url and each.status == 200]
    assert private and all("no-store" in each.headers.get("cache-control", "") for each in private)
    with page.expect_navigation():
        page.evaluate("document.querySelector('form[action=\"/sign-out\"]').requestSubmit()")
    assert page.evaluate(LEFT) == NOTHING, "Clear-Site-Data"
    page.go_back()
    assert "/sign-in" in page.url
