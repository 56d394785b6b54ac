"""A file that a person joins to a question: examined at once, kept while the text is mended, read by the desk alone."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient
from PIL import Image

from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.audit.actions import destroy_key
from cohortmgr.audit.models import Event
from cohortmgr.base import clock, storage
from cohortmgr.base.db import db, writing
from cohortmgr.messages.helpdesk.models import HelpRequest, ThreadEntry
from cohortmgr.messages.helpdesk.queries.questions import stored_keys
from tests.integration.applications.documents.photos import EICAR, heavy, photo
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import begin, browser, sign_up

FORM = {"topic": "documents", "text": "Voici mon relevé.", "once": "A" * 26}


@pytest.fixture
def intake(system_context: AppContext) -> Iterator[str]:
    with clock.at(steps.DURING):
        yield steps.load_mdia()


@pytest.fixture
def draft(intake: str, client: FlaskClient) -> str:
    sign_up(client)
    return begin(client, intake)


def ask(
    client: FlaskClient, draft: str, content: bytes | None = None, name: str = "relevé.jpg", **more: Any
) -> Any:
    given = {**FORM, **more}
    if content is not None:
        given["attachment"] = (io.BytesIO(content), name)
    return client.post(f"/my/applications/{draft}/question", **heavy(given))


def entries() -> list[ThreadEntry]:
    db.session.rollback()
    found = sa.select(ThreadEntry).order_by(ThreadEntry.id).execution_options(populate_existing=True)
    return list(db.session.scalars(found))


def kept_in(page: str) -> str:
    found = re.search(r'name="kept"[^>]*value="(\w{26})"', page)
    assert found, page
    return found[1]


def heic() -> bytes:
    import pillow_heif

    pillow_heif.register_heif_opener()
    file = io.BytesIO()
    drawn = Image.new("RGB", (120, 160), "white")
    drawn.paste("black", (10, 10, 60, 60))
    drawn.save(file, "HEIF")
    return file.getvalue()


def protected() -> bytes:
    file = io.BytesIO()
    with pikepdf.new() as made:
        made.add_blank_page()
        made.save(file, encryption=pikepdf.Encryption(owner="a", user="b"))
    return file.getvalue()


def as_kind(kind: str) -> bytes:
    if kind in ("PNG", "WEBP"):
        file = io.BytesIO()
        Image.open(io.BytesIO(photo())).save(file, kind)
        return file.getvalue()
    return {"PDF": drawn_pdf, "JPEG": photo, "HEIC": heic}[kind]()


def drawn_pdf() -> bytes:
    file = io.BytesIO()
    with pikepdf.new() as made:
        made.add_blank_page(page_size=(595, 842)).contents_add(b"0 0 0 rg 100 100 200 200 re f")
        made.save(file)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PDF", "JPEG", "PNG", "WEBP", "HEIC"])
def test_whatever_the_form_takes_comes_with_a_question(client: FlaskClient, draft: str, kind: str) -> None:
    answer = ask(client, draft, as_kind(kind), f"mon relevé.{kind.lower()}")
    assert answer.status_code == 302, answer.text
    [entry] = entries()
    page = client.get(answer.location).text
    ending = "pdf" if kind == "PDF" else "jpg"
    assert f"mon relevé.{ending}" in page and "Voici mon relevé." in page
    sent = client.get(f"{answer.location}/files/{entry.reference}")
    assert sent.status_code == 200 and sent.headers["Cache-Control"] == "no-store"
    assert sent.headers["Content-Disposition"].startswith("attachment")
    assert sent.data.startswith(b"%PDF-" if kind == "PDF" else b"\xff\xd8")
    assert stored_keys() == {entry.file_key}, "the hourly sweep leaves it"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Ce fichier est vide"),
        (b"<html><script>alert(1)</script></html>", "n’est pas lisible"),
        (protected(), "protégé par un mot de passe"),
        (b"%PDF-1.4\nnothing\n%%EOF", "abîmé"),
        (b"\xff\xd8\xff" + b"0" * (10 * 1024 * 1024 + 5) + b"\xff\xd9", "dépasse 10 Mo"),
    ],
)
def test_what_is_wrong_with_it_is_said_there_and_then_and_the_text_stays(
    client: FlaskClient, draft: str, content: bytes, said: str
) -> None:
    answer = ask(client, draft, content, "page.pdf")
    assert answer.status_code == 422 and said in answer.text and "Voici mon relevé." in answer.text
    assert 'id="attachment-error"' in answer.text and not entries()


def test_a_page_of_one_colour_is_refused_as_in_the_form(client: FlaskClient, draft: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (90, 90), "white").save(file, "PNG")
    assert "d’une seule couleur" in ask(client, draft, file.getvalue()).text


def waiting(app: Flask) -> set[Path]:
    """What was sent in parts and is no document yet; other tests of the process leave theirs."""
    return {path for path in Path(app.config["DATA"], "uploads").rglob("*") if path.is_file()}


def test_no_file_is_lost_when_the_text_is_refused(client: FlaskClient, draft: str, app: Flask) -> None:
    before = waiting(app)
    answer = ask(client, draft, photo(), "relevé du S5.jpg", text="  ")
    assert answer.status_code == 422 and "Écrivez votre question." in answer.text
    assert "relevé du S5.jpg" in answer.text and not entries()
    kept = kept_in(answer.text)
    stranger = browser(app)
    sign_up(stranger, "autre@exemple.ma")
    assert stranger.get(f"/my/uploads/{kept}").status_code == 404
    answer = ask(client, draft, kept=kept)
    assert answer.status_code == 302
    [entry] = entries()
    assert entry.file_key and "relevé du S5.jpg" in client.get(answer.location).text
    assert waiting(app) == before, "nothing stays beside it"


def test_another_file_takes_its_place_and_it_may_be_left_out(client: FlaskClient, draft: str) -> None:
    kept = kept_in(ask(client, draft, photo(), "un.jpg", text="").text)
    answer = ask(client, draft, photo("blue"), "deux.jpg", text="", kept=kept)
    assert "deux.jpg" in answer.text and "un.jpg" not in answer.text
    page = ask(client, draft, b"nothing", "trois.jpg", kept=kept_in(answer.text)).text
    assert "deux.jpg" in page, "a file that is refused takes no place"
    assert ask(client, draft, kept=kept_in(page), unjoin="y").status_code == 302
    assert entries()[0].file_key is None


def test_nobody_joins_a_file_that_another_person_kept(
    client: FlaskClient, intake: str, draft: str, app: Flask
) -> None:
    kept = kept_in(ask(client, draft, photo(), text="").text)
    stranger = browser(app)
    sign_up(stranger, "autre@exemple.ma")
    theirs = begin(stranger, intake)
    assert ask(stranger, theirs, kept=kept).status_code == 302
    assert entries()[0].file_key is None


def test_a_second_click_stores_nothing_twice(client: FlaskClient, draft: str, system_app: Flask) -> None:
    files = Path(system_app.config["DATA"], "files")
    before = {path.name for path in files.glob("*/*")}
    for _ in range(2):
        assert ask(client, draft, photo()).status_code == 302
    [entry] = entries()
    assert {path.name for path in files.glob("*/*")} - before == {entry.file_key}


def test_a_file_comes_with_an_addition_too(client: FlaskClient, draft: str) -> None:
    place = ask(client, draft).location
    answer = client.post(
        place, data={"text": "", "once": "B" * 26, "attachment": (io.BytesIO(photo()), "a.jpg")}
    )
    assert answer.status_code == 422
    again = {"text": "Le voici.", "once": "B" * 26, "kept": kept_in(answer.text)}
    assert client.post(place, data=again).status_code == 302
    assert [bool(entry.file_key) for entry in entries()] == [False, True]


def test_the_desk_reads_it_named_for_its_person_and_nobody_else_does(
    client: FlaskClient, draft: str, app: Flask
) -> None:
    place = ask(client, draft, photo(), "relevé.jpg").location
    [entry] = entries()
    address = f"{place}/files/{entry.reference}".replace("/my/", "/staff/")
    desk = browser(app)
    steps.staff(desk)
    assert address in desk.get(place.replace("/my/", "/staff/")).text
    sent = desk.get(address)
    assert sent.status_code == 200 and sent.headers["Cache-Control"] == "no-store"
    name = sent.headers["Content-Disposition"]
    assert "relev" in name and name.startswith("attachment")
    assert desk.get(f"{address[:-26]}{'A' * 26}").status_code == 404
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).where(Event.action == "desk.read_file")) == 1
    reader = browser(app)
    steps.staff(reader, Role.REVIEWER)
    assert reader.get(address).status_code == 404
    stranger = browser(app)
    sign_up(stranger, "autre@exemple.ma")
    assert stranger.get(f"{place}/files/{entry.reference}").status_code == 404


def test_an_erased_person_leaves_no_file(client: FlaskClient, draft: str) -> None:
    ask(client, draft, photo())
    [entry] = entries()
    key, subject = entry.file_key or "", db.session.scalars(sa.select(HelpRequest.subject)).one()
    assert storage.load(key)
    with writing():
        destroy_key(SYSTEM, subject)
    assert entries()[0].file_key is None
    with pytest.raises(FileNotFoundError):
        storage.load(key)


def test_the_virus_scanner_is_asked_first(
    client: FlaskClient, draft: str, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cohortmgr.messages.helpdesk.actions import attachments

    monkeypatch.setitem(app.config, "CLAMD", "127.0.0.1:1")
    answer = ask(client, draft, photo())
    assert answer.status_code == 422 and "L’antivirus ne répond pas" in answer.text
    assert "Voici mon relevé." in answer.text
    monkeypatch.setattr(attachments, "found_in", lambda data, _address: "Eicar" if EICAR in data else None)
    comment = b"\xff\xfe" + (len(EICAR) + 2).to_bytes(2, "big") + EICAR
    assert "L’antivirus a refusé" in ask(client, draft, photo()[:2] + comment + photo()[2:]).text
    assert not entries()


def test_the_closed_way_leads_there_with_the_text_begun(client: FlaskClient, draft: str) -> None:
    page = client.get(f"/my/applications/{draft}/question?about=nothing").text
    assert "Mon dossier ne remplit pas" not in page
    known = steps.answers(licence="economie")
    steps.fill(client, draft, steps.with_file(known))
    check = client.get(f"/my/applications/{draft}/check").text
    link = re.search(rf"/my/applications/{draft}/question\?about=\w+", check)
    assert link, "the check says what closes the way, and leads to a person"
    page = client.get(link[0]).text
    assert "Mon dossier ne remplit pas cette condition" in page and 'value="conditions"' in page
    assert re.search(r'<option selected value="conditions"|value="conditions" selected', page)
    assert 'type="file"' in page


def test_a_file_too_large_for_any_form_is_told_too_and_the_token_of_the_form_is_looked_for(
    client: FlaskClient, draft: str, app: Flask
) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    page = client.get(f"/my/applications/{draft}/question").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    content = b"\xff\xd8\xff" + b"0" * (app.config["MAX_CONTENT_LENGTH"] + 3 * 1024 * 1024) + b"\xff\xd9"
    answer = ask(client, draft, content, csrf_token=token[1])
    assert answer.status_code == 422 and "dépasse 10 Mo" in answer.text and "Voici mon relevé." in answer.text
