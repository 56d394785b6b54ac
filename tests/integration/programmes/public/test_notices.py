"""What the law has everybody told: made of definitions and letterheads, in three languages, light, with ways to ask."""

from __future__ import annotations

import gzip
import html
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from cohortmgr.demo.letterheads import LETTERHEADS
from cohortmgr.organisations.letterheads.rules import INSTALLATION
from cohortmgr.programmes.definition.toml import read_known
from tests.letterheads import shelf_of, write_letterhead

RIGHTS = ("read_data", "correct_data", "object_data", "erase_data")
PAGES = ("/data", "/programmes/mdia/data", "/legal", "/accessibility")


@pytest.fixture(autouse=True)
def loaded(runner: FlaskCliRunner, app: Flask, system_app: Flask) -> None:
    for key in ("mdia", "ai-master-junior"):
        assert runner.invoke(args=["programmes", "load", key, "--publish"]).exit_code == 0
    with system_app.app_context():
        for key in (INSTALLATION, "inpt"):
            write_letterhead(key)
    shelf_of(app).forget()


def text(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200 and len(gzip.compress(answer.data)) < 12_000
    # As it was written, before it was set for print.
    return html.unescape(answer.text).replace("\xa0", " ").replace("\u2011", "-")


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_a_programme_says_who_why_what_who_sees_it_how_long_and_what_one_may_ask(
    client: FlaskClient, language: str
) -> None:
    client.set_cookie("language", language)
    page, definition, host = text(client, "/programmes/mdia/data"), read_known("mdia"), LETTERHEADS["inpt"]
    main = page[page.index("<main") : page.index("</main>")]
    for name in ("name", "address", "keeping"):
        assert host.texts[name][language] in main
    assert host.cndp in main and host.telephone in main
    assert definition.legal_basis[language] in main
    for section in definition.form.sections:
        assert section.title[language] in main
    for partner in definition.partners:
        assert partner.name[language] in main
    assert [right for right in RIGHTS if f'href="/help/mdia?topic={right}"' in main] == list(RIGHTS)


def test_a_programme_for_minors_names_their_guardians(client: FlaskClient) -> None:
    assert "tuteur légal de chaque mineur" in text(client, "/programmes/ai-master-junior/data")
    assert "tuteur légal" not in text(client, "/programmes/mdia/data")


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_the_site_s_page_leads_to_each_programme_s(client: FlaskClient, language: str) -> None:
    client.set_cookie("language", language)
    page = text(client, "/data")
    for key in ("mdia", "ai-master-junior"):
        assert f'href="/programmes/{key}/data"' in page and read_known(key).title[language] in page
    assert LETTERHEADS[INSTALLATION].cndp in page
    assert [right for right in RIGHTS if f'href="/help?topic={right}"' in page] == list(RIGHTS)


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_the_legal_notice_names_publisher_host_and_institutions(client: FlaskClient, language: str) -> None:
    client.set_cookie("language", language)
    page = text(client, "/legal")
    for key, names in ((INSTALLATION, ("name", "publisher", "hosting")), ("inpt", ("name", "publisher"))):
        for name in names:
            assert LETTERHEADS[key].texts[name][language] in page


def test_every_page_leads_to_all_of_them_and_a_programme_s_to_its_own(client: FlaskClient) -> None:
    for path in ("/", "/sign-in", "/help/mdia", *PAGES):
        foot = re.search(r"<footer.*?</footer>", client.get(path).text, re.S)
        assert foot is not None
        own = "/programmes/mdia/data" if path == "/programmes/mdia/data" else "/data"
        for link in (own, "/legal", "/accessibility", "/help"):
            assert f'href="{link}"' in foot[0], (path, link)
    assert 'href="/programmes/mdia/data"' in client.get("/programmes/mdia").text


def test_what_nobody_has_written_is_said_and_not_made_up(client: FlaskClient, app: Flask) -> None:
    page = text(client, "/programmes/ai-master-junior/data")
    assert LETTERHEADS[INSTALLATION].texts["name"]["fr"] in page, "the host has no letterhead: the site's"
    shelf_of(app).lay(type(shelf_of(app).last)())
    page = text(client, "/programmes/ai-master-junior/data")
    assert "ne l’a pas encore écrit ici" in page and "CNDP :" not in page.split("Vos droits")[0]


def test_there_is_none_of_an_unknown_programme(client: FlaskClient) -> None:
    assert client.get("/programmes/nothing/data").status_code == 404
