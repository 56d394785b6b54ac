"""Papers whose files lie in a bucket: sent to one machine, gone on with on another, read, deleted; while it ails."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, current_app
from flask.ctx import AppContext
from flask.testing import FlaskClient, FlaskCliRunner

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.documents import tasks as documents
from cohortmgr.applications.documents.actions import uploads
from cohortmgr.base import clock, storage
from cohortmgr.base.db import db, writing
from cohortmgr.base.settings import Settings
from cohortmgr.base.stores import s3
from cohortmgr.base.stores.opening import open_store
from cohortmgr.base.stores.store import StoreAway
from cohortmgr.operations import tasks as operations
from cohortmgr.programmes.actions import load_definition
from tests.databases import Database, application, dispose
from tests.integration.applications.documents.photos import asking, names, photo, place, send, standing
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import PASSWORD, begin, browser, sign_up
from tests.unit.base.stores.servers import answering, bucket, silent

KEPT = "cohortmgr-store"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with bucket() as url:
        yield url


@pytest.fixture
def settings(url: str, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of an installation whose files lie in the bucket, which is empty."""
    monkeypatch.setattr(s3, "OF_PAGES", s3.OF_WORKERS)  # the tests' machine may be busy
    store = open_store(url, tmp_path, waited_for=False)
    for held in list(store.list("")):
        store.drop(held.name)
    return database.settings.model_copy(update={"files_url": url})


def machine(settings: Settings, folder: Path, process: Any = "web") -> Flask:
    """An application as on a machine of its own: it shares the database, the keys and the bucket, and no folder."""
    folder.mkdir()
    app = application(settings.model_copy(update={"data": folder}), process)
    app.config["WTF_CSRF_ENABLED"] = False
    app.extensions["tests-states"] = current_app.extensions["tests-states"]
    return app


@pytest.fixture
def intake(system_context: AppContext) -> Iterator[str]:
    with clock.at(steps.DURING):
        reference = steps.load_mdia()
        with writing():
            load_definition(SYSTEM, asking())
        db.session.rollback()
        yield reference


def announce(client: FlaskClient, draft: str, content: bytes) -> dict[str, Any]:
    about = {"name": "photo.jpg", "size": str(len(content)), "sha256": hashlib.sha256(content).hexdigest()}
    said: dict[str, Any] = client.post(place(draft, "/uploads"), data=about).json
    return said


def piece(client: FlaskClient, url: str, content: bytes, start: int, end: int) -> dict[str, Any]:
    headers = {"Upload-Offset": str(start), "Upload-Way": "add"}
    said: dict[str, Any] = client.patch(url, data=content[start:end], headers=headers).json
    return said


def test_a_file_that_was_cut_goes_on_by_another_machine_and_is_read_and_deleted(
    intake: str, settings: Settings, tmp_path: Path
) -> None:
    one, two, worker = (
        machine(settings, tmp_path / "one"),
        machine(settings, tmp_path / "two"),
        machine(settings, tmp_path / "worker", "system"),
    )
    content = photo(size=(300, 300))
    telephone, computer = browser(one), browser(two)
    sign_up(telephone)
    draft = begin(telephone, intake)
    address = announce(telephone, draft, content)["url"]
    assert piece(telephone, address, content, 0, 200) == {"offset": 200}
    computer.post("/sign-in", data={"email": "zoe@exemple.ma", "password": PASSWORD})
    assert "a été coupé" in computer.get(place(draft)).text
    assert announce(computer, draft, content) == {"url": address, "offset": 200}
    assert piece(computer, address, content, 200, len(content))["state"] == "received"
    # The first machine, asked again, has the same document.
    assert piece(telephone, address, content, len(content), len(content))["state"] == "received"
    assert names() == ["photo.jpg"]
    with worker.app_context():
        while documents.examine_next():
            continue
        kept = [held.name for held in storage.in_use().list("files/")]
        raw = b"".join(storage.in_use().get(name) for name in kept)
        assert content[:40] not in raw, "what lies there is sealed"
    paper = standing()
    assert paper.state == "clean"
    read = telephone.get(f"/my/documents/{paper.reference}")
    assert read.status_code == 200 and read.data.startswith(b"\xff\xd8"), "a photo"
    assert computer.get(f"/my/documents/{paper.reference}/pages/1").status_code == 200
    given = {"part": paper.parts[0]["key"], "way": "remove"}
    assert computer.post(place(draft, "/order"), data=given).status_code == 302
    with worker.app_context():
        assert list(storage.in_use().list("files/")) == []
        assert [held.name.rpartition("/")[2] for held in storage.in_use().list("uploads/")] == [
            "about",
            "done",
        ]
        with clock.at(clock.now() + timedelta(days=400)):
            assert uploads.sweep() == 1
        assert list(storage.in_use().list("")) == []
    for folder in ("one", "two", "worker"):
        assert not any((tmp_path / folder / name).exists() for name in ("files", "uploads"))
    for app in (one, two, worker):
        dispose(app)


def test_two_pieces_that_came_at_once_to_two_machines_are_one_file(
    intake: str, settings: Settings, client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that was cut leaves a short piece being written, while the same bytes come again in a long one."""
    monkeypatch.setitem(app.extensions, KEPT, open_store(settings.files_url, Path(), waited_for=False))
    content = photo(size=(300, 300))
    sign_up(client)
    draft = begin(client, intake)
    address = announce(client, draft, content)["url"]
    with app.app_context():
        owner = next(storage.in_use().list("uploads/")).name.split("/")[1]
        upload = uploads.find(int(owner), address.rpartition("/")[2])
        for length in (100, 150):  # each saw that nothing had come
            uploads._write(upload, uploads._piece(0, length), content[:length])
        assert uploads.offset(upload) == 150
        uploads._write(upload, uploads._piece(100, 80), content[100:180])
        assert uploads.offset(upload) == 180
    assert piece(client, address, content, 180, len(content))["state"] == "received"
    assert names() == ["photo.jpg"] and standing().parts[0]["size"] == len(content)


def test_what_no_row_names_is_swept_from_a_bucket_too(
    settings: Settings, system_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(system_app.extensions, KEPT, open_store(settings.files_url, Path(), waited_for=False))
    with system_app.app_context():
        storage.store(b"of an act that failed")
    with system_app.app_context():
        assert list(storage.in_use().list("")) == []
        lost = storage.store(b"no row").key
        with writing():
            pass
        operations.sweep_files(lambda: False)
        assert storage.load(lost) == b"no row"
        with clock.at(clock.now() + timedelta(days=400)):
            operations.sweep_files(lambda: False)
        db.session.rollback()
        with pytest.raises(FileNotFoundError):
            storage.load(lost)


class Away:
    """A store that does not answer."""

    def put(self, *_given: object) -> None:
        raise StoreAway("away")

    get = drop = list = put


def test_while_the_files_are_away_papers_wait_and_forms_go_on(
    intake: str, client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_up(client)
    draft = begin(client, intake)
    content = photo()
    address = announce(client, draft, content)["url"]
    store = app.extensions[KEPT]
    monkeypatch.setitem(app.extensions, KEPT, Away())
    page = send(client, draft, ("photo.jpg", content))
    assert page.status_code == 503 and page.headers["Retry-After"] == "60"
    assert "Les fichiers ne sont pas joignables" in page.text and "Gardez celui que vous envoyez" in page.text
    headers = {"Upload-Offset": "0", "Upload-Way": "add"}
    assert client.patch(address, data=content, headers=headers).status_code == 503
    answer = client.get("/health")
    assert (answer.status_code, answer.json) == (503, {"status": "files"})
    # What needs no file is not hindered: the whole form, its page of papers, an answer.
    for path in (f"/my/applications/{draft}/form", place(draft), "/my"):
        assert client.get(path, follow_redirects=True).status_code == 200, path
    saved = client.post(f"/my/applications/{draft}/answers", data={"city": "Fès"})
    assert saved.status_code < 400, saved.text
    monkeypatch.setitem(app.extensions, KEPT, store)
    assert client.get("/health").json == {"status": "ok"}
    assert piece(client, address, content, 0, len(content))["state"] == "received"


def test_a_bucket_that_says_nothing_is_told_within_five_seconds(
    intake: str, client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_up(client)
    draft = begin(client, intake)
    with answering(silent) as (url, _asked):
        monkeypatch.setitem(app.extensions, KEPT, open_store(url, Path(), waited_for=True))
        began = time.monotonic()
        assert send(client, draft, ("photo.jpg", photo())).status_code == 503
        assert time.monotonic() - began < 5 + 1  # the test's own drawing of a photo
        began = time.monotonic()
        assert client.get("/health").json == {"status": "files"}
        assert time.monotonic() - began < 5


def test_a_file_whose_act_failed_while_the_bucket_went_away_does_not_break_the_answer(
    system_app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with system_app.app_context():
        storage.store(b"no row")
        kept = system_app.extensions[KEPT]
        monkeypatch.setitem(system_app.extensions, KEPT, Away())
    assert "stay for the sweep" in caplog.text
    monkeypatch.setitem(system_app.extensions, KEPT, kept)


def test_the_command_moves_the_files_and_tells_what_it_did(
    url: str, settings: Settings, system_app: Flask, runner: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    for held in list(system_app.extensions[KEPT].list("")):
        system_app.extensions[KEPT].drop(held.name)
    with system_app.app_context():
        key = storage.store(b"a paper").key
        with writing():
            pass
    asked = ["operations", "move-files", "--to", "bucket"]
    done = runner.invoke(args=asked)
    assert done.exit_code == 1 and "COHORTMGR_FILES_URL names no bucket" in done.output
    monkeypatch.setitem(system_app.extensions, "cohortmgr-settings", settings)
    for sent in (1, 0):
        done = runner.invoke(args=asked)
        assert done.exit_code == 0 and f"done: 1 files, {sent} sent" in done.output, done.output
    done = runner.invoke(args=[*asked, "--drop"])
    assert done.exit_code == 0 and "1 dropped" in done.output
    with system_app.app_context():
        with pytest.raises(FileNotFoundError):
            storage.load(key)
        monkeypatch.setitem(system_app.extensions, KEPT, open_store(url, Path(), waited_for=False))
        assert storage.load(key) == b"a paper"
    nowhere = settings.model_copy(update={"files_url": url.replace("/cohorts?", "/nowhere?")})
    monkeypatch.setitem(system_app.extensions, "cohortmgr-settings", nowhere)
    done = runner.invoke(args=[*asked[:-1], "folder"])
    assert done.exit_code == 1 and "does not exist" in done.output and "Traceback" not in done.output
