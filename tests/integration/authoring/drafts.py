"""mdia with three files, a draft among them, and its administrator, who writes its form in pages."""

from __future__ import annotations

import html
import re
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db, writing
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import DefinitionDraft, Intake
from tests.factories.choices import browser, sent, someone

HOME = "/staff/programmes/mdia"
LABEL = {"label-fr": "Langue préférée", "label-ar": "اللغة المفضلة", "label-en": "Preferred language"}


def three_files() -> Intake:
    """Three files of 2025, of which the first is a draft."""
    found = sent(3)
    first = sa.select(sa.func.min(Application.id)).scalar_subquery()
    with writing() as session:
        session.execute(
            sa.update(Application).where(Application.id == first).values(state="draft", sent_at=None)
        )
    return found


def administrator(app: Flask, intake: Intake) -> FlaskClient:
    """The programme's administrator."""
    return browser(app, someone(intake, Role.PROGRAMME_ADMINISTRATOR))


def draft() -> DefinitionDraft | None:
    """The draft of the definition, if there is one."""
    db.session.rollback()
    return db.session.scalar(sa.select(DefinitionDraft).execution_options(populate_existing=True))


def document() -> dict[str, Any]:
    """What the draft holds."""
    found = draft()
    assert found is not None
    return found.document


def version() -> str:
    """The state of the draft, as pages say it."""
    found = draft()
    return str(found.version if found else 0)


def keys() -> list[str]:
    """The draft's questions, in order."""
    return [q["key"] for section in document()["form"]["sections"] for q in section["questions"]]


def mark(client: FlaskClient, path: str) -> str:
    """What tells the wording that a page was opened on."""
    found = re.search(r'name="mark" value="(\w+)"', client.get(path).text)
    assert found is not None
    return found[1]


def add(
    client: FlaskClient, kind: str = "text", label: str = "Langue préférée", place: str | None = None
) -> str:
    """A new question; its page."""
    place = place or read_known("mdia").form.sections[0].key
    answer = client.post(f"{HOME}/form/add", data={"in": place, "kind": kind, "label-fr": label})
    assert answer.status_code == 302, answer.text
    return begun(client, answer)


def begun(client: FlaskClient, answer: Any) -> str:
    """The page of what was begun, which does not tell yet what is missing; without that mark."""
    path, _mark, said = str(answer.location).partition("?")
    assert said == "begun=1"
    assert "data-error-summary" not in client.get(answer.location).text
    return path


def filled(client: FlaskClient, path: str) -> dict[str, str]:
    """What a page's form holds, as a browser that changes nothing would send it."""
    return held(client.get(path))


def held(answer: Any) -> dict[str, str]:
    """The same of a page that was answered."""
    page = answer.text.partition('<form class="form"')[2].partition("</form>")[0]
    given = {}
    for tag in re.findall(r"<input[^>]*>", page):
        named, value = re.search(r' name="([^"]+)"', tag), re.search(r' value="([^"]*)"', tag)
        if named and ("checked" in tag or 'type="checkbox"' not in tag):
            given[named[1]] = html.unescape(value[1] if value else "")
    for name, value in re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n?([^<]*)</textarea>', page):
        given[name] = html.unescape(value)
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" (?:[^>]* )?selected', options)
        given[name] = chosen[1] if chosen else ""
    return given


def save(client: FlaskClient, path: str, **given: Any) -> Any:
    """Save a question as its page does."""
    return client.post(path, data=MultiDict({"mark": mark(client, path), **LABEL, **given}))
