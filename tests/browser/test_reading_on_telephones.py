"""A reader's pages on a telephone: each opens at its head, and what a row of the list says of a file is whole."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.reading import actions as reading
from tests.browser.test_reading import order, year
from tests.browser.visits import visiting
from tests.databases import Database
from tests.factories.year import Year
from tests.watch import test_context

__all__ = ["year"]
pytestmark = pytest.mark.sqlite_only


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_on_a_telephone_a_reading_that_is_handed_in_opens_at_its_head_with_its_place_in_the_list_in_sight(
    chromium: Browser, database: Database, live: str, year: Year, language: str
) -> None:
    with test_context(database.system_app):
        queue = order(year)
        with writing():
            for each in queue:
                reading.score(
                    year.viewer("reviewer"),
                    each,
                    dict.fromkeys(("resultats", "bases", "projet", "langues"), 3),
                )
    with visiting(chromium, live, year, language, 360) as visitor:
        page = visitor.page
        visitor.sign_in("reviewer")
        page.goto(f"/staff/reviews/{queue[3]}")
        expect(page.locator(".queue [aria-current]")).to_be_attached()
        assert page.evaluate("() => scrollY") == 0
        here, whole = (page.locator(each).bounding_box() for each in (".queue [aria-current]", ".queue"))
        assert (
            here
            and whole
            and whole["x"] <= here["x"]
            and here["x"] + here["width"] <= whole["x"] + whole["width"]
        )


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_on_a_telephone_no_state_of_the_list_is_cut(
    chromium: Browser, database: Database, live: str, year: Year, language: str
) -> None:
    with test_context(database.system_app):
        queue = order(year)
        with writing():
            for each, marks in zip(queue, ({"resultats": 3, "bases": 2}, {"resultats": 4}), strict=False):
                reading.draft(year.viewer("reviewer"), each, marks, "")
            db.session.execute(sa.update(Review).values(due_on=clock.today() + timedelta(days=9)))
    with visiting(chromium, live, year, language, 360) as visitor:
        page = visitor.page
        visitor.sign_in("reviewer")
        page.goto("/staff/reviews")
        cut = page.evaluate(
            """() => [...document.querySelectorAll("tbody tr")].flatMap((row) => {
              const edge = row.getBoundingClientRect();
              const room = parseFloat(getComputedStyle(row).paddingInlineEnd);
              const rtl = document.dir === "rtl";
              return [...row.querySelectorAll("td.key")].filter((cell) => {
                const box = cell.getBoundingClientRect();
                return rtl ? box.left < edge.left + room : box.right > edge.right - room;
              }).map((cell) => cell.innerText);
            })"""
        )
        assert cut == []
        assert page.locator("td.key small").count() >= 2
        visitor.look()
