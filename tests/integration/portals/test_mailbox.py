"""The demonstration's mailbox shows e-mails and short messages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.outbox.channels.actions.mail import OutgoingMail, compose
from cohortmgr.outbox.channels.actions.providers import write_mail


@pytest.fixture
def folders(app: Flask, app_context: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A letter and a short message."""
    monkeypatch.setitem(app.config, "DATA", str(tmp_path))
    write_mail(
        tmp_path,
        "R1",
        compose(OutgoingMail("R1", "fr", "a@b.ma", "Votre place", "Bonjour\n", "<p>Bonjour</p>")),
    )
    (tmp_path / "sms").mkdir()
    short = {
        "reference": "S1",
        "to": "+212612345678",
        "text": "مقعدكم محجوز",
        "segments": 2,
        "encoding": "ucs2",
    }
    (tmp_path / "sms" / "S1.json").write_text(json.dumps(short))
    return tmp_path


@pytest.mark.sqlite_only
@pytest.mark.usefixtures("folders")
def test_both_are_listed_and_read(client: FlaskClient) -> None:
    page = client.get("/demo/mail").text
    assert "Votre place" in page and "+212612345678" in page and "SMS" in page
    assert "Bonjour" in client.get("/demo/mail/R1").text
    short = client.get("/demo/mail/S1").text
    assert "مقعدكم محجوز" in short and "2 segments" in short and 'dir="rtl"' in short
    assert "Votre place" not in client.get("/demo/mail?to=%2B2126").text


@pytest.mark.sqlite_only
@pytest.mark.usefixtures("folders")
@pytest.mark.parametrize("name", ["none", "..", "*", "R*", "R1.eml"])
def test_what_is_not_there_is_not_found(client: FlaskClient, name: str) -> None:
    assert client.get(f"/demo/mail/{name}").status_code == 404


@pytest.mark.sqlite_only
@pytest.mark.usefixtures("folders")
def test_it_is_the_demonstration_s_alone(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "DEMONSTRATION", False)
    assert client.get("/demo/mail").status_code == client.get("/demo/mail/R1").status_code == 404
