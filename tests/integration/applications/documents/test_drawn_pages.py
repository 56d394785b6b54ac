"""The pictures of a paper's pages: whose they are, what becomes of them, and those of papers that came before them."""

from __future__ import annotations

import errno
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient
from PIL import Image

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.documents import tasks as documents
from cohortmgr.applications.documents.actions import sandbox
from cohortmgr.applications.documents.page_pictures import NARROW, WIDE
from cohortmgr.applications.documents.queries import stored_keys
from cohortmgr.applications.documents.rules import files_of, page_files
from cohortmgr.applications.file.models import Document
from cohortmgr.base import clock, storage
from cohortmgr.base.db import writing
from cohortmgr.programmes.actions import load_definition
from tests.integration.applications.documents.photos import asking, photo, place, send, standing
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import begin, examine, sign_up

LARGE = (1600, 2200)


@pytest.fixture
def draft(system_context: AppContext, client: FlaskClient) -> Iterator[str]:
    with clock.at(steps.DURING):
        intake = steps.load_mdia()
        with writing():
            load_definition(SYSTEM, asking())
        sign_up(client)
        yield begin(client, intake)


def named(paper: Document) -> set[str]:
    return set(page_files(paper.pages, paper.narrow_pages))


def on_disk(app: Flask) -> set[str]:
    return {path.name for path in Path(app.config["DATA"], "files").glob("*/*")}


def as_before() -> Document:
    """The paper as it was left before there were narrow pictures: one of an earlier width alone."""
    paper = standing()
    with writing():
        for key in named(paper):
            storage.delete(key)
        old = storage.store(photo(size=(300, 400))).key
        paper.pages, paper.narrow_pages, paper.drawn = [old], [], False
    return standing()


def test_a_page_comes_in_two_widths_and_is_measured(client: FlaskClient, draft: str) -> None:
    send(client, draft, ("un.jpg", photo(size=LARGE)))
    examine()
    paper = standing()
    assert paper.drawn and len(paper.pages) == len(paper.narrow_pages) == 1
    address = f"/my/documents/{paper.reference}/pages/1"
    for asked, width, kind in (("", WIDE, "image/jpeg"), ("?narrow=1", NARROW, "image/webp")):
        answer = client.get(address + asked)
        assert answer.mimetype == kind and answer.headers["Cache-Control"] == "no-store"
        with Image.open(io.BytesIO(answer.data)) as seen:
            assert seen.width == width
    page = client.get(place(draft)).text
    shape = paper.narrow_pages[0]
    assert f'width="{shape["width"]}" height="{shape["height"]}"' in page
    assert f"{NARROW}w" in page and f"{WIDE}w" in page and 'loading="lazy"' in page


def test_pictures_go_with_their_paper(client: FlaskClient, draft: str, system_app: Flask) -> None:
    before = on_disk(system_app)
    send(client, draft, ("un.jpg", photo()), ("deux.jpg", photo("blue")))
    examine()
    first = named(standing())
    assert len(first) == 4 and first <= stored_keys(), "the hourly sweep leaves them, a backup has them"
    client.post(place(draft, "/order"), data={"part": standing().parts[1]["key"], "way": "up"})
    examine()
    second = named(standing())
    assert not first & second and not first & on_disk(system_app)
    for part in list(standing().parts):
        client.post(place(draft, "/order"), data={"part": part["key"], "way": "remove"})
        examine()
    assert on_disk(system_app) == before


def test_a_paper_that_was_examined_before_is_drawn_when_none_waits(
    client: FlaskClient, draft: str, system_app: Flask
) -> None:
    send(client, draft, ("un.jpg", photo(size=LARGE)))
    examine()
    old = as_before()
    gone, kept, content = set(old.pages), files_of(old.parts) | {old.storage_key}, old.sha256
    page = client.get(place(draft)).text
    assert "/pages/1" in page and "srcset" not in page, "until then what there is is shown"
    while documents.examine(lambda: False):
        continue
    drawn = standing()
    assert drawn.drawn and drawn.narrow_pages[0]["width"] == WIDE and drawn.state == "clean"
    assert drawn.lease_until is None and drawn.sha256 == content
    assert files_of(drawn.parts) | {drawn.storage_key} == kept <= on_disk(system_app)
    assert not gone & on_disk(system_app), "the earlier picture gave way"
    pictures = named(drawn)
    assert not documents.examine(lambda: False) and named(standing()) == pictures, "once is enough"


def test_one_that_waits_to_be_examined_comes_first(client: FlaskClient, draft: str) -> None:
    send(client, draft, ("un.jpg", photo()))
    examine()
    as_before()
    send(client, draft, ("deux.jpg", photo("blue")), way="replace")
    paper = standing()
    assert documents.examine(lambda: False)
    assert standing().id == paper.id and standing().state == "clean" and standing().drawn
    assert not documents.examine(lambda: False), "of what was replaced nobody reads the pages"


def test_one_that_cannot_be_drawn_keeps_its_file_and_is_asked_once(
    client: FlaskClient, draft: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(client, draft, ("un.jpg", photo()))
    examine()
    old = as_before()

    def broken(_parts: object, _most: int) -> Any:
        raise sandbox.NotTaken("encrypted")

    monkeypatch.setattr(sandbox, "made_of", broken)
    assert documents.examine(lambda: False) and not documents.examine(lambda: False)
    paper = standing()
    assert (paper.state, paper.drawn, paper.pages) == ("clean", True, old.pages)
    assert storage.load(paper.storage_key or "")


def test_while_the_disk_is_full_it_waits_and_no_try_counts(
    client: FlaskClient, draft: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(client, draft, ("un.jpg", photo()))
    examine()
    tries = as_before().tries

    def full(_parts: object, _most: int) -> Any:
        raise OSError(errno.ENOSPC, "no room")

    with monkeypatch.context() as away:
        away.setattr(sandbox, "made_of", full)
        assert documents.examine(lambda: False) and not documents.examine(lambda: False)
    paper = standing()
    assert (paper.drawn, paper.tries, paper.lease_until) == (False, tries, None)
    with clock.at(steps.DURING + documents.FAULT_PAUSE):
        assert documents.examine(lambda: False)
    assert standing().drawn


def test_a_paper_that_changes_while_it_is_drawn_keeps_nothing_of_it(
    client: FlaskClient, draft: str, system_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(client, draft, ("un.jpg", photo()))
    examine()
    as_before()
    made_of = sandbox.made_of

    def meanwhile(*given: Any) -> Any:
        send(client, draft, ("deux.jpg", photo("blue")))
        return made_of(*given)

    monkeypatch.setattr(sandbox, "made_of", meanwhile)
    assert documents.draw_next()
    paper = standing()
    assert (paper.state, paper.pages, paper.narrow_pages, paper.drawn) == ("received", [], [], False)
    monkeypatch.undo()
    examine()
    paper = standing()
    assert on_disk(system_app) >= named(paper) and len(paper.pages) == 2
