"""Whence a request says that it comes: an address that does not read is another site, and no fault of ours."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from tests.databases import Database
from tests.hostile.bodies import HEADERS
from tests.integration.base.web.test_headers import over_https

PHRASE = "une phrase assez longue"
UNREADABLE = (
    "http://[",
    "https://[",
    "http://a]b",
    "http://[::1",
    "http://[x]",
    "https://localhost:bad/",
    "https://localhost:99999/",
    "https://localhost:-1/",
    "http://a\u2100b/",
    "//",
    "x",
)


def token_of(client: FlaskClient, base_url: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-up", base_url=base_url).text)
    assert found
    return found[1]


@pytest.mark.parametrize("name", ["Origin", "Referer"])
@pytest.mark.parametrize("written", UNREADABLE)
def test_an_address_that_does_not_read_is_another_site(
    protected_client: FlaskClient, name: str, written: str
) -> None:
    fields = {"email": "a@exemple.ma", "password": PHRASE}
    answer = protected_client.post("/sign-up", data=fields, headers={name: written})
    assert answer.status_code == 400 and "a@exemple.ma" not in answer.text
    token = token_of(protected_client, "http://localhost")
    answer = protected_client.post("/sign-up", data={**fields, "csrf_token": token}, headers={name: written})
    assert answer.status_code == 400
    assert protected_client.get("/sign-up", headers={name: written}).status_code == 200, (
        "reading harms nobody"
    )


def test_over_https_a_valid_token_does_not_help_it(database: Database) -> None:
    with over_https(database) as client:
        client.application.config["WTF_CSRF_ENABLED"] = True
        base = "https://localhost"
        token = token_of(client, base)
        sent = {"base_url": base, "data": {"email": "", "csrf_token": token}}
        for written in UNREADABLE:
            for headers in ({"Referer": written}, {"Origin": written, "Referer": f"{base}/sign-up"}):
                answer = client.post("/sign-up", headers=headers, **sent)
                assert answer.status_code == 400, headers
        for headers in HEADERS:
            seen = {"Referer": f"{base}/sign-up", **headers}
            assert client.post("/sign-up", headers=seen, **sent).status_code < 500, headers
        ours = {"Origin": base, "Referer": f"{base}/sign-up"}
        assert client.post("/sign-up", headers=ours, **sent).status_code != 400


def test_a_page_of_ours_is_known_whatever_its_letters(protected_client: FlaskClient) -> None:
    fields = {"email": "a@exemple.ma"}
    for origin in ("http://localhost", "http://LOCALHOST"):
        answer = protected_client.post("/sign-up", data=fields, headers={"Origin": origin})
        assert "a@exemple.ma" in answer.text, "what was typed is shown again"
    for origin in ("http://localhost.example", "http://localhost:81", "http://x@localhost", "null"):
        headers = {"Origin": origin, "Referer": "http://localhost/sign-up"}
        assert "a@exemple.ma" not in protected_client.post("/sign-up", data=fields, headers=headers).text


@pytest.mark.parametrize("headers", HEADERS, ids=str)
def test_no_header_is_a_fault(protected_client: FlaskClient, headers: dict[str, str]) -> None:
    for path in ("/", "/sign-up", "/my//sessions", "/nowhere", "/health"):
        assert protected_client.get(path, headers=headers).status_code < 500, path
        assert protected_client.post(path, data={"email": "x"}, headers=headers).status_code < 500, path


@pytest.mark.parametrize(
    "path", ["/my//sessions", "//evil.example/my//sessions", "/staff//people", "///evil.example//x", "//my"]
)
def test_a_redirect_names_no_host_that_the_request_says(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Host": "evil.example"})
    assert answer.status_code in (301, 302, 308, 404)
    location = answer.headers.get("Location", "/")
    assert location.startswith("/") and not location.startswith(("//", "/\\")), location
    assert "evil.example/" not in location or path.count("evil"), location
    if path == "/my//sessions":
        assert location == "/my/sessions"


def test_a_redirect_keeps_what_was_asked(client: FlaskClient) -> None:
    assert (
        client.get("/my//sessions?a=http://x.example/").headers["Location"]
        == "/my/sessions?a=http://x.example/"
    )
