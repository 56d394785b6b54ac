"""Further readings are promised in words and figures, and given out in one press, in both directions of writing."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, expect

from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.base.db import writing
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.assignment.actions import sharing
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from tests.browser.conftest import served
from tests.browser.visits import visiting
from tests.factories.choices import browser, readers, sent, someone
from tests.factories.harmonised import harmonise
from tests.factories.working import work
from tests.factories.year import Year

if TYPE_CHECKING:
    from flask import Flask

pytestmark = pytest.mark.usefixtures("system_context")
KEYS = ("resultats", "bases", "projet", "langues")
FILES, SEATS, READERS = 60, 12, 8


def _read() -> tuple[Intake, Viewer]:
    """An intake and its manager: of sixty files that two of eight have read each."""
    intake = sent(FILES, 0, SEATS)
    people, manager = readers(intake, READERS), someone(intake, Role.SELECTION_MANAGER)
    with writing():
        sharing.assign(manager, intake.reference)
    for person in people:
        with writing():
            for row in own.queue(person, intake.id):
                chance = random.Random(f"{row.number} {person.email}")
                worth = 4.5 - int(row.number[5:]) / 20
                marks = {key: min(5, max(0, round(worth + chance.gauss(0, 0.9)))) for key in KEYS}
                reading.score(person, row.reference, marks)
    harmonise(intake)
    return intake, manager


@pytest.mark.parametrize(("language", "width"), [("fr", 1280), ("ar", 360)])
def test_readings_are_promised_and_given_in_one_press(
    app: Flask, chromium: Browser, language: str, width: int
) -> None:
    intake, manager = _read()
    path, client = f"/staff/intakes/{intake.reference}/harmonisation/further", browser(app, manager)
    client.get(path)
    work()
    cookie = client.get_cookie("session")
    assert cookie is not None
    with (
        served(app) as (address, _answering),
        visiting(chromium, address, Year(intake), language, width) as visitor,
    ):
        visitor.page.context.add_cookies([{"name": "session", "value": cookie.value, "url": address}])
        visitor.page.goto(f"{address}{path}")
        expect(visitor.page.locator("#sizes tbody tr").first).to_be_visible()
        visitor.look()
        visitor.page.fill("input[name=readings]", "10")
        visitor.send()
        expect(visitor.page.locator(".notice.done.flash")).to_be_visible()
        visitor.look()
