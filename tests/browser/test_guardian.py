"""A guardian's visit in Chromium: a link, a code, an answer for each child, a receipt, a withdrawal; and a club."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.models import Person
from cohortmgr.accounts.queries.viewers import viewer_of_email
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import definition_of
from cohortmgr.applications.importing.actions import runs as import_runs
from cohortmgr.base.db import db, writing
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import content_of
from cohortmgr.programmes.queries import intake_of
from tests.browser.conftest import Lived
from tests.browser.visits import follow
from tests.factories.guarded import HEADER, ROWS
from tests.factories.year import PASSWORD
from tests.watch import test_context

SAID, CLUB = "Le certificat de scolarité suffit.", "club@exemple.ma"
SHOTS = os.environ.get("COHORTMGR_TEST_SHOTS")


WIDTHS = {"small": (360, 760), "wide": (1280, 900)}


@pytest.fixture(params=WIDTHS)
def page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A small phone, or a wide screen."""
    width, height = WIDTHS[request.param]
    context = chromium.new_context(viewport={"width": width, "height": height}, locale="fr-MA")
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def shot(page: Page, name: str) -> None:
    """A picture, where these are wanted; a page never scrolls sideways."""
    width = (page.viewport_size or {"width": 0})["width"]
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"guardian-{name}-{width}.png", full_page=True)


def press(page: Page) -> None:
    """Send the form of the page."""
    follow(page.locator("main button[type=submit]"))


def code(place: Lived) -> str:
    """The last code that was sent."""
    with test_context(place.database.system_app):
        newest = sa.select(Message).where(Message.key == "sign_in_code").order_by(Message.id.desc()).limit(1)
        content = content_of(db.session.scalars(newest).one())
        assert content is not None
        return str(content["variables"]["code"])


def answer(page: Page, value: str) -> None:
    """The same for every child and purpose, signed and sent."""
    for each in page.locator(f"input[type=radio][value={value}]").all():
        each.check()
    page.locator("#signed").fill("Amina Alaoui")
    press(page)
    page.wait_for_url("**/receipt")


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_a_guardian_answers_for_two_children_reads_and_withdraws(
    place: Lived, page: Page, language: str
) -> None:
    address = f"{place.address}/guardian/{place.year.references['guardian_link']}"
    if language == "fr":
        page.goto(f"{place.address}/language/fr?next=/guardian")
    page.goto(address)
    expect(page.locator("html")).to_have_attribute("lang", language)
    shot(page, f"{language}-1-link")
    press(page)
    expect(page.locator("html")).to_have_attribute("lang", language)
    shot(page, f"{language}-2-code")
    page.locator("#code").fill("000")
    press(page)
    expect(page.locator(".error-summary")).to_be_visible()
    shot(page, f"{language}-3-wrong")
    page.locator("#code").fill(code(place))
    press(page)
    assert page.locator("input[type=radio]:checked").count() == 0
    shot(page, f"{language}-4-answers")
    press(page)
    expect(page.locator(".error-summary")).to_be_visible()
    shot(page, f"{language}-5-missing")
    answer(page, "yes")
    standing = page.url.removesuffix("/receipt")
    shot(page, f"{language}-6-receipt")
    desk_answers(place, language)
    follow(page.locator("main a[href$='/messages']"))
    expect(page.get_by_text(SAID)).to_be_visible()
    shot(page, f"{language}-7-messages")
    page.goto(f"{standing}/receipt")
    follow(page.locator("main a[href$='/answers']"))
    assert page.locator("input[type=radio][value=yes]:checked").count() == 6
    answer(page, "no")
    shot(page, f"{language}-8-withdrawn")
    page.goto(address)
    shot(page, f"{language}-9-closed")


def desk_answers(place: Lived, language: str) -> None:
    """The desk answers a child who asked, and asks for the letter's leave."""
    with test_context(place.database.system_app):
        row = db.session.scalars(sa.select(Application).where(Application.consent == "given")).first()
        assert row is not None
        person = db.session.get_one(Person, row.person_id)
        told = {"name": person.given_name, "text": SAID, "number": "Q-7K3QXPB2", "page": "/my/questions/x"}
        with writing() as session:
            send_all(
                [
                    Letter(
                        "question_answered",
                        person.reference,
                        "",
                        language,
                        told,
                        row.institution_id,
                        person.id,
                    )
                ]
            )
            left = sa.update(Message).where(Message.key == "question_answered", Message.person_id.is_(None))
            session.execute(left.values(state="sent", sent_at=Message.due, tries=1))


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_a_club_sees_names_and_where_each_agreement_stands(place: Lived, page: Page, language: str) -> None:
    with test_context(place.database.system_app):
        club()
    page.goto(f"{place.address}/language/{language}?next=/sign-in")
    page.locator("input[name=email]").fill(CLUB)
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/staff")
    page.goto(f"{place.address}/staff/intakes/{place.year.references['junior_intake']}/enrolled")
    expect(page.locator("main")).to_contain_text("Salma")
    text = page.locator("main").inner_text()
    assert not [word for word in ("J000000003", "2017", "Amina", "0612", "Hiba") if word in text]
    shot(page, f"{language}-club")


def club() -> None:
    """Somebody who enrols groups in the children's programme, and enrolled one."""
    intake = intake_of("ai-master-junior", "2027")
    with writing():
        password = people.prepare_password(PASSWORD, CLUB)
        account = people.new_account(SYSTEM, CLUB, password, {"given_name": "Samir"})
        scope = (intake.path, [intake.institution_id])
        people.grant(SYSTEM, account, Role.GROUP_ENROLLER, "programme", "junior-club", *scope)
    viewer = viewer_of_email(CLUB)
    assert viewer is not None
    file = f"{HEADER}\n{ROWS[1].replace('J000000002', 'J000000003').replace('Hiba', 'Salma')}".encode()
    prepared = import_runs.prepare_import(file, "club.csv", definition_of(intake))
    with writing():
        import_runs.load(viewer, intake.reference, prepared)
