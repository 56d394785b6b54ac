"""Every kind of question is written in pages, shown, published, answered to, and carried by a file without a change."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.programmes import queries
from cohortmgr.programmes.definition.questions import QuestionKind
from cohortmgr.programmes.drafts.kinds_offered import INNER_KINDS, KINDS
from tests.integration.authoring.drafts import (
    HOME,
    add,
    administrator,
    document,
    draft,
    filled,
    three_files,
    version,
)

pytestmark = pytest.mark.usefixtures("system_context")

K = QuestionKind
TEXTS = {
    "label-ar": "سؤال جديد",
    "label-en": "A new question",
    "help-fr": "Une aide,\nsur deux lignes.",
    "help-ar": "مساعدة.",
    "help-en": "Some help.",
}
CHOICES = {
    "options-count": "2",
    "options-0-key": "",
    "options-0-label-fr": "L’un",
    "options-0-label-ar": "الأول",
    "options-0-label-en": "One",
    "options-0-aliases": "un ; 1er",
    "options-1-key": "",
    "options-1-label-fr": "L’autre",
    "options-1-label-ar": "الآخر",
    "options-1-label-en": "The other",
}
# What each kind is given besides, and what the draft then holds of it.
SAID: dict[QuestionKind, tuple[dict[str, str], dict[str, Any]]] = {
    K.TEXT: ({"max_length": "40"}, {"max_length": 40}),
    K.LONG_TEXT: ({"max_length": "٥٠٠"}, {"max_length": 500}),
    K.CITY: ({"max_length": "60"}, {"max_length": 60}),
    K.CHOICE: (CHOICES, {}),
    K.CHOICES: ({**CHOICES, "minimum": "1", "maximum": "2"}, {"minimum": "1", "maximum": "2"}),
    K.RANKING: ({**CHOICES, "maximum": "2"}, {"maximum": "2"}),
    K.LANGUAGE_LEVELS: (CHOICES, {}),
    K.NUMBER: ({"minimum": "0,5", "maximum": "1 000"}, {"minimum": "0.5", "maximum": "1000"}),
    K.GRADE: ({"minimum": "10"}, {"minimum": "10"}),
    K.YEAR: ({"minimum": "2015", "maximum": "2027"}, {"minimum": "2015", "maximum": "2027"}),
    K.DATE: ({"minimum": "16", "maximum": "60"}, {"minimum": "16", "maximum": "60"}),
    K.FILE: (
        {"max_bytes": "2,5", "max_files": "3", "max_pages": "8", "promise_days": "10"},
        {"max_bytes": 2_621_440, "max_files": 3, "max_pages": 8, "promise_days": 10},
    ),
    K.GROUP: ({"maximum": "3"}, {"maximum": "3"}),
}

FIGURES = ("minimum", "maximum", "max_length", "max_bytes", "max_files", "max_pages", "promise_days")


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """The administrator of a programme with three files."""
    return administrator(app, three_files())


def write(client: FlaskClient, kind: QuestionKind, place: str) -> str:
    """A question of a kind with all that its page asks; its address."""
    path = add(client, kind.value, f"Question {kind.value.replace('_', ' ')}", place)
    given, _held = SAID.get(kind, ({}, {}))
    condition = {
        "show_when-count": "1",
        "show_when-0-question": "licence",
        "show_when-0-operator": "one_of",
        "show_when-0-values": "informatique",
    }
    required = {"required": "1"} if kind in (K.TEXT, K.CHOICE) else {}
    answer = client.post(path, data={**filled(client, path), **TEXTS, **given, **condition, **required})
    assert answer.status_code == 302, kind
    return path


def held(name: str) -> dict[str, Any]:
    """A question of the draft."""
    sections = document()["form"]["sections"]
    return next(q for section in sections for q in section["questions"] if q["key"] == name)


def take(client: FlaskClient, text: str) -> Any:
    """Send a file as the page does."""
    data = {"version": version(), "file": (io.BytesIO(text.encode()), "mdia.toml")}
    return client.post(f"{HOME}/file", data=data)


def test_each_kind_is_written_published_and_carried_by_a_file(client: FlaskClient) -> None:
    client.post(f"{HOME}/form/add-section", data={"title-fr": "Tout"})
    section = f"{HOME}/form/sections/tout"
    names = {"title-ar": "الكل", "title-en": "Everything"}
    assert client.post(section, data={**filled(client, section), **names}).status_code == 302
    for kind in KINDS:
        path = write(client, kind, "tout")
        if kind is K.GROUP:
            for each in INNER_KINDS[:3]:
                inner = add(client, each.value, f"Champ {each.value}", f"{path.rpartition('/')[2]}.")
                given = SAID.get(each, ({}, {}))[0]
                assert client.post(inner, data={**filled(client, inner), **TEXTS, **given}).status_code == 302
        found = held(path.rpartition("/")[2])
        assert found["help"]["fr"] == "Une aide,\nsur deux lignes."
        assert found["show_when"][0]["values"] == ["informatique"]
        assert SAID.get(kind, ({}, {}))[1].items() <= found.items(), kind
        again = client.post(path, data=filled(client, path))
        assert (again.status_code, held(path.rpartition("/")[2])) == (302, found), (
            "saved anew, it stays itself"
        )
    assert len(held("question_group")["fields"]) == 3
    assert "à corriger avant de publier" not in client.get(f"{HOME}/form").text
    for language in ("fr", "ar", "en"):
        shown = client.get(f"{HOME}/form/preview?section=tout&language={language}")
        assert shown.status_code == 200
        assert all(f'"question_{kind.value}' in shown.text for kind in KINDS), language
    exported = client.get(f"{HOME}/definition.toml?of=draft").text
    before = document()
    assert client.post(f"{HOME}/discard", data={"version": version()}).status_code == 302
    assert draft() is None
    assert take(client, exported).status_code == 302
    assert document() == before
    assert client.get(f"{HOME}/definition.toml?of=draft").text == exported, "byte for byte"
    assert client.post(f"{HOME}/publish", data={"version": version(), "over": "1"}).status_code == 302
    assert client.get(f"{HOME}/definition.toml").text == exported
    form = queries.definition_of(queries.intake_of("mdia")).form
    assert [q.kind for q in form.sections[-1].questions] == list(KINDS)


@pytest.mark.parametrize("kind", [K.TEXT, K.CHOICES, K.DATE, K.FILE, K.GROUP])
def test_wrong_figures_of_a_kind_are_told_beside_their_field_and_kept(
    client: FlaskClient, kind: QuestionKind
) -> None:
    path = add(client, kind.value, "Une question")
    page = filled(client, path)
    wrong = {name: "beaucoup" for name in FIGURES if name in page}
    assert client.post(path, data={**page, **TEXTS, **wrong}).status_code == 302
    shown = client.get(path).text
    for name in wrong:
        assert f'href="#{name}"' in shown, name
        assert f'id="{name}-error"' in shown, name
    assert shown.count('value="beaucoup"') == len(wrong) > 0
    assert client.get(f"{HOME}/form/preview").status_code == 200
