"""The registry of a person's page: tabs in the order of a life, each for whoever may open it and where it is used."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from cohortmgr.base.registries.person_page import PersonMark, PersonPage, PersonTab, ShownMark, TabContent


def drawn(_viewer: object, _file: object) -> TabContent:
    return TabContent("room/staff_tab.html")


def tab(name: str, position: int, *permissions: str, **more: Any) -> PersonTab[object, object]:
    return PersonTab(name, name.title(), position, permissions or ("applications.read",), drawn, **more)


def nothing(_viewer: object, _file: object) -> sa.ColumnElement[Any]:
    return sa.null()


def test_tabs_stand_by_position_for_whoever_holds_one_of_their_permissions() -> None:
    page = PersonPage()
    page.add_tabs(tab("pay", 60, "stipends.read"), tab("readings", 30, "reviews.read", "selection.read"))
    page.add_tabs(tab("path", 10))
    assert [each.name for each in page.tabs_for(lambda _held: True, None)] == ["path", "readings", "pay"]
    ranks = {"selection.read", "applications.read"}
    assert [each.name for each in page.tabs_for(ranks.__contains__, None)] == ["path", "readings"]
    assert page.tabs_for(lambda _held: False, None) == []
    assert page.tab("pay") is not None and page.tab("attendance") is None


def test_a_tab_that_a_programme_has_no_room_for_is_not_there() -> None:
    page = PersonPage()
    page.add_tabs(tab("path", 10), tab("company", 50, used=lambda definition: definition == "places"))
    assert [each.name for each in page.tabs_for(lambda _held: True, "places")] == ["path", "company"]
    assert [each.name for each in page.tabs_for(lambda _held: True, "none")] == ["path"]


def test_a_name_is_taken_once_and_something_opens_each_tab() -> None:
    page = PersonPage()
    page.add_tabs(tab("path", 10))
    with pytest.raises(ValueError, match="path"):
        page.add_tabs(tab("path", 20))
    with pytest.raises(ValueError, match="open"):
        page.add_tabs(PersonTab("open", "Open", 20, (), drawn))


def test_what_stands_beside_a_name_is_for_whoever_may_be_told() -> None:
    page = PersonPage()
    company = PersonMark(30, "placements.read", nothing, lambda value: ShownMark(str(value)))
    seat = PersonMark(20, "cohorts.read", nothing, lambda value: ShownMark(str(value), "done"))
    page.add_marks(company, seat)
    assert page.marks_for(lambda _held: True) == [seat, company]
    assert page.marks_for(lambda held: held == "cohorts.read") == [seat]
