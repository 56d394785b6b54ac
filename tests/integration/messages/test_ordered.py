"""The lists of mailings and of questions stand in the order that their address asks for, over all their pages."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask

from cohortmgr.accounts.rules import Role
from cohortmgr.base import clock
from cohortmgr.base.db import writing
from cohortmgr.messages.campaigns import actions as campaigns
from cohortmgr.messages.campaigns.rules import CampaignDraft
from tests.factories.choices import browser, sent, someone
from tests.factories.mailings import TEXTS
from tests.integration.messages.helpdesk.test_desk import asked, questions

pytestmark = pytest.mark.usefixtures("system_context")
_TITLE = re.compile(r'<th scope="row"><a [^>]*><bdi>([^<]+)</bdi>')
_NUMBER = re.compile(r'aria-label="(Q-\w+)"')
_FURTHER = re.compile(r'rel="next" href="([^"]+)"')


def over_pages(page: object, address: str, found: re.Pattern[str]) -> list[str]:
    """What stands in the rows of a list, page after page."""
    rows: list[str] = []
    while address:
        text = page.get(address).text  # type: ignore[attr-defined]
        rows += found.findall(text)
        further = _FURTHER.search(text)
        address = further[1].replace("&amp;", "&") if further else ""
    return rows


def test_mailings_are_ordered_by_what_their_heads_say(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cohortmgr.messages.campaigns.views.staff.SHOWN", 2)
    intake = sent(2)
    manager = someone(intake, Role.SELECTION_MANAGER)
    now = clock.now()
    for place, title in enumerate(("Bourses", "école ouverte", "Zellige", "Étape suivante", "Accueil")):
        due = now + timedelta(days=9 - place) if place % 2 else None
        with clock.at(now + timedelta(minutes=place)), writing():
            campaigns.create(manager, intake.reference, CampaignDraft(title, TEXTS, due=due), f"key {place}")
    page, rooms = browser(app, manager), f"/staff/intakes/{intake.reference}/campaigns"
    by_name = ["Accueil", "Bourses", "école ouverte", "Étape suivante", "Zellige"]
    for address in (rooms, "/staff/campaigns"):
        assert over_pages(page, f"{address}?sort=title", _TITLE) == by_name
        assert over_pages(page, f"{address}?sort=-title", _TITLE) == by_name[::-1]
        assert over_pages(page, f"{address}?sort=created", _TITLE)[0] == "Bourses"
        by_hour = over_pages(page, f"{address}?sort=due", _TITLE)
        assert by_hour[:2] == ["Étape suivante", "école ouverte"], "what has no hour stands last"
        newest = over_pages(page, address, _TITLE)
        assert newest[0] == "Accueil" and newest == over_pages(page, f"{address}?sort=nonsense", _TITLE)
    assert 'aria-sort="descending"' in page.get(rooms).text, "newest first, and the head says so"


def test_questions_are_ordered_and_keep_their_filter(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cohortmgr.messages.helpdesk.views.staff.SHOWN", 2)
    intake = sent(5)
    asked(intake, 3, "documents")
    asked(intake, 2, "dates")
    page = browser(app, someone(intake, Role.SELECTION_MANAGER))
    numbers = [each.number for each in questions()]
    by_topic = over_pages(page, "/staff/questions?sort=topic", _NUMBER)
    assert sorted(by_topic) == sorted(numbers)
    assert set(by_topic[:2]) == set(numbers[3:]), "« Les dates » before « Les documents »"
    assert set(over_pages(page, "/staff/questions?sort=-topic", _NUMBER)[3:]) == set(numbers[3:])
    shown = page.get("/staff/questions?topic=documents&sort=from").text
    assert '<input type="hidden" name="sort" value="from">' in shown
    assert "topic=documents" in (_FURTHER.search(shown) or [""])[0] and "sort=from" in shown
    forwards = over_pages(page, "/staff/questions?topic=documents&sort=from", _NUMBER)
    assert over_pages(page, "/staff/questions?topic=documents&sort=-from", _NUMBER) == forwards[::-1]


def test_a_list_that_is_too_long_to_be_ordered_offers_no_order(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cohortmgr.base.web.ordering.COUNTED", 2)
    monkeypatch.setattr("cohortmgr.base.paging.COUNTED", 2)
    intake = sent(3)
    asked(intake, 3)
    text = browser(app, someone(intake, Role.SELECTION_MANAGER)).get("/staff/questions?sort=topic").text
    assert text.count("Q-") >= 3 and "aria-sort" not in text
