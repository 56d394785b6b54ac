"""The small pictures by which a person knows the pages of a paper again: whose they are, and what becomes of them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient
from PIL import Image

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.documents.queries import stored_keys
from cohortmgr.applications.documents.rules import files_of, page_files
from cohortmgr.base import clock, storage
from cohortmgr.base.db import writing
from cohortmgr.programmes.actions import load_definition
from tests.integration.applications.documents.photos import asking, photo, place, send, standing
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import begin, browser, examine, sign_up


@pytest.fixture
def draft(system_context: AppContext, client: FlaskClient) -> Iterator[str]:
    with clock.at(steps.DURING):
        intake = steps.load_mdia()
        with writing():
            load_definition(SYSTEM, asking())
        sign_up(client)
        yield begin(client, intake)


def paged(*drawn: bool) -> bytes:
    """A PDF of so many pages, of which some have nothing drawn on them."""
    file = io.BytesIO()
    with pikepdf.new() as made:
        for each in drawn:
            page = made.add_blank_page(page_size=(595, 842))
            if each:
                page.contents_add(b"0 0 0 rg 100 100 200 200 re f")
        made.save(file)
    return file.getvalue()


def question(client: FlaskClient, draft: str) -> str:
    """The page of the form that asks for the paper."""
    return client.get(f"/my/applications/{draft}/question/transcripts", follow_redirects=True).text


def test_pages_are_seen_beside_the_question_with_how_many_there_are(client: FlaskClient, draft: str) -> None:
    assert send(client, draft, ("deux.pdf", paged(True, True, True, True, True))).status_code == 302
    before = question(client, draft)
    assert "Lecture en cours" in before and "/small/" not in before
    examine()
    for page in (question(client, draft), client.get(f"/my/applications/{draft}/form").text):
        assert page.count("/small/") == 3 and "5 pages" in page and "Page 3 sur 5" in page
        assert page.count('loading="lazy"') == 3 and "Lecture en cours" not in page
    for number, status in ((1, 200), (3, 200), (4, 404), (0, 404)):
        answer = client.get(f"/my/documents/{standing().reference}/small/{number}")
        assert answer.status_code == status
    answer = client.get(f"/my/documents/{standing().reference}/small/1")
    assert answer.headers["Cache-Control"] == "no-store" and answer.mimetype == "image/webp"
    assert answer.headers["Content-Security-Policy"].endswith("sandbox")
    with Image.open(io.BytesIO(answer.data)) as picture:
        assert picture.width <= 160 and picture.height <= 240 and len(answer.data) <= 8000


def test_a_page_of_one_colour_is_said_beside_its_picture_wherever_it_stands(
    client: FlaskClient, draft: str
) -> None:
    send(client, draft, ("un.jpg", photo()), ("long.pdf", paged(True, False, True, True, False)))
    examine()
    for page in (question(client, draft), client.get(place(draft)).text):
        assert page.count("d’une seule couleur\xa0: on n’y lit rien") == 2
    beside = question(client, draft)
    assert beside.count("illisible") == 1, "of the pages that are shown, one"
    assert "La page 3 est" in beside and "La page 6 est" in beside and "6 pages" in beside
    assert standing().state == "clean", "one empty page among others refuses nothing"


def test_one_of_several_files_that_is_refused_says_why_beside_it(client: FlaskClient, draft: str) -> None:
    empty = io.BytesIO()
    Image.new("RGB", (60, 80), "white").save(empty, "JPEG")
    send(client, draft, ("un.jpg", photo()), ("vide.jpg", empty.getvalue()))
    examine()
    for page in (question(client, draft), client.get(place(draft)).text):
        assert "Ce document est d’une seule couleur" in page


def test_nobody_else_sees_them(client: FlaskClient, draft: str, app: Flask) -> None:
    send(client, draft, ("un.jpg", photo()))
    examine()
    address = f"/my/documents/{standing().reference}/small/1"
    assert client.get(address).status_code == 200
    stranger = browser(app)
    assert stranger.get(address).status_code == 302
    sign_up(stranger, "autre@exemple.ma")
    assert stranger.get(address).status_code == 404


def test_they_stay_while_more_is_examined_and_go_with_their_file(
    client: FlaskClient, draft: str, system_app: Flask
) -> None:
    files = Path(system_app.config["DATA"], "files")
    before = {path.name for path in files.glob("*/*")}
    send(client, draft, ("un.jpg", photo()), ("deux.pdf", paged(True, True)))
    examine()
    first = [part["small"] for part in standing().parts]
    assert [len(small) for small in first] == [1, 2]
    send(client, draft, ("trois.jpg", photo("blue")))
    assert "/small/3" in question(client, draft), "what was read already is still seen"
    examine()
    assert [part["small"] for part in standing().parts][:2] == first
    client.post(place(draft, "/order"), data={"part": standing().parts[1]["key"], "way": "remove"})
    examine()
    for key in first[1]:
        with pytest.raises(FileNotFoundError):
            storage.load(key)
    paper = standing()
    named = {paper.storage_key, *page_files(paper.pages, paper.narrow_pages), *files_of(paper.parts)}
    assert {path.name for path in files.glob("*/*")} - before == named
    assert named <= stored_keys(), "the hourly sweep leaves them, a backup has them"
    for part in list(standing().parts):
        client.post(place(draft, "/order"), data={"part": part["key"], "way": "remove"})
        examine()
    assert {path.name for path in files.glob("*/*")} == before
