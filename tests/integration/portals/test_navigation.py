"""The places of each audience: which one is here, which one is above, in the language of the page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from cohortmgr.accounts.rules import Role
from tests.factories.choices import browser, sent, someone

pytestmark = [pytest.mark.usefixtures("system_context"), pytest.mark.sqlite_only]
PLACE = re.compile(
    r'<a href="([^"]+)"(?: aria-current="(\w+)")?>(?:<svg.*?</svg><span class="side-name">)?([^<]+)<', re.S
)


def places(client: Any, path: str) -> dict[str, tuple[str, str]]:
    """Label to address and mark."""
    page = client.get(path).get_data(as_text=True)
    bar = page.split('id="navigation"')[1].split("</nav>")[0]
    return {label: (address, mark) for address, mark, label in PLACE.findall(bar)}


def test_the_messages_are_current_on_all_their_pages(app: Flask) -> None:
    intake = sent(1)
    manager = browser(app, someone(intake, Role.PROGRAMME_ADMINISTRATOR))
    assert places(manager, "/staff/messages")["Messages"] == ("/staff/messages", "page")
    below = ("texts", "campaigns", "troubles", f"intakes/{intake.reference}/campaigns/new")
    for path in below:
        assert places(manager, f"/staff/{path}")["Messages"] == ("/staff/messages", "true"), path
    assert places(manager, "/staff")["Messages"] == ("/staff/messages", "")


def test_who_only_writes_finds_the_texts_and_each_place_in_the_page_s_language(app: Flask) -> None:
    intake = sent(1)
    writer = browser(app, someone(intake, Role.CENTRE_MANAGER))
    told = places(writer, "/staff")
    writer.set_cookie("language", "en")
    said = places(writer, "/staff")
    assert [address for address, _ in told.values()] == [address for address, _ in said.values()]
    assert set(said) != set(told) and "Today" in said and "Aujourd’hui" in told


def test_addresses_stand_below_the_site_s_root(app: Flask) -> None:
    intake = sent(1)
    manager = browser(app, someone(intake, Role.PROGRAMME_ADMINISTRATOR))
    plain = places(manager, "/staff")
    page = manager.get("/staff", environ_overrides={"SCRIPT_NAME": "/inpt"}).get_data(as_text=True)
    assert all(f'"/inpt{address}"' in page for address, _ in plain.values())
    assert not re.search(r'(?:src|href)="/(?!inpt/)', page)


def test_the_rooms_of_an_intake_stand_beside_it_and_say_where_one_is(app: Flask) -> None:
    intake = sent(1)
    manager = browser(app, someone(intake, Role.PROGRAMME_ADMINISTRATOR))
    for page, room, mark in (
        ("", "Vue d’ensemble", "page"),
        ("/applications", "Candidatures", "page"),
        ("/duplicates", "Candidatures", "true"),
        ("/imports", "Importer ou inviter", "page"),
        ("/paper", "Importer ou inviter", "true"),
        ("/tray", "Lignes à réparer", "page"),
        ("/reviews", "Lectures", "page"),
        ("/ranking", "Sélection", "page"),
        ("/reports", "Rapports", "page"),
    ):
        here = places(manager, f"/staff/intakes/{intake.reference}{page}")
        assert {label: said for label, (_, said) in here.items() if said} == {room: mark}, page
