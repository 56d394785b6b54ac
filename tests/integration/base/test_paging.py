"""Pages of a list, found by keys, are together the whole list, whatever is added while somebody reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.ctx import AppContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cohortmgr.audit.models import Event
from cohortmgr.base import paging
from cohortmgr.base.db import db, writing
from cohortmgr.base.paging import COUNTED, ListPlace, Page, cut, neighbours_of, page_of
from cohortmgr.base.text import new_reference
from cohortmgr.organisations.models import Organisation

DAY = datetime(2026, 11, 28, 12, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("system_context")


def added(names: Sequence[str]) -> None:
    """Companies of these names; several may have one."""
    with writing():
        for name in names:
            reference = new_reference()
            db.session.add(
                Organisation(
                    reference=reference, kind="company", key=reference.lower(), path=f"x.{reference.lower()}.",
                    name={"fr": name},
                )
            )  # fmt: skip


def listed(*, down: bool) -> sa.Select[Organisation]:
    """The companies of the test, by kind, path and id: what is equal is told apart by the last."""
    columns = (Organisation.kind, sa.func.substr(Organisation.path, 3, 1), Organisation.id)
    query = sa.select(Organisation).where(Organisation.path.startswith("x."))
    return query.order_by(*(each.desc() if down else each for each in columns))


def numbers(page: Page) -> list[int]:
    return [row.id for (row,) in page.rows]


def whole(query: sa.Select[Organisation]) -> list[int]:
    return [row.id for row in db.session.scalars(query)]


# Of which each row meets one.
PARTS = tuple(Organisation.id % 3 == rest for rest in range(3))
Parts = Sequence[sa.ColumnElement[bool]]


def forth(query: sa.Select[Organisation], size: int, parts: Parts = ()) -> list[Page]:
    """Every page from the first to the last."""
    found = [page_of(query, ListPlace(), size, parts=parts)]
    while found[-1].after is not None:
        place = ListPlace(len(found) + 1, after=found[-1].after)
        found.append(page_of(query, place, size, parts=parts))
    return found


def back(query: sa.Select[Organisation], size: int, parts: Parts = ()) -> list[Page]:
    """Every page from the last to the first, in the order of the list."""
    found = [page_of(query, ListPlace(at_end=True), size, parts=parts)]
    while found[0].before is not None:
        place = ListPlace(max(1, found[0].number - 1), before=found[0].before)
        found.insert(0, page_of(query, place, size, parts=parts))
    return found


@given(rows=st.integers(0, 13), size=st.integers(1, 5), down=st.booleans())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pages_both_ways_are_the_whole_list_cut(rows: int, size: int, down: bool) -> None:
    with writing():
        db.session.execute(sa.delete(Organisation).where(Organisation.path.startswith("x.")))
    added([str(number) for number in range(rows)])
    query = listed(down=down)
    expected = whole(query)
    cuts = [expected[i : i + size] for i in range(0, len(expected), size)] or [[]]
    for pages in (walk(query, size, parts) for walk in (forth, back) for parts in ((), PARTS)):
        assert [numbers(page) for page in pages] == cuts
        assert [page.number for page in pages] == list(range(1, len(cuts) + 1))
        assert all(page.total == rows and not page.is_more and page.pages == len(cuts) for page in pages)


@pytest.mark.parametrize("down", [True, False])
def test_rows_that_are_added_move_no_page_and_show_no_row_twice(down: bool) -> None:
    added(["a"] * 9)
    query = listed(down=down)
    before, seen, page = whole(query), [], page_of(query, ListPlace(), 2)
    while True:
        seen += numbers(page)
        if page.after is None:
            break
        added(["b", "c"])
        page = page_of(query, ListPlace(2, after=page.after), 2)
        if len(seen) > 60:
            break
    assert len(seen) == len(set(seen)) and [each for each in seen if each in before] == before


def test_a_row_that_left_the_list_keeps_its_place() -> None:
    added(["a"] * 6)
    query = listed(down=False)
    first = page_of(query, ListPlace(), 2)
    gone = first.rows[-1][0].id
    without = query.where(Organisation.id != gone)
    assert numbers(page_of(without, ListPlace(2, after=first.after or ""), 2)) == whole(query)[2:4]


ASKED = ["x", "0" * 26, "é" * 26, "' OR 1=1 --", "\x00" * 26, "9" * 4000]


@pytest.mark.parametrize("asked", ASKED, ids=range(len(ASKED)))
@pytest.mark.parametrize("side", ["after", "before"])
def test_a_row_that_nobody_knows_leads_to_the_first_page(asked: str, side: str) -> None:
    added(["a"] * 3)
    query = listed(down=False)
    place = ListPlace(7, after=asked) if side == "after" else ListPlace(7, before=asked)
    page = page_of(query, place, 2)
    assert numbers(page) == whole(query)[:2] and page.number == 1


def test_beyond_a_thousand_it_is_said_that_there_are_more(monkeypatch: pytest.MonkeyPatch) -> None:
    assert COUNTED == 1_000
    monkeypatch.setattr(paging, "COUNTED", 4)
    added(["a"] * 5)
    query = listed(down=True)
    pages = forth(query, 2)
    assert [(page.total, page.is_more) for page in pages] == [(4, True)] * 3
    assert numbers(page_of(query, ListPlace(at_end=True), 2)) == whole(query)[-2:]
    monkeypatch.setattr(paging, "COUNTED", 5)
    assert (pages[0].is_more, page_of(query, ListPlace(), 2).is_more) == (True, False)


def test_no_number_is_told_on_the_way_back_from_an_end_that_nobody_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paging, "COUNTED", 4)
    added(["a"] * 7)
    query = listed(down=False)
    last = page_of(query, ListPlace(at_end=True), 2)
    middle = page_of(query, ListPlace(before=last.before or ""), 2)
    again = page_of(query, ListPlace(after=middle.after or ""), 2)
    assert numbers(middle) + numbers(again) == whole(query)[-4:]
    assert [last.number, middle.number, again.number] == [0, 0, 0]
    first = page_of(query, ListPlace(before=reference_at(query, 2)), 2)
    assert numbers(first) == whole(query)[:2] and first.number == 1  # where it begins is known all the same


def reference_at(query: sa.Select[Organisation], place: int) -> str:
    return db.session.scalars(query).all()[place].reference


def test_neighbours_are_those_of_the_whole_list(monkeypatch: pytest.MonkeyPatch) -> None:
    added(["a"] * 5)
    for down in (True, False):
        order = listed(down=down)
        references = [row.reference for row in db.session.scalars(order)]
        query = order.with_only_columns(Organisation.reference)
        for place, reference in enumerate(references):
            found = neighbours_of(query, reference)
            assert found is not None and (found.place, found.total) == (place + 1, 5)
            assert neighbours_of(query, reference, PARTS) == found
            assert found.before == (references[place - 1] if place else None)
            assert found.after == (references[place + 1] if place < 4 else None)
        assert neighbours_of(query, new_reference()) is None
        monkeypatch.setattr(paging, "COUNTED", 3)
        last = neighbours_of(query, references[-1])
        assert last is not None and last.place is None and last.total is None
        monkeypatch.undo()


def test_a_list_has_one_direction_and_an_order() -> None:
    for query in (sa.select(Event), sa.select(Event).order_by(Event.at.desc(), Event.id)):
        with pytest.raises(ValueError, match="one direction"):
            page_of(query, ListPlace(), 2)


@given(rows=st.integers(0, 9), size=st.integers(1, 4))
def test_rows_in_memory_are_cut_as_those_of_a_query_are(rows: int, size: int) -> None:
    every = [f"{number:026d}" for number in range(rows)]
    pages = [cut(every, ListPlace(), size, str)]
    while pages[-1].after is not None:
        pages.append(cut(every, ListPlace(after=pages[-1].after), size, str))
    assert [row for page in pages for row in page.rows] == every
    turned = [cut(every, ListPlace(at_end=True), size, str)]
    while turned[0].before is not None:
        turned.insert(0, cut(every, ListPlace(before=turned[0].before), size, str))
    assert turned == pages


def test_moments_are_keys_too(system_context: AppContext) -> None:
    with writing():
        for number in range(5):
            db.session.add(
                Event(
                    reference=new_reference(), chain="x", sequence=number + 1,
                    at=DAY + timedelta(microseconds=number // 2),
                    actor="system", action="x.y", object_kind="x", object_reference="x", institution_id=None,
                    subject="x", sealed=b"", digest="",
                )
            )  # fmt: skip
    query = sa.select(Event).where(Event.chain == "x").order_by(Event.at.desc(), Event.id.desc())
    assert [row.sequence for page in forth(query, 2) for (row,) in page.rows] == [5, 4, 3, 2, 1]
