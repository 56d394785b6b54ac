"""A programme's definition as a file: out, in again with each mistake at its line; and its texts and dates in pages."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient, FlaskCliRunner

from cohortmgr.base.db import db
from cohortmgr.programmes import queries
from cohortmgr.programmes.definition.toml import read_definition, read_known
from cohortmgr.programmes.models import DefinitionVersion
from tests.integration.authoring.drafts import (
    HOME,
    add,
    document,
    draft,
    filled,
    save,
    version,
)

pytestmark = pytest.mark.usefixtures("system_context")


def test_the_file_goes_out_and_comes_back(client: FlaskClient, runner: FlaskCliRunner) -> None:
    answer = client.get(f"{HOME}/definition.toml")
    assert read_definition(answer.text, "mdia.toml") == read_known("mdia")
    assert 'filename="mdia-1.toml"' in answer.headers["Content-Disposition"]
    assert runner.invoke(args=["programmes", "export", "mdia"]).output == answer.text
    assert runner.invoke(args=["programmes", "export", "absent"]).exit_code == 1
    save(client, add(client))
    changed = client.get(f"{HOME}/definition.toml?of=draft").text
    kept = document()
    assert client.post(f"{HOME}/discard", data={"version": version()}).status_code == 302
    assert draft() is None
    assert take(client, changed, "0").status_code == 302
    assert document() == kept
    assert queries.intake_of("mdia").fingerprint == db.session.scalar(
        sa.select(DefinitionVersion.fingerprint)
    )


def take(client: FlaskClient, text: str | bytes, number: str | None = None) -> Any:
    """Send a file as the page does."""
    data = text.encode() if isinstance(text, str) else text
    sent_file = (io.BytesIO(data), "../../mdia.toml")
    return client.post(f"{HOME}/file", data={"version": number or version(), "file": sent_file})


def test_a_faulty_file_is_named_by_its_lines_and_never_published(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cohortmgr.base.web.asked.LARGEST_TEXT", 200_000)
    text = client.get(f"{HOME}/definition.toml").text
    missing = text.replace('maximum = "20"', 'maximum = "-1"', 1).replace("weight = 8", "weight = 0", 1)
    line = missing[: missing.index("weight = 0")].count("\n") + 1
    answer = take(client, missing)
    assert answer.status_code == 200
    assert f"mdia.toml:{line} rubric" in answer.text
    assert draft() is not None, "it can be mended in pages"
    wrong: Mapping[str, str] = {
        "[form": "mdia.toml:1",
        text.replace('kind = "text"', 'kind = "texte"', 1): "texte",
        text.replace('key = "mdia"', 'key = "autre"', 1): "autre",
        text.replace('key = "email"', 'key = "motivation"', 1): "motivation",
    }
    before = document()
    for each, said in wrong.items():
        refused = take(client, each)
        assert refused.status_code == 422, said
        assert said in refused.text
    for data in (b"\xff\xfe", b"#" * 200_001):
        assert take(client, data).status_code == 422
    assert client.post(f"{HOME}/file", data={"version": version()}).status_code == 422
    assert document() == before


def test_a_null_never_reaches_the_database(client: FlaskClient) -> None:
    text = client.get(f"{HOME}/definition.toml").text
    hidden = text.replace('fr = "Deux ans', 'fr = "\\u0000Deux ans', 1)
    assert hidden != text
    line = hidden[: hidden.index("\\u0000")].count("\n") + 1
    refused = take(client, hidden)
    assert refused.status_code == 422
    assert f"mdia.toml:{line} " in refused.text
    assert draft() is None


def test_texts_are_written_too(client: FlaskClient) -> None:
    given = filled(client, f"{HOME}/texts")
    assert client.post(f"{HOME}/texts", data={**given, "version": "0"}).status_code == 302
    assert draft() is None, "nothing was changed"
    wrong = client.post(f"{HOME}/texts", data={**given, "version": "0", "title-fr": "x" * 201})
    assert wrong.status_code == 422
    assert 'href="#title-fr"' in wrong.text
    later = {**given, "version": "0", "practical-cost-fr": "Gratuit."}
    assert client.post(f"{HOME}/texts", data=later).status_code == 302
    assert document()["practical"]["cost"]["fr"] == "Gratuit."
    moved = client.post(f"{HOME}/texts", data={**later, "practical-cost-fr": "Autre."})
    assert moved.status_code == 409
    assert "Autre." in moved.text
    assert client.post(f"{HOME}/publish", data={"version": version(), "over": "1"}).status_code == 302
    assert "Gratuit." in client.get("/programmes/mdia").text
