"""A page that shows a refused form again stands at the form's address: its links, and loading it anew, lead back."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import Role
from cohortmgr.cohorts import queries as cohorts
from tests.factories import promotions


def test_what_is_only_sent_leads_to_the_page_above_it_or_is_no_page(client: FlaskClient, app: Flask) -> None:
    routes = app.url_map.bind("localhost")
    led = 0
    for rule in app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()) or "GET" in (rule.methods or ()):
            continue
        numbered = dict.fromkeys(re.findall(r"<int:(\w+)>", rule.rule), "7")
        named = dict.fromkeys(rule.arguments, "x" * 26) | numbered | _chosen(rule.rule)
        path = routes.build(rule.endpoint, named, method="POST")
        if "GET" in routes.allowed_methods(path):
            continue
        answer = client.get(f"{path}?sort=-name&page=2")
        assert answer.status_code in (302, 404), path
        if answer.status_code == 302:
            led += 1
            above, _, kept = answer.headers["Location"].partition("?")
            assert kept == "sort=-name&page=2" and path.startswith(f"{above}/"), path
            routes.match(above, method="GET")
    assert led > 80


def _chosen(rule: str) -> dict[str, str]:
    found = re.search(r"any\(([\w-]+)", rule.replace("'", ""))
    return {"act": found[1]} if found else {}


@pytest.mark.parametrize("sort", ["name", "-company"])
def test_order_and_language_lead_back_from_a_refused_approval(
    app: Flask, system_context: AppContext, sort: str
) -> None:
    cohort = promotions.wished(4)
    intake = cohorts.intake_of(cohort)
    desk = promotions.browser(app, promotions.staff(intake, Role.CENTRE_MANAGER))
    board = f"/staff/cohorts/{cohort.reference}/placements"
    assert desk.post(f"{board}/run").status_code == 302
    second = promotions.browser(app, promotions.staff(intake, Role.PROGRAMME_ADMINISTRATOR))
    approves = re.search(r'action="(/staff/matchings/\w+/approve)"', second.get(board).text)
    assert approves
    refused = second.post(approves[1], data={"confirmation": "3"})
    assert refused.status_code == 422
    assert f'href="{approves[1]}?sort=' in refused.text, (
        "the heads of the table are links from where it stands"
    )
    assert f"/language/ar?next={approves[1]}" in refused.text
    back = second.get(f"{approves[1]}?sort={sort}", follow_redirects=True)
    assert back.status_code == 200 and back.request.path == board and back.request.args["sort"] == sort
    turned = second.get(
        f"/language/ar?next={approves[1]}", headers={"Sec-Fetch-Site": "same-origin"}, follow_redirects=True
    )
    assert turned.status_code == 200 and turned.request.path == board and 'lang="ar"' in turned.text


def test_an_address_above_which_nothing_shows_the_same_is_no_page(client: FlaskClient) -> None:
    answer = client.get("/sign-out")
    assert answer.status_code == 404 and "Une erreur est survenue de notre côté" not in answer.text
