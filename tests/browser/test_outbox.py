"""Marks of a reader whose network, server or other device is in the way: each waits, arrives in order, or says why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from cohortmgr.base.db import db, writing
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.reading import actions as reading
from tests.browser.test_reading import arrives, in_memory, kept, order, year
from tests.browser.visits import Visitor, visiting
from tests.databases import Database
from tests.factories.year import Year
from tests.watch import test_context

__all__ = ["year"]
pytestmark = pytest.mark.sqlite_only


@contextmanager
def at_first_file(
    chromium: Browser, database: Database, live: str, year: Year, language: str = "fr", width: int = 1280
) -> Iterator[tuple[Visitor, list[str]]]:
    """A reader's browser at the first of their files, and the references of all of these."""
    with test_context(database.system_app):
        queue = order(year)
    with visiting(chromium, live, year, language, width) as visitor:
        visitor.sign_in("reviewer")
        visitor.page.goto(f"/staff/reviews/{queue[0]}")
        yield visitor, queue


def test_without_network_marks_wait_and_leave_in_order(
    chromium: Browser, database: Database, live: str, year: Year
) -> None:
    with at_first_file(chromium, database, live, year, "ar", 360) as (visitor, queue):
        page = visitor.page
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
    with at_first_file(chromium, database, live, year) as (visitor, queue):
        page = visitor.page
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
    with at_first_file(chromium, database, live, year) as (visitor, queue):
        page = visitor.page
        (before,) = (marks for _state, marks in kept(database, queue[:1]))
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
    with at_first_file(chromium, database, live, year) as (visitor, queue):
        page = visitor.page
        (before,) = (marks for _state, marks in kept(database, queue[:1]))
        page.route(
            "**/draft", lambda route: route.fulfill(status=200, content_type="text/html", body="Wi-Fi")
        )
        page.keyboard.press("4")
        expect(page.locator("[data-kept]")).to_have_text("Attend le réseau")
        page.unroute("**/draft")
        page.evaluate("() => window.dispatchEvent(new Event('online'))")
        arrives(database, queue[0], "reopened", [4, *before[1:]])


@pytest.mark.parametrize(("language", "width"), [("fr", 1280), ("ar", 360)])
def test_a_missing_mark_is_said_without_network_and_what_was_written_stays(
    chromium: Browser, database: Database, live: str, year: Year, language: str, width: int
) -> None:
    with test_context(database.system_app), writing():
        queue = order(year)
        reading.draft(year.viewer("reviewer"), queue[1], {"resultats": 3}, "")
    with visiting(chromium, live, year, language, width) as visitor:
        page = visitor.page
        visitor.sign_in("reviewer")
        page.goto(f"/staff/reviews/{queue[0]}")
        in_memory(page, 5)
        page.keyboard.press("j")
        expect(page.locator(f"[data-here='{queue[1]}']")).to_be_visible()
        page.context.set_offline(True)
        page.keyboard.press("c")
        page.keyboard.type("À revoir")
        page.keyboard.press("Escape")
        page.keyboard.press("Enter")
        said = page.locator("[data-criterion] .field-error")
        expect(said).to_have_count(3)
        expect(page.locator("[data-criterion]:focus-within")).to_have_attribute("id", "score-bases")
        expect(said.first).to_be_in_viewport()
        expect(page.locator("#comment")).to_have_value("À revoir")
        visitor.look()
        page.keyboard.press("4")
        expect(said).to_have_count(2)
        page.context.set_offline(False)
        arrives(database, queue[1], "reopened", [3, 4])
    with test_context(database.system_app):
        comment = db.session.scalar(sa.select(Review.comment).where(Review.reference == queue[1]))
    assert comment == "À revoir"


def test_the_last_file_is_handed_in_once_there_is_network_again(
    chromium: Browser, database: Database, live: str, year: Year
) -> None:
    with at_first_file(chromium, database, live, year) as (visitor, queue):
        page = visitor.page
        page.evaluate("() => { globalThis.readingPages.next = () => undefined; }")
        for figure in "4352":
            page.keyboard.press(figure)
        arrives(database, queue[0], "reopened", [4, 3, 5, 2])
        page.context.set_offline(True)
        page.keyboard.press("Enter")
        expect(page.locator("[data-kept]")).not_to_be_empty()
        assert page.locator(f"[data-here='{queue[0]}']").is_visible()
        page.context.set_offline(False)
        arrives(database, queue[0], "submitted", [4, 3, 5, 2])


def test_a_hand_in_that_was_not_taken_is_not_counted(
    chromium: Browser, database: Database, live: str, year: Year
) -> None:
    with at_first_file(chromium, database, live, year) as (visitor, queue):
        page = visitor.page
        in_memory(page, 5)
        page.context.set_offline(True)
        for _each in range(4):
            page.keyboard.press("1")
        page.keyboard.press("Enter")
        expect(page.locator("h1 [data-done]")).to_have_text("1")
        expect(page.locator(f"[data-row='{queue[0]}'][data-handed]")).to_have_count(1)
        with test_context(database.system_app), writing():
            keys = ("resultats", "bases", "projet", "langues")
            reading.draft(year.viewer("reviewer"), queue[0], dict.fromkeys(keys, 5), "Ailleurs")
        page.context.set_offline(False)
        expect(page.locator("[data-clashes] .notice")).to_be_visible()
        expect(page.locator("h1 [data-done]")).to_have_text("0")
        expect(page.locator(f"[data-row='{queue[0]}'][data-handed]")).to_have_count(0)
        expect(page.locator("form[data-undo]")).to_be_hidden()
