"""Marks of a reader whose network, server or other device is in the way: each waits, arrives in order, or says why."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from cohortmgr.base.db import writing
from cohortmgr.reviews.reading import actions as reading
from tests.browser.test_reading import arrives, in_memory, kept, order, year
from tests.browser.visits import visiting
from tests.databases import Database
from tests.factories.year import Year
from tests.watch import test_context

__all__ = ["year"]
pytestmark = pytest.mark.sqlite_only


def test_without_network_marks_wait_and_leave_in_order(
    chromium: Browser, database: Database, live: str, year: Year
) -> None:
    with test_context(database.system_app):
        queue = order(year)
    with visiting(chromium, live, year, "ar", 360) as visitor:
        page = visitor.page
        visitor.sign_in("reviewer")
        page.goto(f"/staff/reviews/{queue[0]}")
        in_memory(page, 5)
        page.context.set_offline(True)
        for place in range(3):
            expect(page.locator(f"[data-here='{queue[place]}']")).to_be_visible()
            for _each in range(4):
                page.keyboard.press(str(place))
            page.keyboard.press("Enter")
        expect(page.locator(f"[data-here='{queue[3]}']")).to_be_visible()
        assert {state for state, _marks in kept(database, queue)} == {"reopened"}
        stored = page.evaluate("() => Object.entries(localStorage).map(([key, value]) => key + value).join()")
        assert "readings:" in stored and "Informatique" not in stored
        page.locator("[data-drop] summary").last.click()
        page.locator("[data-drop] form[data-forget] button").click()
        expect(page.locator("#unsent [data-unsent]")).to_have_text("3")
        visitor.look()
        page.locator("#unsent button[value=stay]").click()
        page.context.set_offline(False)
        for place in range(3):
            arrives(database, queue[place], "submitted", [place] * 4)
        page.wait_for_function("() => !Object.keys(localStorage).some((key) => key.startsWith('readings'))")


def test_of_a_file_that_was_marked_elsewhere_both_versions_are_shown(
    chromium: Browser, database: Database, live: str, year: Year
) -> None:
    with test_context(database.system_app):
        queue = order(year)
    with visiting(chromium, live, year) as visitor:
        page = visitor.page
        visitor.sign_in("reviewer")
        page.goto(f"/staff/reviews/{queue[0]}")
        page.context.set_offline(True)
        for _each in range(4):
            page.keyboard.press("1")
        with test_context(database.system_app), writing():
            keys = ("resultats", "bases", "projet", "langues")
            reading.draft(year.viewer("reviewer"), queue[0], dict.fromkeys(keys, 5), "Ailleurs")
        page.context.set_offline(False)
        clash = page.locator("[data-clashes] .notice")
        expect(clash).to_contain_text("1 · 1 · 1 · 1")
        expect(clash).to_contain_text("5 · 5 · 5 · 5 « Ailleurs »")
        visitor.look()
        with page.expect_navigation():
            clash.locator("[data-clash-take]").click()
        assert kept(database, queue[:1])[0][1] == [1, 1, 1, 1]
        expect(page.locator("[data-clashes] .notice")).to_have_count(0)


def test_marks_that_wait_rest_on_the_version_of_which_they_were_made(
    chromium: Browser, database: Database, live: str, year: Year
) -> None:
    with test_context(database.system_app):
        queue = order(year)
    (before,) = (marks for _state, marks in kept(database, queue[:1]))
    with visiting(chromium, live, year) as visitor:
        page = visitor.page
        visitor.sign_in("reviewer")
        page.route("**/draft", lambda route: route.abort())
        page.goto(f"/staff/reviews/{queue[0]}")
        version = page.locator("[data-rubric] input[name=version]").input_value()
        page.keyboard.press("1")
        page.keyboard.press("d")
        with test_context(database.system_app), writing():
            elsewhere = {"resultats": 5, "bases": 5}
            reading.draft(year.viewer("reviewer"), queue[0], elsewhere, "Ailleurs")
        page.reload()
        expect(page.locator("#to_discuss")).to_be_checked()
        expect(page.locator("input[name=score-resultats]:checked")).to_have_value("1")
        expect(page.locator("input[name=score-bases]:checked")).to_have_value(str(before[1]))
        expect(page.locator("#comment")).to_have_value("")
        assert page.locator("[data-rubric] input[name=version]").input_value() == version
        page.locator("input[name=score-bases]").first.focus()
        page.keyboard.press("2")
        page.unroute("**/draft")
        page.evaluate("() => window.dispatchEvent(new Event('online'))")
        clash = page.locator("[data-clashes] .notice")
        expect(clash).to_contain_text(f"1 · 2 · {before[2]} · {before[3]}")
        expect(clash).to_contain_text("5 · 5 · – · – « Ailleurs »")
        assert kept(database, queue[:1])[0][1] == [5, 5], "what came in between is not taken away unasked"


def test_marks_whose_answer_was_lost_are_no_clash_with_themselves(
    chromium: Browser, database: Database, live: str, year: Year
) -> None:
    with test_context(database.system_app):
        queue = order(year)
    (before,) = (marks for _state, marks in kept(database, queue[:1]))
    with visiting(chromium, live, year) as visitor:
        page = visitor.page
        visitor.sign_in("reviewer")
        page.goto(f"/staff/reviews/{queue[0]}")
        page.route("**/draft", lambda route: (route.fetch(), route.abort()))
        page.keyboard.press("1")
        expect(page.locator("[data-kept]")).to_have_text("Attend le réseau")
        assert kept(database, queue[:1]) == [("reopened", [1, *before[1:]])], "it had arrived"
        page.unroute("**/draft")
        page.keyboard.press("2")
        arrives(database, queue[0], "reopened", [1, 2, *before[2:]])
        expect(page.locator("[data-clashes] .notice")).to_have_count(0)


@pytest.mark.parametrize(
    ("status", "kind", "said", "ways"),
    [
        (403, "text/html", "Vous n’avez plus le droit", ["again", "in", "copy", "drop"]),
        (404, "text/html", "ne vous est plus confié", ["again", "in", "copy", "drop"]),
        (413, "text/html", "trop long pour être envoyé", ["copy", "drop"]),
        (409, "text/html", "(code 409)", ["again", "copy", "drop"]),
    ],
)
def test_each_answer_says_what_happened_and_has_a_way_out(
    chromium: Browser,
    database: Database,
    live: str,
    year: Year,
    status: int,
    kind: str,
    said: str,
    ways: list[str],
) -> None:
    with test_context(database.system_app):
        queue = order(year)
    (before,) = (marks for _state, marks in kept(database, queue[:1]))
    with visiting(chromium, live, year, width=360) as visitor:
        page = visitor.page
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        visitor.sign_in("reviewer")
        page.goto(f"/staff/reviews/{queue[0]}")
        page.route(
            "**/draft", lambda route: route.fulfill(status=status, content_type=kind, body="<p>Non</p>")
        )
        page.keyboard.press("4")
        clash = page.locator("[data-clashes] .notice")
        expect(clash).to_contain_text(said)
        expect(clash).to_contain_text("Sur cet appareil")
        shown = [
            each
            for each in ("take", "again", "in", "copy", "drop")
            if clash.locator(f"[data-clash-{each}]").is_visible()
        ]
        assert shown == ways
        visitor.look()
        clash.locator("[data-clash-copy]").click()
        expect(clash.locator("[data-clash-copy]")).to_have_text("Copié")
        assert "4" in page.evaluate("() => navigator.clipboard.readText()")
        page.unroute("**/draft")
        if "again" in ways:
            clash.locator("[data-clash-again]").click()
            arrives(database, queue[0], "reopened", [4, *before[1:]])
        else:
            clash.locator("[data-clash-drop]").click()
        expect(clash).to_have_count(0)


def test_a_gate_that_answers_in_the_server_s_place_takes_no_marks(
    chromium: Browser, database: Database, live: str, year: Year
) -> None:
    with test_context(database.system_app):
        queue = order(year)
    (before,) = (marks for _state, marks in kept(database, queue[:1]))
    with visiting(chromium, live, year) as visitor:
        page = visitor.page
        visitor.sign_in("reviewer")
        page.goto(f"/staff/reviews/{queue[0]}")
        page.route(
            "**/draft", lambda route: route.fulfill(status=200, content_type="text/html", body="Wi-Fi")
        )
        page.keyboard.press("4")
        expect(page.locator("[data-kept]")).to_have_text("Attend le réseau")
        page.unroute("**/draft")
        page.evaluate("() => window.dispatchEvent(new Event('online'))")
        arrives(database, queue[0], "reopened", [4, *before[1:]])
