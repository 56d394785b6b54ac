"""Whoever corrects one thing from the check goes back to the check, whatever it is that they correct."""

from __future__ import annotations

import html
import re

import pytest
from flask.ctx import AppContext
from flask.testing import FlaskClient

from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import answers, begin, fill, sign_up, with_file


@pytest.fixture
def draft(system_context: AppContext, client: FlaskClient) -> str:
    """A draft that is filled in; `client` is its person's browser."""
    intake = steps.load_mdia()
    sign_up(client)
    reference = begin(client, intake)
    fill(client, reference)
    return reference


def links(page: str, part: str) -> list[str]:
    """The addresses on a page that hold a part, each once."""
    return [
        html.unescape(each) for each in dict.fromkeys(re.findall(r'href="([^"]*)"', page)) if part in each
    ]


def test_each_page_that_the_check_leads_to_leads_back(draft: str, client: FlaskClient) -> None:
    check = f"/my/applications/{draft}/check"
    ways = {each.partition("#")[0] for each in links(client.get(check).text, "to=check")}
    assert len(ways) > 8
    for way in sorted(ways):
        shown = client.get(way).text
        assert f'href="{check}"' in shown, way
        assert client.post(way, data={"later": "1"}).location == check, way
        if "/parcours/" not in way:
            assert client.post(way, data=answers()).location == check, way


def test_a_page_that_asks_nothing_any_more_leads_back_to_the_check(draft: str, client: FlaskClient) -> None:
    hidden = f"/my/applications/{draft}/question/licence_other?to=check"
    place = client.get(hidden).location.partition("#")[0]
    check = f"/my/applications/{draft}/check"
    assert client.get(place).location == check
    assert client.post(place, data={"licence_other": "x"}).location == check


def test_a_paper_s_page_leads_back_to_where_one_came_from(draft: str, client: FlaskClient) -> None:
    check = f"/my/applications/{draft}/check"
    client.post(
        f"/my/applications/{draft}/documents/transcripts", data={"files": with_file({})["transcripts"]}
    )
    papers = links(client.get(check).text, "/documents/transcripts")
    asking = next(each for each in links(client.get(check).text, "to=check") if each.endswith("#transcripts"))
    papers += links(client.get(asking).text, "/documents/transcripts")
    backs = (check, asking.partition("#")[0])
    assert len(papers) == 2
    for paper, back in zip(papers, backs, strict=True):
        page = client.get(paper).text
        assert back in links(page.split("<main")[1], back)
        sent = {"files": with_file({}, name="autre.pdf")["transcripts"], "way": "replace"}
        assert client.post(paper, data=sent).location == paper
    elsewhere = f"/my/applications/{draft}/documents/transcripts?next=//ailleurs.example"
    assert "ailleurs.example" not in re.sub(r"<footer.*", "", client.get(elsewhere).text.split("<main")[1])
