"""A guardian's visit in Chromium: a link on a small phone, a code, an answer for each child, a receipt."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from cohortmgr.base.db import db
from cohortmgr.outbox.delivery import content_of
from cohortmgr.outbox.models import Message
from tests.browser.conftest import Lived
from tests.watch import test_context

SHOTS = os.environ.get("COHORTMGR_TEST_SHOTS")


@pytest.fixture
def phone(chromium: Browser) -> Iterator[Page]:
    """A small phone."""
    context = chromium.new_context(viewport={"width": 360, "height": 760}, locale="fr-MA")
    yield context.new_page()
    context.close()


def shot(page: Page, name: str) -> None:
    """A picture, where these are wanted; a page never scrolls sideways."""
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, name
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"guardian-{name}.png", full_page=True)


def code(place: Lived) -> str:
    """The last code that was sent."""
    with test_context(place.database.system_app):
        newest = sa.select(Message).where(Message.key == "sign_in_code").order_by(Message.id.desc()).limit(1)
        content = content_of(db.session.scalars(newest).one())
        assert content is not None
        return str(content["variables"]["code"])


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_a_guardian_answers_for_two_children_on_a_small_phone(
    place: Lived, phone: Page, language: str
) -> None:
    address = f"{place.address}/guardian/{place.year.references['guardian_link']}"
    if language == "fr":
        phone.goto(f"{place.address}/language/fr?next=/guardian")
    phone.goto(address)
    expect(phone.locator("html")).to_have_attribute("lang", language)
    shot(phone, f"{language}-1-link")
    phone.locator("main button[type=submit]").click()
    expect(phone.locator("html")).to_have_attribute("lang", language)
    shot(phone, f"{language}-2-code")
    phone.locator("#code").fill("000")
    phone.locator("main button[type=submit]").click()
    expect(phone.locator(".error-summary")).to_be_visible()
    shot(phone, f"{language}-3-wrong")
    phone.locator("#code").fill(code(place))
    phone.locator("main button[type=submit]").click()
    assert phone.locator("input[type=radio]:checked").count() == 0
    shot(phone, f"{language}-4-answers")
    phone.locator("main button[type=submit]").click()
    expect(phone.locator(".error-summary")).to_be_visible()
    shot(phone, f"{language}-5-missing")
    for yes in phone.locator("input[type=radio][value=yes]").all():
        yes.check()
    phone.locator("#signed").fill("Amina Alaoui")
    phone.locator("main button[type=submit]").click()
    phone.wait_for_url("**/receipt")
    shot(phone, f"{language}-6-receipt")
