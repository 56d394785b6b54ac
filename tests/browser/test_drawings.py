"""Lists and charts as they are drawn: ordered on a telephone, printed whole, each row as wide as its axis."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect
from pypdfium2 import PdfDocument

from cohortmgr.accounts.actions import people as accounts
from cohortmgr.base.db import writing
from cohortmgr.reviews.jury.actions import keeping
from tests.browser.conftest import Lived
from tests.browser.visits import follow, visiting
from tests.databases import Database
from tests.factories.access import cookie
from tests.factories.choices import known
from tests.factories.working import work
from tests.factories.year import Year
from tests.integration.reviews.jury.marked import read_by_a_jury, reader
from tests.watch import test_context

# The drawings of each chart and the axis below them: where each begins, and how wide it is.
_PLACES = """() => [...document.querySelectorAll(".chart .bars:has(.scale)")]
  .map((chart) => [...chart.querySelectorAll(".row-svg, .scale")]
    .map((drawn) => drawn.getBoundingClientRect())
    .filter((box) => box.width)
    .map((box) => [Math.round(box.x), Math.round(box.width)]))
  .filter((drawn) => drawn.length > 1)"""
# The middles of the dots of the severities, from the most generous to the most severe.
_DOTS = """() => [...document.querySelectorAll(".spans .dot")]
  .map((dot) => dot.getBoundingClientRect()).map((box) => Math.round(box.x + box.width / 2))"""


@pytest.mark.parametrize(("language", "width"), [("fr", 1280), ("ar", 1280), ("fr", 360), ("ar", 360)])
def test_each_row_of_a_chart_is_as_wide_as_its_axis(
    chromium: Browser, place: Lived, language: str, width: int
) -> None:
    with visiting(chromium, place.address, place.year, language, width) as visitor:
        visitor.sign_in("programme_administrator")
        visitor.open("/staff/reports/{report}")
        charts: list[list[list[Any]]] = visitor.page.evaluate(_PLACES)
        assert len(charts) >= 4
        for drawn in charts:
            assert len({tuple(place) for place in drawn}) == 1, drawn


def test_a_printed_list_begins_below_its_title_and_its_sum_stands_once(
    chromium: Browser, place: Lived
) -> None:
    with visiting(chromium, place.address, place.year, "fr", 1280) as visitor:
        visitor.sign_in("selection_manager")
        visitor.open("/staff/intakes/{intake}/reviews")
        # As many readers as fill two sheets.
        visitor.page.evaluate(
            """() => {
              const rows = document.querySelector(".listed tbody");
              for (const row of [...rows.rows, ...Array(60).fill(rows.rows[0])]) rows.append(row.cloneNode(true));
            }"""
        )
        sheets = PdfDocument(visitor.page.pdf(format="A4"))
        said = [sheet.get_textpage().get_text_bounded() for sheet in sheets]
    assert len(said) > 1
    assert "Lecture des dossiers" in said[0] and "Confiés" in said[0], "the list waits for the next sheet"
    assert sum(text.count("évaluateurs") for text in said) == 1, "the foot stands on every sheet"


def test_a_list_is_ordered_on_a_telephone_too(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, "ar", 360) as visitor:
        visitor.sign_in("selection_manager")
        visitor.open("/staff/intakes/{intake}/applications?columns=number,outcome")
        heads = visitor.page.locator("thead [aria-sort]")
        expect(heads).to_have_count(3)  # the name, and the two columns that were chosen
        for place_of in (2, 1):  # a click that anything hid would wait in vain
            follow(heads.nth(place_of).locator("a"))
            expect(heads.nth(place_of)).to_have_attribute("aria-sort", "ascending")
            follow(heads.nth(place_of).locator("a"))
            expect(heads.nth(place_of)).to_have_attribute("aria-sort", "descending")
        shown = visitor.page.locator("tbody .ref").all_inner_texts()
        assert len(shown) > 3 and shown == sorted(shown, reverse=True)
        visitor.look()


def test_the_way_back_leads_to_the_list_as_it_was_left(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, "fr", 1280) as visitor:
        visitor.sign_in("selection_manager")
        page = visitor.page
        visitor.open("/staff/intakes/{intake}/applications?region=&sort=-number&columns=number&columns=state")
        third = page.locator("tbody input[name=files]").nth(2).get_attribute("value")
        visitor.open(
            f"/staff/intakes/{{intake}}/applications?region=&sort=-number&columns=number&columns=state&page=2&after={third}"
        )
        left, first = page.url, page.locator("tbody .ref").first.inner_text()
        follow(page.locator("tbody th a").first)
        follow(page.locator(".tabs a").nth(1))
        follow(page.locator("a.back"))
        assert page.url == left and page.locator("tbody .ref").first.inner_text() == first
        # A list whose rows lead away without a word of where one was.
        visitor.open("/staff/questions?state=all&sort=from")
        follow(page.locator("tbody th a").first)
        follow(page.locator("a.back"))
        assert page.url.endswith("/staff/questions?state=all&sort=from")
        # What was opened from elsewhere leads where its own link says.
        visitor.open("/staff/intakes/{intake}/applications?eligible=no")
        visitor.open("/staff/applications/{application}/file?eligible=yes")
        assert str(page.locator("a.back").get_attribute("href")).endswith("?eligible=yes")


@pytest.mark.parametrize(
    ("stored", "typed"),
    [("فاطمة الزهراء", "فاطمه زهراء"), ("إدريس علوى", "ادريس علوي"), ("Été 06", "ete ٠٦")],
    ids=["fatima", "idris", "digits"],
)
def test_the_box_above_a_table_finds_a_name_however_it_is_written(
    chromium: Browser, place: Lived, stored: str, typed: str
) -> None:
    rows = "".join(f"<tr><td>{name}</td></tr>" for name in (stored, "Zellige"))
    table = f'<input data-filters="names"><table id="names"><tbody>{rows}</tbody></table></main>'

    def with_names(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("</main>", table))

    with visiting(chromium, place.address, place.year, "ar", 1280) as visitor:
        visitor.sign_in("reviewer")
        visitor.page.route("**/staff", with_names)
        visitor.open("/staff")
        visitor.page.fill("input[data-filters=names]", typed)
        expect(visitor.page.locator("#names tr:not([hidden])")).to_have_text([stored])


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("language", "width"), [("fr", 1280), ("ar", 1280), ("fr", 360), ("ar", 360)])
def test_the_page_of_the_jury_is_in_nobody_s_way(
    chromium: Browser, database: Database, live: str, language: str, width: int
) -> None:
    with test_context(database.system_app):
        intake = read_by_a_jury()
        manager, other = known("selection_manager@inpt.ma"), reader(0)
        with writing():
            keeping.ask(manager, intake)
        assert work() == 1
        with writing():
            tokens = [accounts.open_session(each.account_id or 0) for each in (manager, other)]
        home = f"/staff/intakes/{intake.reference}"
    with visiting(chromium, live, Year(intake), language, width) as visitor:
        page = visitor.page

        def enter(token: str) -> None:
            session = cookie(database, token)["Cookie"].partition("=")[2]
            page.context.add_cookies([{"name": "session", "value": session, "url": live}])

        enter(tokens[0])
        page.goto(f"{home}/harmonisation")
        visitor.look()
        charts: list[list[list[Any]]] = page.evaluate(_PLACES)
        assert len(charts) == 4
        for drawn in charts:
            assert len({tuple(place) for place in drawn}) == 1, drawn
        dots = page.evaluate(_DOTS)
        assert len(dots) == 8 and dots == sorted(dots, reverse=language == "fr")
        page.goto(f"{home}/harmonisation?names=1&basis=weighted")
        visitor.look()
        page.goto(f"{home}/ranking")
        assert page.locator(".notice.stop").count() == 1
        visitor.look()
        enter(tokens[1])
        page.goto("/staff/reviews")
        visitor.look()
