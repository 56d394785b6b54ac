"""Each order, search and filter of a list of 20,000 files reads a few blocks, by the role behind the walls."""

from __future__ import annotations

import html
import re
from urllib.parse import urlencode

import pytest

from bench.country import cin_of, phone_of
from bench.statements import explained
from cohortmgr.applications.lists.filters import OUTCOMES, SORTS
from cohortmgr.applications.searching import queries as searching
from cohortmgr.base.db import db, see
from tests.many.conftest import FILES, Many, Opened

# A page counts and walks a thousand rows at most, and looks up a few blocks for each, in an intake of any size.
MOST_BLOCKS = 8_000
SHOWN = 50
# What a search is, and how many files its first page shows where there are fewer than fifty.
SEARCHES = {
    "a reference": ("{reference}", 1),
    "a number": ("{number}", 1),
    "a number without its prefix": ("{digits}", 1),
    "the beginning of a number": ("{beginning}", SHOWN - 1),
    "an identity number": ("{cin}", 1),
    "a telephone": ("{phone}", 1),
    "an address": ("{email}", 1),
    "a family name": ("benjelloun", SHOWN),
    "a family name in two words": ("el amrani", SHOWN),
    "and in one": ("elamrani", SHOWN),
    "a full name": ("salma el amrani", SHOWN - 1),
    "a long name": ("Fatima-Zahra Idrissi", SHOWN - 1),
    "an Arabic name": ("العمراني", SHOWN),
    "an Arabic name of two words": ("عبد الإله بنجلون", SHOWN - 1),
    "two beginnings": ("you taz", SHOWN - 1),
    "a beginning of two letters": ("el", SHOWN),
    "a beginning that all have": ("mdia", SHOWN),
    "one letter": ("a", SHOWN),
    "a name that nobody has": ("zzzyx", 0),
    "names that nobody has together": ("salma youssef imane", 0),
}
FILTERS = (
    "documents=yes", "documents=no", "note=yes", "note=no", "correction=asked", "correction=done", "correction=none",
    "extended=yes", *(f"outcome={each}" for each in OUTCOMES), "eligible=yes", "eligible=no", "region=MA-05",
    "diploma=informatique", "average_from=14&average_to=16", "source=import", "source=paper", "state=draft",
    "state=all", "offering=data-ia", "sent_from=2026-01-01&sent_to=2030-01-01", "sent_to=2020-01-01",
)  # fmt: skip
FEW = ("extended=yes", "outcome=none", "source=import", "source=paper", "state=draft", "sent_to=2020-01-01")
pytestmark = pytest.mark.services


@pytest.fixture
def path(many: Many) -> str:
    return "/staff/intakes/{intake}/applications".format(**many.references)


def beside(page: str, rel: str) -> str:
    found = re.search(rf'<a [^>]*rel="{rel}" href="([^"]+)"', page)
    assert found is not None, rel
    return html.unescape(found[1])


def light(opened: Opened) -> str:
    """The page, each statement of which read a few blocks."""
    heavy = [each for each in opened.read if each.blocks >= MOST_BLOCKS]
    assert opened.answer.status_code == 200 and opened.read and not heavy, heavy
    return opened.answer.text


def lines(page: str) -> int:
    return page.count('<th scope="row">')


@pytest.mark.parametrize("sort", [sign + name for name in SORTS for sign in ("", "-")])
def test_each_order_is_read_by_its_index_both_ways(many: Many, path: str, sort: str) -> None:
    first = light(many.open(f"{path}?sort={sort}"))
    second = light(many.open(beside(first, "next")))
    light(many.open(beside(second, "prev")))
    last = light(many.open(f"{path}?sort={sort}&end=1"))
    assert lines(first) == lines(second) == SHOWN
    assert f"page {FILES // SHOWN + 1} sur {FILES // SHOWN + 1}" in last


@pytest.mark.parametrize("sort", ["rank", "-rank", "score", "-score"])
def test_an_order_of_a_ranking_is_read_along_its_own_index(many: Many, path: str, sort: str) -> None:
    address = f"{path}?sort={sort}&columns=number,rank,score,answer"
    first = light(many.open(address))
    second = light(many.open(beside(first, "next")))
    light(many.open(beside(second, "prev")))
    assert lines(first) == lines(second) == SHOWN
    assert lines(light(many.open(f"{address}&end=1"))) > 0
    assert lines(light(many.open(f"{path}?among=ranked&columns=number,rank"))) == SHOWN


def test_answers_and_telephones_cost_a_few_blocks(many: Many, path: str) -> None:
    assert lines(light(many.open(f"{path}?sort=answer&columns=number,answer,phone")))
    assert lines(light(many.open(f"{path}?among=offered.accepted")))
    assert lines(light(many.open(f"{path}?columns=number,phone"))) == SHOWN


@pytest.mark.parametrize("place", [1, FILES // 2, FILES])
def test_a_file_and_its_neighbours_are_read_by_indexes(many: Many, place: int) -> None:
    wanted = """
        SELECT reference, number FROM applications WHERE intake_id = (SELECT id FROM intakes WHERE reference = %s)
        ORDER BY number LIMIT 1 OFFSET %s
    """
    asked = [many.references["intake"], place - 1]
    reference, number = many.database.admin.execute(wanted, asked).fetchone() or ("", "")
    for tab in ("", "/file"):
        assert number in light(many.open(f"/staff/applications/{reference}{tab}"))


@pytest.mark.parametrize("name", SEARCHES)
def test_each_search_reads_a_few_blocks(many: Many, path: str, name: str) -> None:
    """Its first page, the next and the last; a file within it; and the search in all intakes."""
    text, shown = SEARCHES[name]
    text = text.format(**one_of(many))
    page = light(many.open(f"{path}?{urlencode({'search': text})}"))
    assert (lines(page) == shown) if shown in (0, 1, SHOWN) else lines(page) > 5
    if 'rel="next"' in page:
        light(many.open(beside(page, "next")))
        light(many.open(f"{path}?{urlencode({'search': text, 'end': 1})}"))
    file = re.search(r'href="(/staff/applications/[0-9A-Z]{26}/file\?[^"]*)"', page)
    if file and name in ("a family name", "a full name", "a beginning that all have"):
        light(many.open(html.unescape(file[1])))
    with many.database.system_app.app_context():
        viewer = many.year.viewer("selection_manager")
    with many.database.app.app_context():
        see(viewer.listed, viewer.person_id)
        with explained(db.engine) as read:
            rows = searching.everywhere(viewer, text).rows
    assert len(rows) == min(shown, searching.SHOWN) or shown == SHOWN - 1
    assert read and max(each.blocks for each in read) < MOST_BLOCKS


@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_reads_a_few_blocks(many: Many, path: str, name: str) -> None:
    page = light(many.open(f"{path}?{name}"))
    assert name in FEW or lines(page) == SHOWN


def one_of(many: Many) -> dict[str, str]:
    """What one of the files is found by alone."""
    wanted = """
        SELECT a.reference, a.number, p.id, p.email FROM applications a JOIN persons p ON p.id = a.person_id
        WHERE a.email LIKE '%@exemple.ma' AND a.source = 'online' ORDER BY a.id LIMIT 1
    """
    reference, number, person, email = many.database.admin.execute(wanted).fetchone() or ("", "", 0, "")
    return {
        "reference": reference,
        "number": number,
        "digits": number.rpartition("-")[2],
        "beginning": number[:-4].lower(),
        "cin": cin_of(person),
        "phone": phone_of(person),
        "email": email,
    }
