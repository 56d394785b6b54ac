from __future__ import annotations
import pytest
from tests.browser.test_reading import with_papers, year
from tests.browser.visits import visiting

pytestmark = pytest.mark.sqlite_only


def test_look(chromium, database, live, year):
    queue = with_papers(database, year)
    for lang in ("fr", "ar"):
        for width in (1280, 360):
            with visiting(chromium, live, year, lang, width) as v:
                v.sign_in("reviewer")
                v.page.goto(f"/staff/reviews/{queue[0]}")
                v.page.screenshot(path=f"/tmp/look/{lang}-{width}-a.png")
                v.page.keyboard.press("p")
                v.page.wait_for_timeout(1500)
                v.page.screenshot(path=f"/tmp/look/{lang}-{width}-p.png")
                v.page.keyboard.press("z")
                v.page.wait_for_timeout(1000)
                v.page.screenshot(path=f"/tmp/look/{lang}-{width}-z.png")
