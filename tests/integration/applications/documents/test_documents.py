"""Papers on both databases: sent in one go or in pieces, ordered, examined, refused, promised, and read by staff."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient
from PIL import Image

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.documents import tasks as documents
from cohortmgr.applications.documents.models import FigureCheck
from cohortmgr.applications.file.models import Document
from cohortmgr.audit.models import Event
from cohortmgr.base import clock, storage
from cohortmgr.base.db import db, writing
from cohortmgr.outbox.models import Message
from cohortmgr.programmes.actions import load_definition
from tests.integration.applications.documents.photos import (
    EICAR,
    asking,
    heavy,
    names,
    photo,
    place,
    send,
    standing,
)
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import begin, browser, examine, fill, sign_up


@pytest.fixture
def intake(system_context: AppContext) -> Iterator[str]:
    with clock.at(steps.DURING):
        reference = steps.load_mdia()
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
    assert send(client, draft, ("trois.pdf", steps.PDF)).status_code == 302
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
    assert page.count("srcset=") == 2 and "/pages/2" in page and "Page 2 sur 2" in page
    for number, status in ((1, 200), (2, 200), (3, 404), (0, 404)):
        answer = client.get(f"/my/documents/{paper.reference}/pages/{number}")
        assert answer.status_code == status
    assert (
        client.get(f"/my/documents/{paper.reference}/pages/1")
        .headers["Content-Security-Policy"]
        .endswith("sandbox")
    )


def test_a_file_that_is_sent_twice_is_one(client: FlaskClient, draft: str) -> None:
    """The button is pressed twice while the line is slow; the same picture under another name is another file."""
    send(client, draft, ("un.jpg", photo()), way="replace")
    for _ in range(2):
        assert send(client, draft, ("deux.jpg", photo("blue"))).status_code == 302
    assert names() == ["un.jpg", "deux.jpg"]
    kept = {part["key"] for part in standing().parts}
    assert len(kept) == 2 and {storage.load(key) is not None for key in kept} == {True}
    send(client, draft, ("trois.jpg", photo("blue")))
    assert names() == ["un.jpg", "deux.jpg", "trois.jpg"]


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
    broken = steps.PDF.replace(b"/Pages", b"/Rages")
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


# --- promised, refused after the sending


def test_a_paper_is_promised_by_a_day_and_recalled_before_it(client: FlaskClient, draft: str) -> None:
    for wrong, said in (
        ("", "Écrivez le jour"),
        ("1/1/2020", "entre aujourd’hui"),
        ("31/02/2027", "n’existe pas"),
    ):
        assert said in client.post(place(draft, "/promise"), data={"promised_for": wrong}).text
    parts = {"promised_for-day": "٥", "promised_for-month": "يوليوز", "promised_for-year": "٢٠٢٧"}
    assert client.post(place(draft, "/promise"), data=parts).status_code == 302
    assert standing().state == "promised" and "5 juillet 2027" in client.get(place(draft)).text
    message = db.session.scalars(sa.select(Message).where(Message.key == documents.DOCUMENT_REMINDER)).one()
    assert message.due.astimezone(clock.CASABLANCA).isoformat()[:13] == "2027-07-03T09"
    said_of = {"reference": draft, "question": "transcripts", "day": standing().promised_for}
    assert documents.still_owed([said_of]) == [True]
    send(client, draft, ("un.jpg", photo()))
    assert standing().state == "received"
    db.session.rollback()
    assert documents.still_owed([said_of]) == [False]


def test_a_promise_is_an_answer_and_may_be_kept_after_the_sending(
    client: FlaskClient, draft: str, app: Flask
) -> None:
    client.post(place(draft, "/promise"), data={"promised_for": "05/07/2027"})
    client.post(f"/my/applications/{draft}/form", data=steps.answers())
    assert client.post(f"/my/applications/{draft}/check").location.endswith(draft)
    desk = browser(app)
    steps.staff(desk)
    assert "Promis" in desk.get(f"/staff/applications/{draft}/file").text
    with clock.at(steps.AFTER):
        client.post("/sign-in", data={"email": "zoe@exemple.ma", "password": steps.PASSWORD})
        assert send(client, draft, ("un.jpg", photo())).status_code == 302
        refused = send(client, draft, ("deux.jpg", photo()))
        assert refused.status_code == 409 and "ne se change plus" in refused.text


def test_a_paper_refused_after_the_sending_is_written_to_its_person(client: FlaskClient, sent: str) -> None:
    paper = standing()
    with writing() as session:
        session.refresh(paper)
        paper.parts = [{**paper.parts[0], "key": storage.store(b"%PDF-1.4\n%%EOF").key}]
    examine()
    assert standing().state == "refused"
    keys = db.session.scalars(sa.select(Message.key).order_by(Message.id)).all()
    assert keys == ["application_received", "document_refused"]
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
    steps.staff(desk)
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
        desk.post(check, data={"question": "graduation_year", "read": "2026"}).status_code == 404
    )  # not proved by this paper
    desk.post(check, data={"question": "s1", "read": "11,5"})
    assert "Différent" in desk.get(f"/staff/documents/{paper.reference}/pages").text
    desk.post(check, data={"question": "s1", "read": "12,00"})
    assert "Vérifié, égal" in desk.get(f"/staff/documents/{paper.reference}/pages").text
    rows = db.session.scalars(sa.select(FigureCheck).order_by(FigureCheck.id)).all()
    assert [(row.declared, row.read) for row in rows] == [("12", "11.5"), ("12", "12")]
    paper = standing()
    with writing():
        paper.sha256 = "0" * 64
    page = desk.get(f"/staff/documents/{paper.reference}/pages").text
    assert "À vérifier de nouveau" in page and "Le document a changé depuis" in page


def test_a_new_sending_is_read_anew_and_the_old_paper_says_that_it_was_replaced(
    client: FlaskClient, sent: str, app: Flask
) -> None:
    desk = browser(app)
    steps.staff(desk)
    examine()
    old = standing().reference
    desk.post(f"/staff/documents/{old}/figures", data={"question": "s1", "read": "12"})
    desk.post(f"/staff/documents/{old}/original")
    asked = {
        "fix-s1": "incorrect",
        "fix-transcripts": "outdated",
        "until": "2026-12-10",
        "message": "Le bon.",
    }
    assert desk.post(f"/staff/applications/{sent}/correction", data=asked).status_code == 302
    paper = {"s1": "13", "transcripts": (io.BytesIO(photo("blue")), "nouveau.jpg")}
    assert client.post(f"/my/applications/{sent}/correction", data=paper).status_code == 302
    examine()
    new = standing().reference
    page = desk.get(f"/staff/documents/{new}/pages").text
    assert "À vérifier de nouveau" in page and "J’ai vu l’original" in page
    assert "Le document a changé depuis" in page and "Le chiffre déclaré a changé depuis" in page
    replaced = desk.get(f"/staff/documents/{old}/pages").text
    assert "a été remplacé depuis" in replaced and f"/staff/documents/{new}/pages" in replaced
    assert "/figures" not in replaced and "J’ai vu l’original" not in replaced
    desk.post(f"/staff/documents/{new}/figures", data={"question": "s1", "read": "13"})
    page = desk.get(f"/staff/documents/{new}/pages").text
    assert "Vérifié, égal" in page and "Lu par Nadia, " in page
    stale = desk.post(f"/staff/documents/{old}/figures", data={"question": "s1", "read": "13"})
    assert stale.status_code == 200 and "venu à sa place" in stale.text
    assert desk.post(f"/staff/documents/{old}/original").status_code == 404
    assert "Vérifié, égal" in desk.get(f"/staff/documents/{new}/pages").text


def test_an_original_seen_at_a_desk_is_noted_once(client: FlaskClient, sent: str, app: Flask) -> None:
    desk = browser(app)
    steps.staff(desk)
    examine()
    paper = standing().reference
    for _ in range(2):
        assert desk.post(f"/staff/documents/{paper}/original").status_code == 302
    assert "Original vu par Nadia, " in desk.get(f"/staff/documents/{paper}/pages").text
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


def test_several_photos_that_no_script_has_shrunk_come_with_the_form_and_its_token(
    client: FlaskClient, draft: str, app: Flask
) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(place(draft)).text)
    assert token
    large = photo() + b"0" * (4 * 1024 * 1024) + b"\xff\xd9"
    given = [(io.BytesIO(large), f"{number}.jpg") for number in range(3)]
    assert sum(len(stream.getvalue()) for stream, _name in given) > app.config["MAX_CONTENT_LENGTH"]
    data = {"way": "add", "files": given, "csrf_token": token[1]}
    assert client.post(place(draft), **heavy(data)).status_code == 302
    assert names() == ["0.jpg", "1.jpg", "2.jpg"]
