"""The frame of staff at a desk and on a phone: the search by keys, the switch, and the drawer without a script."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Lived
from tests.browser.visits import visiting
from tests.factories.access import COLUMNS, cookie, rows, sessions
from tests.watch import test_context

INTAKE = "/staff/intakes/{intake}"


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_anything_is_found_by_keys_alone(chromium: Browser, place: Lived, language: str) -> None:
    with visiting(chromium, place.address, place.year, language) as visitor:
        visitor.sign_in("selection_manager")
        visitor.open(f"{INTAKE}/applications")
        page, keys = visitor.page, visitor.page.keyboard
        name = page.locator("tbody a[href*='/staff/applications/']").first.inner_text().split()[-1]
        box = page.locator("[data-search] input[name=q]")
        keys.press("Control+k")
        expect(box).to_be_focused()
        keys.type(name)
        hits = page.locator("[data-hits] a")
        expect(hits.first).to_be_visible()
        assert not visitor.barriers()
        keys.press("ArrowDown")
        expect(hits.first).to_be_focused()
        keys.press("ArrowUp")
        expect(box).to_be_focused()
        keys.press("Escape")
        expect(hits.first).to_be_hidden()
        page.locator("main h1").click()
        keys.press("/")
        expect(box).to_be_focused()
        keys.type(name)  # what stood there was chosen, and is replaced
        expect(hits.first).to_be_visible()
        keys.press("ArrowDown")
        with page.expect_navigation():
            keys.press("Enter")
        assert "/staff/applications/" in page.url
        # A slash that is typed into a field is a slash.
        visitor.open("/staff/search")
        field = page.locator("#everything")
        field.click()
        keys.type("a/b")
        assert field.input_value() == "a/b"


def test_search_and_drawer_need_no_script(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, "fr", 360, scripts=False) as visitor:
        visitor.sign_in("selection_manager")
        visitor.open(INTAKE)
        page = visitor.page
        room = page.locator("#navigation a", has_text="Sélection")
        expect(room).to_be_hidden()
        page.locator(".side-drawer > summary").click()
        expect(room).to_be_visible()
        with page.expect_navigation():
            room.click()
        assert page.url.endswith("/ranking")
        page.locator(".search-link").click()
        page.fill("#everything", "mdia")
        visitor.send("main form button[type=submit]")
        assert page.locator("main .hits a").count() > 3
        page.set_viewport_size({"width": 1280, "height": 800})
        expect(page.locator("#navigation a", has_text="Questions")).to_be_visible()
        visitor.open(INTAKE)
        expect(page.locator("#navigation a", has_text="Sélection")).to_be_visible()


def test_another_intake_is_two_clicks_away(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, "fr") as visitor:
        visitor.sign_in("programme_administrator")
        visitor.open(f"{INTAKE}/reports")
        page = visitor.page
        page.locator(".switch > summary").click()
        assert page.locator(".switch [aria-current=true]").count() == 1
        with page.expect_navigation():
            page.locator(".switch .drop-list a:not([aria-current])").first.click()
        assert page.locator("#navigation [aria-current=page]").inner_text().startswith("Vue d’ensemble")
        assert "{intake}".format(**place.year.references) not in page.url


# What stands beside something else, as tall as it is: no list of rows is the page's own there.
BESIDE = {
    "/staff/applications/{application}/company",
    "/staff/applications/{application}/messages",
    "/staff/applications/{application}/pay",
    "/staff/duplicates/{draft}/{twin}",
    "/staff/intakes/{intake}/lots/correct",
    "/staff/intakes/{open_intake}/duplicates",  # without a pair only what was united stands there
    "/staff/imports/{import}",
    "/staff/intakes/{open_intake}/imports",
    "/staff/reports/{report}",
    "/staff/stipends/{paid_run}/list",
}
# Who sees most comes first; a page is opened by the first who is shown it.
READERS = "pmfceuytbr"
# As many rows as a page has; what stands of them, and of their head, before and after they are scrolled.
MEASURE = """() => {
  const list = document.querySelector(".listed");
  const body = list.querySelector("tbody");
  const head = list.querySelector("thead");
  const first = body.rows[0].getBoundingClientRect();
  const heights = [...body.rows].map((row) => row.getBoundingClientRect().height);
  const model = body.rows[0];
  const own = body.rows.length;
  while (body.rows.length < 50) body.append(model.cloneNode(true));
  const seen = () => {
    const frame = list.getBoundingClientRect();
    const bottom = Math.min(frame.bottom, innerHeight);
    const isAway = getComputedStyle(head).position === "absolute";
    const top = Math.max(frame.top, isAway ? 0 : head.rows[0].cells[0].getBoundingClientRect().bottom - 1);
    return [...body.rows].filter((row) => {
      const box = row.getBoundingClientRect();
      return box.top >= top && box.bottom <= bottom + 1;
    }).length;
  };
  const before = seen();
  list.scrollTop = 400;
  const sticks = Math.abs(head.rows[0].cells[0].getBoundingClientRect().top - list.getBoundingClientRect().top) < 3;
  const [after, page] = [seen(), document.documentElement.scrollHeight];
  while (body.rows.length > own) body.lastElementChild.remove();
  list.scrollTop = 0;
  return { top: first.top, most: Math.max(...heights), least: Math.min(...heights), before, after, sticks, page };
}"""


def pages_with_tables(place: Lived) -> tuple[dict[str, list[str]], set[str]]:
    """By the role that opens them, the pages of the table of roles and routes with a list; and those with tables that
    are none."""
    with test_context(place.database.system_app):
        tokens = sessions(place.year)
    client = place.database.app.test_client(use_cookies=False)
    lists: dict[str, list[str]] = {}
    beside: set[str] = set()
    for method, path, cells in rows():
        by_letter = dict(zip(COLUMNS, cells, strict=True))
        reader = next((letter for letter in READERS if by_letter[letter] == "2"), None)
        if method != "GET" or not path.startswith("/staff") or reader is None:
            continue
        try:
            address = path.format(**place.year.references)
        except KeyError:  # a file of the look, no page
            continue
        answer = client.get(address, headers=cookie(place.database, tokens[reader]))
        text = answer.text if answer.mimetype == "text/html" else ""
        if " listed" in text:
            lists.setdefault(COLUMNS[reader], []).append(path)
        elif "table-scroll" in text:
            beside.add(path)
    return lists, beside


def test_each_list_shows_twelve_rows_at_a_desk_and_two_lines_a_row_on_a_phone(
    chromium: Browser, place: Lived
) -> None:
    """By the list of routes, so that no page is left out."""
    lists, beside = pages_with_tables(place)
    assert beside <= BESIDE, beside - BESIDE
    assert sum(map(len, lists.values())) >= 15, lists
    wrong: list[str] = []
    for who, paths in lists.items():
        with visiting(chromium, place.address, place.year, "fr") as visitor:
            visitor.sign_in(who)
            page = visitor.page
            for path in paths:
                page.set_viewport_size({"width": 1280, "height": 800})
                visitor.open(path)
                wrong += visitor.overflow()
                desk = page.evaluate(MEASURE)
                held = desk["top"] <= 220 and desk["least"] >= 36 and desk["most"] <= 44
                if not (held and desk["before"] >= 12 and desk["after"] >= 12 and desk["sticks"]):
                    wrong.append(f"{path} at a desk: {desk}")
                page.set_viewport_size({"width": 360, "height": 800})
                wrong += visitor.overflow()
                phone = page.evaluate(MEASURE)
                if not (phone["least"] >= 44 and phone["most"] <= 76 and phone["page"] <= 8_000):
                    wrong.append(f"{path} on a phone: {phone}")
    assert not wrong, "\n".join(wrong)


def test_a_row_opens_on_a_phone_and_what_is_ticked_stays_in_sight(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, "ar", 360) as visitor:
        visitor.sign_in("selection_manager")
        visitor.open(f"{INTAKE}/applications")
        page = visitor.page
        row = page.locator(".listed tbody tr").first
        hidden = row.locator("td").last
        expect(hidden).to_be_hidden()
        row.locator(".row-opens").click()
        expect(hidden).to_be_visible()
        assert row.locator(".row-opens").get_attribute("aria-expanded") == "true"
        assert not visitor.overflow() and not visitor.barriers()
        row.locator(".row-opens").click()
        expect(hidden).to_be_hidden()
        row.locator("input[type=checkbox]").check()
        page.evaluate("document.querySelector('.listed').scrollIntoView()")
        bar = page.locator("form.bulk").bounding_box()
        assert bar is not None and 0 <= bar["y"] <= 800
    with visiting(chromium, place.address, place.year, "fr", 360, scripts=False) as visitor:
        visitor.sign_in("selection_manager")
        visitor.open(f"{INTAKE}/applications")
        expect(visitor.page.locator(".listed tbody tr td").last).to_be_visible()


def test_title_filters_and_first_row_stand_within_220_pixels(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, "fr") as visitor:
        visitor.sign_in("selection_manager")
        visitor.open(f"{INTAKE}/applications")
        page = visitor.page
        for part in ("main h1", "main .filters", "main tbody tr"):
            box = page.locator(part).first.bounding_box()
            assert box is not None and box["y"] <= 220, (part, box)
        labels = page.locator("main form.filters > .field > label")
        boxes = [each.bounding_box() for each in labels.all()]
        assert all(
            one and other and one["x"] + one["width"] <= other["x"]
            for one, other in zip(boxes, boxes[1:], strict=False)
        )


def test_a_name_in_the_ranking_leads_to_the_reading_and_its_marks(chromium: Browser, place: Lived) -> None:
    """Without a script: name, tabs, one reading and back; its answers have room, which they once had not."""
    with visiting(chromium, place.address, place.year, "fr", scripts=False) as visitor:
        visitor.sign_in("selection_manager")
        visitor.open(f"{INTAKE}/ranking")
        page = visitor.page
        with page.expect_navigation():
            page.locator("tbody th a").first.click()
        here = page.locator("nav.tabs a[aria-current=page]")
        expect(here).to_have_text("Lectures et décision")
        person = page.locator("h1").inner_text()
        box = page.locator("nav.tabs").bounding_box()
        assert box is not None and box["y"] <= 260, box
        with page.expect_navigation():
            page.get_by_role("link", name="Ouvrir cette lecture").first.click()
        answers = page.locator(".doc .answers dd")
        assert answers.count() > 2
        for each in answers.all():
            wide = each.bounding_box()
            assert wide is not None and wide["height"] < 8 * wide["width"], "letters stand below each other"
        expect(page.locator("h1")).to_contain_text(person.splitlines()[0].split("\u200f")[0].split()[0])
        with page.expect_navigation():
            page.locator("h1 a").click()
        with page.expect_navigation():
            page.locator("nav.tabs a", has_text="Parcours").click()
        assert page.locator(".history > li").count() > 5


# Where the scale of a column and a drawing of it begin, how long they are, and whether what is said beside is whole.
DRAWN = """() => {
    const span = (each) => { const box = each.getBoundingClientRect(); return [box.left, box.width]; };
    const cell = document.querySelector("tbody td:has(.band)");
    return [span(document.querySelector(".band-scale")), span(cell.querySelector(".band")),
        cell.scrollWidth <= cell.clientWidth];
}"""
# Gives the first row's person a long Latin name, and returns whether its first letter stands within the row.
BEGINS = """() => {
    const name = document.querySelector("tbody th bdi:not(.ref)");
    name.textContent = "Fatima-Zahra Benabdellah El Idrissi El Alaoui Guerraoui";
    const first = document.createRange();
    first.setStart(name.firstChild, 0);
    first.setEnd(name.firstChild, 1);
    const [letter, frame, row] = [first, name, name.closest("th")].map((each) => each.getBoundingClientRect());
    return [frame, row].every((each) => letter.left >= each.left - 1 && letter.right <= each.right + 1);
}"""


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_a_drawn_column_stands_below_its_scale_with_its_figures_whole(
    chromium: Browser, place: Lived, language: str
) -> None:
    """A dot below another figure of the scale says another mark."""
    with visiting(chromium, place.address, place.year, language) as visitor:
        visitor.sign_in("selection_manager")
        visitor.open(f"{INTAKE}/ranking")
        scale, band, whole = visitor.page.evaluate(DRAWN)
        assert scale == pytest.approx(band, abs=1)
        assert whole


@pytest.mark.parametrize("page", ["ranking", "applications"])
def test_a_latin_name_between_arabic_words_is_cut_at_its_end(
    chromium: Browser, place: Lived, page: str
) -> None:
    with visiting(chromium, place.address, place.year, "ar", 360) as visitor:
        visitor.sign_in("selection_manager")
        visitor.open(f"{INTAKE}/{page}")
        assert visitor.page.evaluate(BEGINS)
        assert not visitor.overflow()
