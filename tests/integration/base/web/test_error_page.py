"""The error page itself: what it says, in whose language, and that it stands when the page behind it fell."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.integration.accounts.entering import sign_in_anew

SAID = {
    "fr": ("Une erreur est survenue de notre côté", "Cette page n’existe pas"),
    "ar": ("", ""),
    "en": ("", ""),
}


@pytest.mark.parametrize("spoken", ["fr", "ar", "en"])
def test_a_fault_of_ours_is_told_in_the_reader_s_language_without_a_word_of_the_program(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch, spoken: str
) -> None:
    client.get(f"/language/{spoken}")
    missing = client.get("/no/such/page")

    def falls() -> None:
        raise RuntimeError("column salary of Zohra is missing")

    for name in app.view_functions:
        if name.startswith("help.") and "/help" in {str(rule) for rule in app.url_map.iter_rules(name)}:
            monkeypatch.setitem(app.view_functions, name, falls)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    fault = client.get("/help")
    assert (missing.status_code, fault.status_code) == (404, 500)
    for page in (missing, fault):
        assert f'lang="{spoken}"' in page.text and ('dir="rtl"' in page.text) == (spoken == "ar")
        assert page.text.count("<h1>") == 1 and 'href="/"' in page.text
        assert "Zohra" not in page.text and "Traceback" not in page.text and "RuntimeError" not in page.text
    for said, page in zip(SAID[spoken], (fault, missing), strict=True):
        assert said in page.text
    assert "500" in fault.text and "404" in missing.text


def test_who_is_signed_in_goes_on_from_what_is_theirs(client: FlaskClient, app: Flask) -> None:
    assert 'href="/my"' not in client.get("/no/such/page").text
    sign_in_anew(client, "zoe@exemple.ma", "quatre mots pour entrer")
    page = client.get("/my/applications/AAAAAAAAAAAAAAAAAAAAAAAAAA")
    assert page.status_code == 404 and 'class="btn " href="/my"' in page.text
    assert 'class="btn quiet" href="/"' in page.text, "one way stands before the other"
