"""Headers that every answer bears, and cookies that are this host's alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask.testing import FlaskClient

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base.db import writing
from cohortmgr.base.web.responses import FOREVER
from tests.databases import Database, application, dispose
from tests.factories.access import cookie, sessions
from tests.factories.year import lived
from tests.watch import SeparateClient, test_context

PHRASE = "une phrase assez longue"


@contextmanager
def over_https(database: Database) -> Iterator[FlaskClient]:
    """A client of the application as it stands behind https."""
    settings = database.settings.model_copy(update={"base_url": "https://exemple.ma", "secure_cookies": True})
    app = application(settings, "web")
    app.test_client_class = SeparateClient
    try:
        yield app.test_client()
    finally:
        dispose(app)


def test_over_https_browsers_stay_there_and_cookies_are_this_hosts(database: Database) -> None:
    with over_https(database) as client:
        _is_kept_to_https(client)


def _is_kept_to_https(client: FlaskClient) -> None:
    answer = client.get("/sign-in", base_url="https://exemple.ma")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=63072000")
    chosen = client.get("/language/ar", base_url="https://exemple.ma")
    for held in (answer, chosen):
        for made in held.headers.getlist("Set-Cookie"):
            assert made.startswith("__Host-") and "Secure" in made and "Path=/;" in f"{made};", made
            assert "Domain" not in made
    assert any("__Host-session" in each for each in answer.headers.getlist("Set-Cookie"))
    assert 'lang="ar"' in client.get("/", base_url="https://exemple.ma").text


def test_the_mark_of_a_proof_is_this_hosts_alone_too(database: Database) -> None:
    with test_context(database.system_app), writing():
        hashed = people.prepare_password(PHRASE, "une@exemple.ma")
        people.new_account(SYSTEM, "une@exemple.ma", hashed, {"given_name": "Une"})
    with over_https(database) as client:
        client.application.config["WTF_CSRF_ENABLED"] = False
        sent = {"email": "une@exemple.ma", "password": PHRASE}
        base = "https://exemple.ma"
        answer = client.post("/sign-in", data=sent, base_url=base, headers={"Referer": f"{base}/sign-in"})
        assert answer.status_code == 302, answer.text
        made = [each for each in answer.headers.getlist("Set-Cookie") if "proved" in each]
        assert made and all(each.startswith("__Host-proved=") and "Domain" not in each for each in made)
        for each in made:
            assert "Secure" in each and "HttpOnly" in each and "Path=/;" in f"{each};"
        assert client.get_cookie("__Host-proved", domain="exemple.ma") is not None


def test_over_http_nothing_says_otherwise(client: FlaskClient) -> None:
    answer = client.get("/language/en")
    assert "Strict-Transport-Security" not in answer.headers
    assert answer.headers["Set-Cookie"].startswith("language=en")
    assert 'lang="en"' in client.get("/").text


@pytest.mark.parametrize("page", ["/", "/sign-in", "/health", "/nowhere"])
def test_no_page_may_ask_for_the_device(client: FlaskClient, page: str) -> None:
    policy = client.get(page).headers["Permissions-Policy"]
    assert "camera=()" in policy and "geolocation=()" in policy and "*" not in policy


def test_devices_keep_no_paper_no_picture_and_no_page_of_a_person(database: Database) -> None:
    with test_context(database.system_app):
        year = lived()
        tokens = sessions(year)
    database.app.test_client_class = SeparateClient
    client, found = database.app.test_client(use_cookies=False), year.references
    reads = {
        "o": ["/my", "/my/documents/{document}", "/my/applications/{application}"],
        "m": ["/staff", "/staff/applications/{application}", "/staff/documents/{paper}"],
        "r": ["/staff/reviews/{review}/documents/{paper}"],
        "f": ["/staff/stipends/{paid_run}/list"],
    }
    reads["o"].append(f"{reads['o'][1]}/pages/1")
    reads["m"].append(f"{reads['m'][2]}/pages/1")
    seen = 0
    for column, paths in reads.items():
        for path in paths:
            answer = client.get(path.format(**found), headers=cookie(database, tokens[column]))
            assert answer.headers["Cache-Control"] == "no-store", path
            seen += answer.status_code == 200
            answer.close()
    assert seen >= 6
    for link in (
        "/links/{link}",
        "/repair/{repair}",
        "/guardian/{guardian_link}",
        "/help/questions/{question_link}",
    ):
        answer = client.get(link.format(**found))
        assert answer.headers["Cache-Control"] == "no-store", link
    page = client.get("/")
    assert page.headers["Cache-Control"] == "no-cache"
    style = page.text.partition('href="/assets/')[2].partition('"')[0]
    kept = client.get(f"/assets/{style}", headers=cookie(database, tokens["o"]))
    assert kept.headers["Cache-Control"] == FOREVER
