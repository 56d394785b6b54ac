"""Papers in pieces, after a cut, and before a virus scanner that answers or does not; on both databases."""

from __future__ import annotations

import hashlib
import shutil
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.documents import tasks as documents
from cohortmgr.applications.documents.actions import uploads
from cohortmgr.applications.documents.rules import files_of, page_files
from cohortmgr.base import clock, storage
from cohortmgr.base.db import db, writing
from cohortmgr.programmes.actions import load_definition
from tests.databases import Database
from tests.integration.applications.documents.photos import (
    EICAR,
    asking,
    infected,
    names,
    photo,
    place,
    send,
    standing,
)
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import begin, browser, examine, sign_up


@pytest.fixture
def kept(database: Database) -> Path:
    """The folder in which uploads wait."""
    return database.settings.data / "uploads"


@pytest.fixture
def intake(system_context: AppContext, kept: Path) -> Iterator[str]:
    with clock.at(steps.DURING):
        reference = steps.load_mdia()
        with writing():
            load_definition(SYSTEM, asking())
        # Persons of other tests bore the same numbers.
        shutil.rmtree(kept, ignore_errors=True)
        yield reference


@pytest.fixture
def draft(intake: str, client: FlaskClient) -> str:
    sign_up(client)
    return begin(client, intake)


def announce(client: FlaskClient, draft: str, content: bytes, name: str = "photo.jpg") -> str:
    answer = client.post(place(draft, "/uploads"), data={"name": name, "size": str(len(content))})
    assert answer.status_code == 201, answer.text
    url: str = answer.json["url"]
    return url


def piece(client: FlaskClient, url: str, content: bytes, start: int, end: int) -> Any:
    return client.patch(
        url, data=content[start:end], headers={"Upload-Offset": str(start), "Upload-Way": "add"}
    )


def test_an_upload_goes_on_where_the_network_was_cut(client: FlaskClient, draft: str) -> None:
    content = photo(size=(300, 300))
    url = announce(client, draft, content)
    assert piece(client, url, content, 0, 100).json == {"offset": 100}
    assert piece(client, url, content, 0, 100).json == {"offset": 100}  # the same piece again changes nothing
    assert piece(client, url, content, 300, 400).json == {"offset": 100}  # a gap is not filled from behind
    assert client.get(url).json == {"offset": 100, "size": len(content)}
    done = piece(client, url, content, 100, len(content)).json
    assert done["offset"] == len(content) and done["state"] == "received" and not done["done"]
    for _ in range(2):  # the answer was lost: asked again it is the same document
        assert piece(client, url, content, len(content), len(content)).json["state"] == "received"
    assert names() == ["photo.jpg"] and standing().parts[0]["size"] == len(content)
    examine()
    state = client.get(done["watch"]).json
    assert state["done"] and state["state"] == "clean"


def test_no_more_is_kept_than_was_announced_and_no_piece_is_large(client: FlaskClient, draft: str) -> None:
    url = announce(client, draft, b"x" * (uploads.LARGEST_PIECE + 200))
    content = b"y" * (uploads.LARGEST_PIECE + 300)
    assert piece(client, url, content, 0, uploads.LARGEST_PIECE + 1).status_code == 404
    assert client.get(url).json["offset"] == 0
    assert piece(client, url, content, 0, uploads.LARGEST_PIECE).json == {"offset": uploads.LARGEST_PIECE}
    assert (
        piece(client, url, content, uploads.LARGEST_PIECE, len(content)).json["offset"]
        == uploads.LARGEST_PIECE
    )


def test_two_photos_in_pieces_become_one_document(client: FlaskClient, draft: str) -> None:
    for colour in ("red", "blue"):
        content = photo(colour)
        piece(client, announce(client, draft, content, f"{colour}.jpg"), content, 0, len(content))
    assert names() == ["red.jpg", "blue.jpg"]


def test_pieces_wait_sealed_and_nobody_else_reaches_them(
    client: FlaskClient, draft: str, app: Flask, kept: Path
) -> None:
    content = photo(size=(300, 300))
    url = announce(client, draft, content)
    piece(client, url, content, 0, 200)
    stored = b"".join(path.read_bytes() for path in kept.rglob("*") if path.is_file())
    assert content[:40] not in stored and b"photo.jpg" not in stored
    other = browser(app)
    sign_up(other, "autre@exemple.ma")
    assert other.get(url).status_code == 404 and piece(other, url, content, 200, 300).status_code == 404


def announce_named(client: FlaskClient, draft: str, content: bytes, name: str = "photo.jpg") -> Any:
    about = {"name": name, "size": str(len(content)), "sha256": hashlib.sha256(content).hexdigest()}
    return client.post(place(draft, "/uploads"), data=about)


def test_the_same_file_chosen_again_goes_on_where_it_was(client: FlaskClient, draft: str, app: Flask) -> None:
    content = photo(size=(300, 300))
    first = announce_named(client, draft, content)
    assert first.status_code == 201 and first.json["offset"] == 0
    assert "a été coupé" not in client.get(place(draft)).text
    piece(client, first.json["url"], content, 0, 200)
    assert f"a été coupé à {200 * 100 // len(content)}" in client.get(place(draft)).text.replace("\xa0", " ")
    again = announce_named(client, draft, content, "IMG_1.jpg")  # whatever it is called now
    assert again.status_code == 200 and again.json == {"url": first.json["url"], "offset": 200}
    for other in (photo("blue", (300, 300)), content + b"x"):
        assert announce_named(client, draft, other).json["offset"] == 0
    stranger = browser(app)
    sign_up(stranger, "autre@exemple.ma")
    assert announce_named(stranger, draft, content).status_code == 404
    done = piece(client, again.json["url"], content, 200, len(content)).json
    assert done["state"] == "received" and names() == ["photo.jpg"]
    assert "a été coupé" not in client.get(place(draft)).text
    # It has arrived: asked again it is the same document, and chosen again it is another sending.
    assert client.get(first.json["url"]).json["offset"] == len(content)
    assert (
        piece(client, first.json["url"], content, len(content), len(content)).json["watch"] == done["watch"]
    )
    assert announce_named(client, draft, content).json["offset"] == 0
    assert names() == ["photo.jpg"]


def test_all_pieces_without_a_document_are_asked_for_once_more(
    client: FlaskClient, draft: str, kept: Path
) -> None:
    content = photo(size=(300, 300))
    url = announce_named(client, draft, content).json["url"]
    # The server stopped after the last piece and before its row.
    owner = next(kept.iterdir())
    upload = uploads.find(int(owner.name), url.rpartition("/")[2])
    uploads.append(upload, 0, content)
    assert announce_named(client, draft, content).json == {"url": url, "offset": len(content)}
    assert piece(client, url, content, len(content), len(content)).json["state"] == "received"
    assert names() == ["photo.jpg"]


def test_bytes_that_are_not_the_ones_announced_are_refused(client: FlaskClient, draft: str) -> None:
    content, other = photo(), photo("blue")
    about = {"name": "a.jpg", "size": str(len(other)), "sha256": hashlib.sha256(content).hexdigest()}
    url = client.post(place(draft, "/uploads"), data=about).json["url"]
    refused = piece(client, url, other, 0, len(other))
    assert refused.status_code == 422 and "a changé pendant l’envoi" in refused.json["refused"]
    assert client.get(url).status_code == 404
    # What is no SHA-256 names nothing: it begins again.
    odd = {"name": "a.jpg", "size": str(len(content)), "sha256": "../../etc/passwd"}
    urls = {client.post(place(draft, "/uploads"), data=odd).json["url"] for _ in range(2)}
    assert len(urls) == 2


def test_an_upload_too_large_or_not_what_it_says_is_refused_in_words(client: FlaskClient, draft: str) -> None:
    large = client.post(place(draft, "/uploads"), data={"name": "a.pdf", "size": "9999999"})
    assert large.status_code == 422 and "5 Mo" in large.json["refused"]
    for size in ("", "-1", "x" * 5):
        assert client.post(place(draft, "/uploads"), data={"name": "a.pdf", "size": size}).status_code == 422
    url = announce(client, draft, b"<html></html>")
    refused = piece(client, url, b"<html></html>", 0, 13)
    assert refused.status_code == 422 and "n’est pas lisible" in refused.json["refused"]
    assert client.get(url).status_code == 404


def test_an_upload_that_nobody_finishes_is_gone_after_a_day(
    client: FlaskClient, draft: str, app: Flask
) -> None:
    url = announce(client, draft, b"x" * 50)
    with app.app_context():
        uploads.sweep()
        assert client.get(url).status_code == 200
        with clock.at(clock.now() + timedelta(days=400)):
            assert uploads.sweep() >= 1
    assert client.get(url).status_code == 404


def test_a_person_has_so_many_uploads_at_once(client: FlaskClient, draft: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(uploads, "MOST_AT_ONCE", 2)
    for _ in range(2):
        announce(client, draft, b"x" * 50)
    answer = client.post(place(draft, "/uploads"), data={"name": "a", "size": "50"})
    assert answer.status_code == 422 and "en cours" in answer.json["refused"]


def test_what_has_arrived_is_not_counted_among_those_on_their_way(
    client: FlaskClient, draft: str, kept: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(uploads, "MOST_AT_ONCE", 2)
    for colour in ("red", "blue", "green"):
        content = photo(colour)
        piece(client, announce(client, draft, content, f"{colour}.jpg"), content, 0, len(content))
    assert len(names()) == 3
    held = [path.name for path in kept.rglob("*") if path.is_file()]
    assert set(held) <= {"about", "done"}, "the pieces are gone"


# --- the scanner


@contextmanager
def scanner() -> Iterator[str]:
    """A ClamAV that knows EICAR, on a free port."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                line, _ = server.accept()
            except OSError:
                return
            with line, line.makefile("rb") as given:
                assert given.read(10) == b"zINSTREAM\0"
                data = b""
                while size := struct.unpack(">I", given.read(4))[0]:
                    data += given.read(size)
                found = b"Eicar-Test-Signature FOUND" if EICAR in data else b"OK"
                line.sendall(b"stream: " + found + b"\0")

    threading.Thread(target=serve, daemon=True).start()
    yield f"127.0.0.1:{server.getsockname()[1]}"
    server.close()


def test_eicar_is_refused_and_what_is_well_passes(
    client: FlaskClient, draft: str, system_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scanner() as address:
        monkeypatch.setitem(system_app.config, "CLAMD", address)
        send(client, draft, ("virus.pdf", infected()))
        key = standing().parts[0]["key"]
        examine()
        assert (standing().state, standing().reason) == ("refused", "virus")
        assert "antivirus a refusé" in client.get(place(draft)).text
        send(client, draft, ("bien.pdf", steps.PDF))
        examine()
    assert standing().state == "clean"
    with pytest.raises(FileNotFoundError):
        storage.load(key)


def test_with_the_scanner_stopped_a_file_is_kept_aside_and_never_served(
    client: FlaskClient, draft: str, system_app: Flask, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(system_app.config, "CLAMD", "127.0.0.1:9")
    send(client, draft, ("virus.pdf", infected()))
    examine()
    paper = standing()
    assert (paper.state, paper.tries, paper.storage_key) == ("aside", 0, None)
    assert "En attente de l’antivirus" in client.get(place(draft)).text
    for path in ("", "/pages/1"):
        assert client.get(f"/my/documents/{paper.reference}{path}").status_code == 404
    assert not documents.examine_next()  # not before its time
    with scanner() as address, clock.at(clock.now() + timedelta(minutes=2)):
        monkeypatch.setitem(system_app.config, "CLAMD", address)
        examine()
    assert (standing().state, standing().reason) == ("refused", "virus")


def test_a_paper_whose_reading_ends_without_a_word_is_refused_in_the_end(
    client: FlaskClient, draft: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(client, draft, ("un.jpg", photo()))
    monkeypatch.setattr(
        documents, "_end", lambda claim, outcome: None
    )  # the worker is killed before it says so
    moment = clock.now()
    for number in range(4):
        with clock.at(moment + number * timedelta(minutes=4)):
            if number == 3:
                monkeypatch.undo()
            db.session.rollback()
            assert documents.examine_next()
    assert (standing().state, standing().reason) == ("refused", "too_heavy")


def test_a_change_while_the_worker_reads_wins(
    client: FlaskClient, draft: str, system_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name for path in Path(system_app.config["DATA"], "files").glob("*/*")}
    send(client, draft, ("un.jpg", photo()))
    outcome = documents._outcome

    def meanwhile(claim: Any) -> Any:
        found = outcome(claim)
        send(client, draft, ("deux.jpg", photo("blue")))
        monkeypatch.setattr(documents, "_outcome", outcome)
        return found

    monkeypatch.setattr(documents, "_outcome", meanwhile)
    examine()
    assert names() == ["un.jpg", "deux.jpg"] and len(standing().pages) == 2
    paper = standing()
    kept = {paper.storage_key, *page_files(paper.pages, paper.narrow_pages), *files_of(paper.parts)}
    there = {path.name for path in Path(system_app.config["DATA"], "files").glob("*/*")}
    assert there - before == kept


def test_a_sending_that_was_cut_is_told_in_every_form_and_nothing_stays_once_it_is_given_up(
    client: FlaskClient, draft: str, app: Flask, kept: Path
) -> None:
    content = photo(size=(300, 300))
    url = announce_named(client, draft, content, "relevé.jpg").json["url"]
    piece(client, url, content, 0, 200)
    form = f"/my/applications/{draft}/form"
    beside = f"/my/applications/{draft}/question/transcripts"
    for address in (form, beside, place(draft)):
        page = client.get(address, follow_redirects=True).text
        assert "a été coupé" in page and "relevé.jpg" in page and f'data-unfinished="{url}"' in page
        assert "il reprendra où il en était" in page and "Abandonner cet envoi" in page
    other = browser(app)
    sign_up(other, "autre@exemple.ma")
    assert other.delete(url).status_code == 404 and client.get(url).status_code == 200
    assert client.delete(url).status_code == 200 and client.delete(url).status_code == 404
    assert not [path for path in kept.rglob("*") if path.is_file()]
    assert "a été coupé" not in client.get(form).text
    assert "Déjà joint" not in client.get(form).text


def test_what_has_arrived_cannot_be_given_up(client: FlaskClient, draft: str) -> None:
    content = photo()
    url = announce_named(client, draft, content).json["url"]
    piece(client, url, content, 0, len(content))
    assert client.delete(url).status_code == 200
    assert names() == ["photo.jpg"]
