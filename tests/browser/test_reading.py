"""A reader’s day in a browser: on keys, the next file at once, marks that wait for the network and arrive in order."""

from __future__ import annotations

import time
from collections.abc import Sequence
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from cohortmgr.accounts.actions import people as accounts
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.applications.documents.actions import papers
from cohortmgr.applications.documents.actions.receiving import prepare_document
from cohortmgr.applications.documents.tasks import examine_next
from cohortmgr.applications.file.models import Application, Document
from cohortmgr.base.db import db, writing
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of, intake_of
from cohortmgr.reviews.assignment.actions import sharing
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.phases import queries as phases
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from tests.browser.visits import visiting
from tests.databases import Database
from tests.factories.access import cookie
from tests.factories.choices import phased, readers, sent, someone
from tests.factories.year import PASSWORD, Year, read
from tests.integration.applications.documents.photos import photo
from tests.integration.selection.sealing.acts import bounded, save
from tests.watch import test_context

pytestmark = pytest.mark.sqlite_only
REASON = "À revoir."
# From Enter to the next file; a machine that does four things at once is given more.
MOST_MS = 200


@pytest.fixture
def year(database: Database) -> Year:
    """Every reading is open again, so that none lies far from another, and nothing is proposed yet."""
    with test_context(database.system_app):
        lived = read(PASSWORD)
        with writing():
            for reference in db.session.scalars(
                sa.select(Review.reference).where(Review.state == "submitted")
            ):
                reading.reopen(lived.viewer("selection_manager"), reference, REASON)
            db.session.execute(sa.update(Review).values(discussed_at=None))
    return lived


def order(year: Year) -> list[str]:
    return [row.reference for row in own.queue(year.viewer("reviewer"))]


def kept(database: Database, references: Sequence[str]) -> list[tuple[str, list[int]]]:
    """(state, marks) of each reading."""
    with test_context(database.system_app):
        db.session.expire_all()
        rows = db.session.scalars(sa.select(Review).where(Review.reference.in_(references)))
        found = {row.reference: (row.state, [*row.scores.values()]) for row in rows}
        return [found[each] for each in references]


def arrives(database: Database, reference: str, state: str, marks: list[int]) -> None:
    for _try in range(60):
        if kept(database, [reference]) == [(state, marks)]:
            return
        time.sleep(0.1)
    assert kept(database, [reference]) == [(state, marks)]


def here(page: Page) -> str:
    return urlsplit(page.url).path.rpartition("/")[2]


def in_memory(page: Page, number: int) -> None:
    """The next pages are there."""
    page.wait_for_function("number => globalThis.readingPages.held() >= number", arg=number)


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_a_file_is_read_on_keys_alone(
    chromium: Browser, database: Database, live: str, year: Year, language: str
) -> None:
    with test_context(database.system_app):
        queue = order(year)
    with visiting(chromium, live, year, language) as visitor:
        page = visitor.page
        visitor.sign_in("reviewer")
        page.goto(f"/staff/reviews/{queue[0]}")
        boxes = [each.bounding_box() for each in page.locator("[data-criterion]").all()]
        button = page.locator(".rubric-foot button[type=submit]").bounding_box()
        assert len(boxes) == 4 and all(box and box["y"] + box["height"] <= 800 for box in [*boxes, button])
        for figure in "4352":
            page.keyboard.press(figure)
        arrives(database, queue[0], "reopened", [4, 3, 5, 2])
        assert page.locator("[data-rubric] .anchors[open]").count() == 0
        page.keyboard.press("c")
        expect(page.locator("#comment")).to_be_focused()
        page.keyboard.type("Jj")
        page.keyboard.press("Escape")
        page.keyboard.press("d")
        expect(page.locator("#to_discuss")).to_be_checked()
        page.keyboard.press("z")
        expect(page.locator("[data-keys][data-zoomed]")).to_be_visible()
        page.keyboard.press("?")
        expect(page.locator("#keys")).to_be_visible()
        visitor.look()
        page.keyboard.press("Escape")
        page.locator("[data-criterion] input:checked").first.focus()
        in_memory(page, 5)
        page.keyboard.press("j")
        expect(page.locator(f"[data-here='{queue[1]}']")).to_be_visible()
        page.keyboard.press("k")
        expect(page.locator(f"[data-here='{queue[0]}']")).to_be_visible()
        expect(page.locator("#comment")).to_have_value("Jj")
        in_memory(page, 5)
        page.evaluate("() => { window.untouched = true; }")
        taken = page.evaluate(
            """() => new Promise((done) => {
              const began = performance.now();
              const painted = () => requestAnimationFrame(() => done(performance.now() - began));
              document.addEventListener("reading-shown", painted);
              document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
            })"""
        )
        assert taken < MOST_MS, taken
        assert here(page) == queue[1] and page.evaluate("window.untouched"), "no page was loaded"
        arrives(database, queue[0], "submitted", [4, 3, 5, 2])
        visitor.look()
        with page.expect_navigation():
            page.keyboard.press("u")
        assert here(page) == queue[0], page.locator("[data-error-summary]").inner_text()
        assert kept(database, queue[:1])[0][0] == "reopened"


def test_the_last_file_leads_back_to_the_list(
    chromium: Browser, database: Database, live: str, year: Year
) -> None:
    with test_context(database.system_app):
        queue = order(year)
    with visiting(chromium, live, year) as visitor:
        page = visitor.page
        visitor.sign_in("reviewer")
        page.goto(f"/staff/reviews/{queue[0]}")
        for place, reference in enumerate(queue):
            expect(page.locator(f"[data-here='{reference}']")).to_be_visible()
            expect(page.locator("[data-done]")).to_have_text(str(place))
            for _each in range(4):
                page.keyboard.press("3")
            page.keyboard.press("Enter")
        page.wait_for_url("**/staff/reviews")
        assert {state for state, _marks in kept(database, queue)} == {"submitted"}


def test_without_scripts_a_reading_is_handed_in_by_its_button(
    chromium: Browser, database: Database, live: str, year: Year
) -> None:
    with test_context(database.system_app):
        queue = order(year)
    with visiting(chromium, live, year, width=360, scripts=False) as visitor:
        page = visitor.page
        visitor.sign_in("reviewer")
        page.goto(f"/staff/reviews/{queue[0]}")
        for each in page.locator("[data-criterion]").all():
            each.locator("label").nth(4).click()
        visitor.send(".rubric-foot button[type=submit]")
        assert here(page) == queue[1]
        assert kept(database, queue[:1]) == [("submitted", [4, 4, 4, 4])]


def with_papers(database: Database, year: Year) -> list[str]:
    """The readings of the queue; the files of the first two have two papers of two pages each."""
    with test_context(database.system_app):
        queue = order(year)
        for review in db.session.scalars(sa.select(Review).where(Review.reference.in_(queue[:2]))).all():
            form = definition_of(db.session.get_one(Intake, review.intake_id)).form
            for key in ("transcripts", "diploma"):
                pages = [photo("white", (1500, 2100)), photo("yellow", (1500, 2100))]
                parts = [prepare_document(form.question(key), "page.jpg", each).part for each in pages]
                standing = sa.select(Document).where(
                    Document.application_id == review.application_id,
                    Document.question == key,
                    Document.replaced_at.is_(None),
                )
                with writing() as session:
                    before = session.scalars(standing).one_or_none()
                    file = session.get_one(Application, review.application_id)
                    papers.join(SYSTEM, file, before, key, parts)
        while examine_next():
            continue
    return queue


# Whether a picture is there, and wider than so many points.
IS_WIDER = "([place, least]) => document.querySelectorAll('[data-paper] img')[place].naturalWidth > least"
SCROLLED = "() => [...document.querySelectorAll('.cockpit > *')].map((each) => each.scrollTop)"


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_pages_stand_beside_the_rubric_and_each_pane_scrolls_by_itself(
    chromium: Browser, database: Database, live: str, year: Year, language: str
) -> None:
    queue = with_papers(database, year)
    with visiting(chromium, live, year, language) as visitor:
        page = visitor.page
        asked: list[str] = []
        page.on("request", lambda each: asked.append(each.url) if "/pages/" in each.url else None)
        visitor.sign_in("reviewer")
        page.goto(f"/staff/reviews/{queue[0]}")
        in_memory(page, 5)
        assert not [each for each in asked if queue[1] in each], "what is fetched ahead asks for no picture"
        heights = [each.bounding_box() for each in page.locator("[data-paper] img").all()]
        page.keyboard.press("p")
        expect(page.locator("[data-paper]").first).to_be_focused()
        expect(page.locator("[data-paper]").first).to_be_in_viewport()
        page.wait_for_function(IS_WIDER, arg=[0, 0])
        after = [each.bounding_box() for each in page.locator("[data-paper] img").all()]
        assert [each and each["height"] for each in heights] == [each and each["height"] for each in after]
        file, rubric = (
            page.locator("[data-file]").bounding_box(),
            page.locator("[data-rubric]").bounding_box(),
        )
        assert file and rubric and file["height"] == rubric["height"] <= 800
        assert page.evaluate(SCROLLED)[1] > 0 and page.evaluate("() => scrollY") == 0
        boxes = [each.bounding_box() for each in page.locator("[data-criterion]").all()]
        button = page.locator(".rubric-foot button[type=submit]").bounding_box()
        assert all(box and box["y"] >= 0 and box["y"] + box["height"] <= 800 for box in [*boxes, button])
        page.keyboard.press("p")
        expect(page.locator("[data-paper]").nth(1)).to_be_focused()
        small = page.locator("[data-paper] img").nth(2).bounding_box()
        page.keyboard.press("z")
        large = page.locator("[data-paper] img").nth(2).bounding_box()
        assert small and large and large["width"] > 1.5 * small["width"]
        page.wait_for_function(IS_WIDER, arg=[2, 720])
        boxes = [each.bounding_box() for each in page.locator("[data-criterion]").all()]
        assert all(box and box["y"] + box["height"] <= 800 for box in boxes), "the rubric stays in sight"
        visitor.look()
        page.keyboard.press("Escape")
        expect(page.locator("[data-zoomed]")).to_have_count(0)
        page.locator("[data-paper] a[data-zooms]").nth(2).click()
        expect(page.locator("[data-zoomed]")).to_have_count(1)
        page.keyboard.press("z")
        for figure in "4352":
            page.keyboard.press(figure)
        arrives(database, queue[0], "reopened", [4, 3, 5, 2])
        page.keyboard.press("Enter")
        expect(page.locator(f"[data-here='{queue[1]}']")).to_be_visible()
        page.keyboard.press("p")
        page.wait_for_function(IS_WIDER, arg=[0, 0])
        kept = page.evaluate(
            """async () => [await caches.keys(), Object.values(localStorage).filter((each) => each.includes("/pages/")),
              (await navigator.serviceWorker.getRegistrations()).length]"""
        )
        assert kept == [[], [], 0], "no picture stays on the device"


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_on_a_telephone_a_paper_opens_over_the_page_with_the_criterion_at_its_foot(
    chromium: Browser, database: Database, live: str, year: Year, language: str
) -> None:
    queue = with_papers(database, year)
    ((_state, before),) = kept(database, queue[:1])
    with visiting(chromium, live, year, language, 360) as visitor:
        page = visitor.page
        visitor.sign_in("reviewer")
        page.goto(f"/staff/reviews/{queue[0]}")
        expect(page.locator("[data-paper]").first).to_be_hidden()
        page.locator("#papers a").first.click()
        paper = page.locator("[data-paper]").first
        assert paper.bounding_box() == {"x": 0, "y": 0, "width": 360, "height": 800}
        page.wait_for_function(IS_WIDER, arg=[0, 0])
        criterion = page.locator("[data-criterion][data-current]")
        expect(criterion).to_be_in_viewport(ratio=1)
        visitor.look()
        criterion.locator("label").nth(4).click()
        expect(criterion.locator("input").nth(4)).to_be_checked()
        page.locator("[data-step='1']").click()
        expect(page.locator("[data-criterion]").nth(1)).to_be_in_viewport(ratio=1)
        expect(paper).to_be_visible()
        page.locator("[data-paper] [data-zooms]").first.click()
        page.wait_for_function("() => document.querySelector('[data-paper] img').width > 600")
        visitor.look()
        page.keyboard.press("p")
        expect(paper).to_be_hidden()
        expect(page.locator("[data-paper]").nth(1)).to_be_visible()
        page.locator("[data-paper]").nth(1).locator(".paper-close").click()
        expect(page.locator("[data-paper]").nth(1)).to_be_hidden()
        expect(page.locator("#papers")).to_be_in_viewport()
        assert here(page) == queue[0], "closing a paper leaves the file open"
        arrives(database, queue[0], "reopened", [4, *before[1:]])


def test_without_scripts_a_paper_opens_and_closes_on_a_telephone(
    chromium: Browser, database: Database, live: str, year: Year
) -> None:
    queue = with_papers(database, year)
    with visiting(chromium, live, year, width=360, scripts=False) as visitor:
        page = visitor.page
        visitor.sign_in("reviewer")
        page.goto(f"/staff/reviews/{queue[0]}")
        page.locator("#papers a").nth(1).click()
        expect(page.locator("[data-paper]").nth(1)).to_be_visible()
        expect(page.locator("[data-paper] img").nth(2)).to_be_visible()
        page.locator("[data-paper]").nth(1).locator(".paper-close").click()
        expect(page.locator("[data-paper]").nth(1)).to_be_hidden()


@pytest.mark.parametrize(("language", "width"), [("fr", 1280), ("ar", 360)])
def test_the_pages_of_phases_are_in_nobody_s_way(
    chromium: Browser, database: Database, live: str, language: str, width: int
) -> None:
    with test_context(database.system_app):
        intake = phased(4, goes_on=2)
        manager, (reader,) = someone(intake, Role.SELECTION_MANAGER), readers(intake, 1)
        author = someone(intake, Role.PROGRAMME_ADMINISTRATOR)
        with writing():
            sharing.assign(manager, intake.reference)
            for row in own.queue(reader):
                reading.score(
                    reader, row.reference, dict.fromkeys(("resultats", "bases", "projet", "langues"), 3)
                )
        file = phases.files_in(intake, "dossiers")["MDIA-000001"].reference
        home = f"/staff/intakes/{intake.reference}"
        with writing():
            tokens = [accounts.open_session(each.account_id or 0) for each in (manager, author)]
    seen = (
        (0, f"{home}/phases"), (0, f"{home}/phases/epreuve/results"), (0, f"{home}/ranking"),
        (0, f"/staff/applications/{file}/readings"), (1, "/staff/programmes/mdia/rubric"),
        (1, "/staff/programmes/mdia/rubric/phases/points"), (1, "/staff/programmes/mdia/rubric/phases/entretien"),
        (1, "/staff/programmes/mdia/rubric/criteria/moyenne"), (1, "/programmes/mdia"),
    )  # fmt: skip
    with visiting(chromium, live, Year(intake), language, width) as visitor:
        for number, path in seen:
            session = cookie(database, tokens[number])["Cookie"].partition("=")[2]
            visitor.page.context.add_cookies([{"name": "session", "value": session, "url": live}])
            visitor.page.goto(path)
            visitor.look()
        visitor.page.context.add_cookies(
            [
                {
                    "name": "session",
                    "value": cookie(database, tokens[0])["Cookie"].partition("=")[2],
                    "url": live,
                }
            ]
        )
        visitor.page.goto(f"{home}/phases")
        visitor.send("form[action$='/close'] button[type=submit]")
        assert visitor.page.url.endswith("/phases")
        visitor.look()
    with test_context(database.system_app):
        assert len(phases.files_in(intake_of("mdia", "2025"), "epreuve")) == 4, "all are equal, and all go on"


@pytest.mark.parametrize("scripts", [True, False])
def test_before_the_seal_the_button_keeps_the_marks_and_shows_the_next_file(
    chromium: Browser, database: Database, live: str, scripts: bool
) -> None:
    with test_context(database.system_app):
        intake = sent(3)
        manager, (reader, _other) = someone(intake, Role.SELECTION_MANAGER), readers(intake, 2)
        with writing():
            sharing.assign(manager, intake.reference)
        save(intake, bounded(intake))
        references = [row.reference for row in own.queue(reader)]
        with writing():
            token = accounts.open_session(reader.account_id or 0)
    with visiting(chromium, live, Year(intake), scripts=scripts) as visitor:
        page = visitor.page
        session = cookie(database, token)["Cookie"].partition("=")[2]
        page.context.add_cookies([{"name": "session", "value": session, "url": live}])
        page.goto(f"/staff/reviews/{references[0]}")
        for mark, here, following in zip((2, 3), references, references[1:], strict=False):
            form = page.locator(f'form[data-rubric][data-read="{here}"]')
            for key in ("resultats", "bases", "projet", "langues"):
                form.locator(f"[name=score-{key}][value='{mark}']").check(force=True)
            form.get_by_role("button", name="Garder et continuer").click()
            expect(page.locator(f'form[data-rubric][data-read="{following}"]')).to_be_visible()
            arrives(database, here, "drafted", [mark] * 4)
        expect(page.get_by_text("Ces notes n’ont pas été prises")).to_have_count(0)
