"""Papers on both databases: sent in one go or in pieces, ordered, examined, refused, promised, and read by staff."""

from __future__ import annotations

import io
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient
from PIL import Image

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications import files, uploads, verifying
from cohortmgr.applications.models import Document, FigureCheck
from cohortmgr.audit.models import Event
from cohortmgr.base import clock, storage
from cohortmgr.base.db import db, writing
from cohortmgr.outbox.models import Message
from cohortmgr.programmes.actions import load_definition
from cohortmgr.programmes.reading import read_known
from cohortmgr.programmes.rules import Definition, Question
from tests.integration.applications import journey
from tests.integration.applications.journey import begin, browser, examine, fill, sign_up

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
LOCKED = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R/Encrypt 2 0 R>>\n%%EOF\n"


def photo(colour: str = "red", size: tuple[int, int] = (40, 60)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "JPEG")
    return file.getvalue()


def asking(**more: Any) -> Definition:
    """mdia whose transcripts may be promised and prove the first grade."""
    known = read_known("mdia")

    def changed(question: Question) -> Question:
        if question.key == "transcripts":
            return replace(question, promise_days=10, **more)
        return replace(question, proof="transcripts") if question.key == "s1" else question

    sections = tuple(
        replace(section, questions=tuple(map(changed, section.questions))) for section in known.form.sections
    )
    return replace(known, form=replace(known.form, sections=sections))


@pytest.fixture
def intake(system_context: AppContext) -> Iterator[str]:
    with clock.at(journey.DURING):
        reference = journey.load_mdia()
        with writing():
            load_definition(SYSTEM, asking())
        yield reference


@pytest.fixture
def draft(intake: str, client: FlaskClient) -> str:
    sign_up(client)
    return begin(client, intake)


@pytest.fixture
def sent(intake: str, client: FlaskClient, draft: str) -> str:
    fill(client, draft)
    assert client.post(f"/my/applications/{draft}/check").status_code == 302
    return draft


def place(reference: str, after: str = "") -> str:
    return f"/my/applications/{reference}/documents/transcripts{after}"


def send(client: FlaskClient, reference: str, *given: tuple[str, bytes], way: str = "add") -> Any:
    data = {"way": way, "files": [(io.BytesIO(content), name) for name, content in given]}
    return client.post(place(reference), data=data)


def standing() -> Document:
    db.session.rollback()
    where = sa.select(Document).where(Document.replaced_at.is_(None))
    return db.session.scalars(where.execution_options(populate_existing=True)).one()


def names() -> list[str]:
    return [part["name"] for part in standing().parts]


def test_several_photos_are_one_document_whose_pages_are_put_in_order(
    client: FlaskClient, draft: str
) -> None:
    assert (
        send(client, draft, ("un.jpg", photo()), ("deux.jpg", photo("blue")), way="replace").status_code
        == 302
    )
    assert "En cours de vérification" in client.get(place(draft)).text
    examine()
    paper = standing()
    assert (paper.state, paper.media_type, len(paper.pages)) == ("clean", "application/pdf", 2)
    assert send(client, draft, ("trois.pdf", journey.PDF)).status_code == 302
    assert names() == ["un.jpg", "deux.jpg", "trois.pdf"] and standing().storage_key is None
    last = standing().parts[2]["key"]
    for _ in range(3):  # once more than there are places above
        client.post(place(draft, "/order"), data={"part": last, "way": "up"})
    client.post(place(draft, "/order"), data={"part": standing().parts[1]["key"], "way": "down"})
    assert names() == ["trois.pdf", "deux.jpg", "un.jpg"]
    client.post(place(draft, "/order"), data={"part": standing().parts[1]["key"], "way": "remove"})
    examine()
    paper = standing()
    assert names() == ["trois.pdf", "un.jpg"] and len(paper.pages) == 2 and paper.filename == "trois.pdf"
    page = client.get(place(draft)).text
    assert page.count("<img ") == 2 and "Page 2 sur 2" in page
    for number, status in ((1, 200), (2, 200), (3, 404), (0, 404)):
        answer = client.get(f"/my/documents/{paper.reference}/pages/{number}")
        assert answer.status_code == status
    assert (
        client.get(f"/my/documents/{paper.reference}/pages/1")
        .headers["Content-Security-Policy"]
        .endswith("sandbox")
    )


def test_without_any_part_the_question_is_unanswered_again(client: FlaskClient, draft: str) -> None:
    send(client, draft, ("un.jpg", photo()))
    key = standing().parts[0]["key"]
    client.post(place(draft, "/order"), data={"part": key, "way": "remove"})
    examine()
    assert db.session.scalar(sa.select(Document.replaced_at)) is not None
    assert "Il manque" in client.get(f"/my/applications/{draft}/check").text
    with pytest.raises(FileNotFoundError):
        storage.load(key)


def test_what_is_clean_alone_is_kept(client: FlaskClient, draft: str, system_app: Flask) -> None:
    send(client, draft, ("un.jpg", photo()), ("deux.jpg", photo("blue")))
    raw = [part["key"] for part in standing().parts]
    examine()
    for key in raw:
        with pytest.raises(FileNotFoundError):
            storage.load(key)
    paper = standing()
    assert storage.load(paper.storage_key or "").startswith(b"%PDF-") and paper.sha256 != "0" * 64


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("clé.pdf", LOCKED, "protégé par un mot de passe"),
        ("page.jpg", b"<html><script>alert(1)</script></html>", "n’est pas lisible"),
        ("dessin.svg", b"<svg onload=alert(1)>", "n’est pas lisible"),
        ("image.gif", b"GIF89a<?php system($_GET[0]); ?>" + b"\0" * 50, "n’est pas lisible"),
        ("eicar.com", EICAR, "n’est pas lisible"),
        ("vide.pdf", b"", "est vide"),
    ],
)
def test_what_can_be_told_at_once_is_told_at_once(
    client: FlaskClient, draft: str, name: str, content: bytes, said: str
) -> None:
    page = send(client, draft, (name, content))
    assert page.status_code == 200 and said in page.text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Document)) == 0


def test_a_picture_of_12_000_by_12_000_is_refused_with_the_reason(client: FlaskClient, draft: str) -> None:
    file = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(file, "PNG")
    assert "trop grande" in send(client, draft, ("carte.png", file.getvalue())).text


def test_the_file_at_fault_is_marked_and_the_others_stay(client: FlaskClient, draft: str) -> None:
    broken = journey.PDF.replace(b"/Pages", b"/Rages")
    send(client, draft, ("un.jpg", photo()), ("deux.pdf", broken))
    examine()
    assert standing().state == "refused" and [part.get("reason") for part in standing().parts] == [
        None,
        "unreadable",
    ]
    page = client.get(place(draft)).text
    assert "abîmé" in page and "Il manque" in client.get(f"/my/applications/{draft}/check").text
    send(client, draft, ("trois.jpg", photo("green")))
    examine()
    assert names() == ["un.jpg", "trois.jpg"] and standing().state == "clean"


def test_an_impossible_name_is_shown_bare(client: FlaskClient, draft: str) -> None:
    send(client, draft, ("../../a\u202egpj.exe" + "x" * 300, photo()))
    assert re.fullmatch(r"agpj\.jpg", names()[0]) and "<bdi>agpj.jpg</bdi>" in client.get(place(draft)).text


def test_more_files_than_the_question_allows_are_refused(
    client: FlaskClient, draft: str, intake: str
) -> None:
    with writing():
        load_definition(SYSTEM, asking(max_files=2))
    send(client, draft, ("1.jpg", photo()), ("2.jpg", photo()))
    assert "déjà 2 fichiers" in send(client, draft, ("3.jpg", photo())).text and names() == ["1.jpg", "2.jpg"]


# --- in pieces


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


def test_two_photos_in_pieces_become_one_document(client: FlaskClient, draft: str) -> None:
    for colour in ("red", "blue"):
        content = photo(colour)
        piece(client, announce(client, draft, content, f"{colour}.jpg"), content, 0, len(content))
    assert names() == ["red.jpg", "blue.jpg"]


def test_pieces_wait_sealed_and_nobody_else_reaches_them(client: FlaskClient, draft: str, app: Flask) -> None:
    content = photo(size=(300, 300))
    url = announce(client, draft, content)
    piece(client, url, content, 0, 200)
    with app.app_context():
        stored = b"".join(path.read_bytes() for path in uploads._root().rglob("*") if path.is_file())
    assert content[:40] not in stored and b"photo.jpg" not in stored
    other = browser(app)
    sign_up(other, "autre@exemple.ma")
    assert other.get(url).status_code == 404 and piece(other, url, content, 200, 300).status_code == 404


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


def infected() -> bytes:
    return journey.PDF.replace(b"trailer", b"%" + EICAR + b"\ntrailer")


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
        send(client, draft, ("bien.pdf", journey.PDF))
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
    assert not verifying.examine_next()  # not before its time
    with scanner() as address, clock.at(clock.now() + timedelta(minutes=2)):
        monkeypatch.setitem(system_app.config, "CLAMD", address)
        examine()
    assert (standing().state, standing().reason) == ("refused", "virus")


def test_a_paper_whose_reading_ends_without_a_word_is_refused_in_the_end(
    client: FlaskClient, draft: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(client, draft, ("un.jpg", photo()))
    monkeypatch.setattr(
        verifying, "_end", lambda claim, outcome: None
    )  # the worker is killed before it says so
    moment = clock.now()
    for number in range(4):
        with clock.at(moment + number * timedelta(minutes=4)):
            if number == 3:
                monkeypatch.undo()
            db.session.rollback()
            assert verifying.examine_next()
    assert (standing().state, standing().reason) == ("refused", "too_heavy")


def test_a_change_while_the_worker_reads_wins(
    client: FlaskClient, draft: str, system_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name for path in Path(system_app.config["DATA"], "files").glob("*/*")}
    send(client, draft, ("un.jpg", photo()))
    outcome = verifying._outcome

    def meanwhile(claim: Any) -> Any:
        found = outcome(claim)
        send(client, draft, ("deux.jpg", photo("blue")))
        monkeypatch.setattr(verifying, "_outcome", outcome)
        return found

    monkeypatch.setattr(verifying, "_outcome", meanwhile)
    examine()
    assert names() == ["un.jpg", "deux.jpg"] and len(standing().pages) == 2
    kept = {standing().storage_key, *standing().pages, *(part["key"] for part in standing().parts)}
    there = {path.name for path in Path(system_app.config["DATA"], "files").glob("*/*")}
    assert there - before == kept


# --- promised, refused after the sending


def test_a_paper_is_promised_by_a_day_and_recalled_before_it(client: FlaskClient, draft: str) -> None:
    for wrong, said in (
        ("", "Écrivez le jour"),
        ("1/1/2020", "entre aujourd’hui"),
        ("31/02/2027", "n’existe pas"),
    ):
        assert said in client.post(place(draft, "/promise"), data={"promised_for": wrong}).text
    assert client.post(place(draft, "/promise"), data={"promised_for": "05/07/2027"}).status_code == 302
    assert standing().state == "promised" and "5 juillet 2027" in client.get(place(draft)).text
    message = db.session.scalars(sa.select(Message).where(Message.key == verifying.DOCUMENT_AWAITED)).one()
    assert message.due.astimezone(clock.CASABLANCA).isoformat()[:13] == "2027-07-03T09"
    said_of = {"reference": draft, "question": "transcripts", "day": standing().promised_for}
    assert verifying.still_owed([said_of]) == [True]
    send(client, draft, ("un.jpg", photo()))
    assert standing().state == "received"
    db.session.rollback()
    assert verifying.still_owed([said_of]) == [False]


def test_a_promise_is_an_answer_and_may_be_kept_after_the_sending(
    client: FlaskClient, draft: str, app: Flask
) -> None:
    client.post(place(draft, "/promise"), data={"promised_for": "05/07/2027"})
    client.post(f"/my/applications/{draft}/form", data=journey.answers())
    assert client.post(f"/my/applications/{draft}/check").location.endswith(draft)
    desk = browser(app)
    journey.staff(desk)
    assert "Promis" in desk.get(f"/staff/applications/{draft}").text
    with clock.at(journey.AFTER):
        client.post("/sign-in", data={"email": "zoe@exemple.ma", "password": journey.PASSWORD})
        assert send(client, draft, ("un.jpg", photo())).status_code == 302
        refused = send(client, draft, ("deux.jpg", photo()))
        assert refused.status_code == 409 and "ne se change plus" in refused.text


def test_a_paper_refused_after_the_sending_is_written_to_its_person(client: FlaskClient, sent: str) -> None:
    db.session.rollback()
    with writing():
        paper = standing()
        paper.parts = [{**paper.parts[0], "key": storage.store(b"%PDF-1.4\n%%EOF").key}]
    examine()
    assert standing().state == "refused"
    assert db.session.scalars(sa.select(Message.key)).all() == ["application_received", "document_refused"]
    assert send(client, sent, ("un.jpg", photo())).status_code == 302
    examine()
    assert standing().state == "clean"
    noted = db.session.scalars(sa.select(Event.action).where(Event.object_reference == sent)).all()
    assert {"applications.refuse_document", "applications.attach"} <= set(noted)


# --- staff


def test_staff_read_the_figure_beside_the_paper_and_a_new_sending_asks_again(
    client: FlaskClient, sent: str, app: Flask
) -> None:
    desk = browser(app)
    journey.staff(desk)
    examine()
    paper = standing()
    page = desk.get(f"/staff/documents/{paper.reference}/pages").text
    assert "Déclaré" in page and "À vérifier" in page
    image = re.search(r'src="(/staff/documents/[^"]+)"', page)
    assert image is not None and desk.get(image[1].replace("&amp;", "&")).mimetype == "image/jpeg"
    assert desk.get(image[1].partition("?")[0]).status_code == 404  # not without the page that notes it
    check = f"/staff/documents/{paper.reference}/figures"
    assert "Écrivez ce que vous lisez" in desk.post(check, data={"question": "s1", "read": ""}).text
    assert (
        desk.post(check, data={"question": "s2", "read": "12"}).status_code == 404
    )  # not proved by this paper
    desk.post(check, data={"question": "s1", "read": "11,5"})
    assert "Différent" in desk.get(f"/staff/documents/{paper.reference}/pages").text
    desk.post(check, data={"question": "s1", "read": "12,00"})
    assert "Vérifié, égal" in desk.get(f"/staff/documents/{paper.reference}/pages").text
    rows = db.session.scalars(sa.select(FigureCheck).order_by(FigureCheck.id)).all()
    assert [(row.declared, row.read) for row in rows] == [("12", "11.5"), ("12", "12")]
    db.session.rollback()
    with writing():
        standing().sha256 = "0" * 64
    page = desk.get(f"/staff/documents/{paper.reference}/pages").text
    assert "À vérifier de nouveau" in page and "Le document a changé depuis" in page


def test_an_original_seen_at_a_desk_is_noted_once(client: FlaskClient, sent: str, app: Flask) -> None:
    desk = browser(app)
    journey.staff(desk)
    examine()
    paper = standing().reference
    for _ in range(2):
        assert desk.post(f"/staff/documents/{paper}/original").status_code == 302
    assert "Original vu" in desk.get(f"/staff/documents/{paper}/pages").text
    noted = sa.select(sa.func.count()).where(Event.action == "applications.see_original")
    assert db.session.scalar(noted) == 1


def test_a_page_of_many_parts_asks_as_little_as_one_of_one(
    client: FlaskClient, draft: str, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    counts = []
    for number in (1, 8):
        send(client, draft, *[(f"{n}.jpg", photo()) for n in range(number)], way="replace")
        examine()
        with statements() as seen:
            assert client.get(place(draft)).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_owed_papers_are_counted_in_one_statement(client: FlaskClient, draft: str) -> None:
    client.post(place(draft, "/promise"), data={"promised_for": "05/07/2027"})
    db.session.rollback()
    number = standing().application_id
    assert files.open_promises(SYSTEM, [number, 0]) == {number: 1}
