"""Every message that can be sent is declared, with what fills it, and speaks three languages by both channels."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from jinja2 import StrictUndefined, meta

from cohortmgr.base.db import db
from cohortmgr.base.i18n import LANGUAGES, speaking
from cohortmgr.base.settings import ROOT
from cohortmgr.messages.texts.queries.preview import (
    TextIdentity,
    check,
    examples,
    held_text,
    over_the_year,
    tried,
)
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.notices import Notice, Variable, bearing_keys, declare, declared, room_of
from cohortmgr.outbox.queries import opened
from cohortmgr.outbox.texts.display.house_texts import house_text, needed
from cohortmgr.outbox.texts.display.rendering import Rendered, render_own, render_wording, template_name
from cohortmgr.outbox.texts.segments import measured
from tests.architecture.sources import APPLICATION, files, tree
from tests.factories.year import lived

pytestmark = pytest.mark.usefixtures("system_context")
CHANNELS = ("email", "sms")
# What the renderer gives to every template.
GIVEN = {"base_url", "language"}
# What gathers messages is none of its own.
GATHERED = {"messages/outbox/digest.txt"}
# The most that a short message of the house takes in each language, on the examples.
SEGMENTS = {"fr": 1, "ar": 3, "en": 2}
SENDING = {"Letter", "send", "letter", "_write"}


def values(notice: Notice) -> dict[str, Any]:
    """The declared examples."""
    return {variable.name: variable.example for variable in notice.variables}


def source(key: str, channel: str) -> str:
    """A template as it is written."""
    return (ROOT / "templates" / template_name(key, channel)).read_text("utf-8")


def used(app: Flask, name: str) -> set[str]:
    """The variables of a template, its own filters and functions left aside."""
    loader = app.jinja_env.loader
    assert loader is not None
    source = loader.get_source(app.jinja_env, name)[0]
    return meta.find_undeclared_variables(app.jinja_env.parse(source)) - GIVEN - set(app.jinja_env.globals)


def test_each_message_has_its_texts_and_each_text_its_message() -> None:
    folder = ROOT / "templates" / "messages"
    there = {f"messages/{path.relative_to(folder)}" for path in folder.rglob("*.txt")} - GATHERED
    assert there == {template_name(key, channel) for key in declared for channel in CHANNELS}


def test_every_message_speaks_three_languages_by_both_channels(
    system_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system_app.jinja_env, "undefined", StrictUndefined)
    monkeypatch.setattr(system_app.jinja_env, "cache", None)
    for notice in declared.values():
        for spoken in LANGUAGES:
            with speaking(spoken):
                mail = render_own(notice.key, "email", values(notice))
                short = render_own(notice.key, "sms", values(notice))
            where = (notice.key, spoken)
            assert mail.subject and mail.text.strip() and mail.html, where
            assert len(mail.html) < 15_000 and f'lang="{spoken}"' in mail.html, where
            assert ('dir="rtl"' in mail.html.partition("<body")[0]) == (spoken == "ar"), where
            assert short.text and "\n" not in short.text, where
            assert "None" not in mail.text + short.text and "{" not in mail.text + short.text, where


def test_short_messages_of_the_house_are_short() -> None:
    for notice in declared.values():
        for spoken, most in SEGMENTS.items():
            if not notice.campaign:
                with speaking(spoken):
                    text = render_own(notice.key, "sms", values(notice)).text
                assert measured(text).segments <= most, (notice.key, spoken, text)


def test_no_short_message_says_what_a_door_asks_of_whoever_has_the_telephone(system_app: Flask) -> None:
    """A link by SMS asks for the file's number: the message that brings it must not tell it."""
    numbers = {
        (notice.key, variable.name)
        for notice in declared.values()
        for variable in notice.variables
        if "MDIA-" in str(variable.example)
    }
    opening = {
        (notice.key, variable.name)
        for notice in declared.values()
        for variable in notice.variables
        if variable.opens
    }
    assert ("claim_file", "number") in opening and opening == numbers
    for key, name in opening:
        assert name not in used(system_app, template_name(key, "sms")), key


def test_templates_use_what_is_declared_and_whatever_is_required(system_app: Flask) -> None:
    for notice in declared.values():
        known = {variable.name for variable in notice.variables}
        required = {variable.name for variable in notice.variables if variable.required}
        found = [used(system_app, template_name(notice.key, channel)) for channel in CHANNELS]
        assert found[0] | found[1] <= known, notice.key
        assert required <= found[0] | found[1], notice.key


def test_the_house_s_texts_are_read_as_edited_ones_and_say_the_same() -> None:
    for notice in declared.values():
        for spoken in LANGUAGES:
            with speaking(spoken):
                for channel in CHANNELS:
                    subject, body = house_text(notice, channel)
                    edited = render_wording(notice, channel, subject, body, values(notice))
                    own = render_own(notice.key, channel, values(notice))
                    lines = [line for line in own.text.splitlines() if line.strip()]
                    again = [line for line in edited.text.splitlines() if line.strip()]
                    if not {"body", "count"} & {variable.name for variable in notice.variables}:
                        assert edited.subject == own.subject, (notice.key, spoken, channel)
                    # One says the same twice, in two languages; some short ones shorten a day.
                    told = notice.key != "repair_row" and "short_day" not in source(notice.key, channel)
                    if told and "body" not in values(notice):
                        assert again == lines, (notice.key, spoken, channel)


def test_whatever_bears_a_key_is_known_and_its_link_needed() -> None:
    tokens = {key for key, notice in declared.items() if {"token", "code"} & values(notice).keys()}
    assert tokens == set(bearing_keys())
    for key in tokens:
        for channel in CHANNELS:
            assert {"link", "code"} & set(needed(declared[key], channel)), key


def test_what_is_sent_bears_what_is_declared() -> None:
    """A year of the house: each message that was written has a value for every variable of its notice."""
    lived()
    messages = db.session.scalars(sa.select(Message)).all()
    for message, content in zip(messages, opened(messages), strict=True):
        assert content is not None
        missing = set(values(declared[message.key])) - set(content["variables"])
        assert not missing, (message.key, missing)
    assert len({message.key for message in messages}) >= 5


def test_a_key_is_declared_once_and_its_words_are_told_apart() -> None:
    notice = next(iter(declared.values()))
    declare(room_of(notice.key), notice)
    with pytest.raises(ValueError, match="two rooms"):
        declare("reports", notice)
    with pytest.raises(ValueError, match="twice"):
        declare(room_of(notice.key), Notice(notice.key, "autre", ()))
    links = (Variable("a", "link", "x"), Variable("b", "link", "y"))
    with pytest.raises(ValueError, match="one name"):
        declare("applications", Notice("two_links", "T", links))


@cache
def _constants(path: Path) -> dict[str, str]:
    """The texts that a file gives names to, `A, B = "a", "b"` included."""
    found: dict[str, str] = {}
    for node in tree(path).body:
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            pairs = (
                zip(target.elts, node.value.elts, strict=False)
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
                else [(target, node.value)]
            )
            for name, value in pairs:
                if isinstance(name, ast.Name) and isinstance(value, ast.Constant):
                    found[name.id] = str(value.value)
    return found


def _known(path: Path) -> dict[str, str]:
    """The same of a file, with what it imports of others by name."""
    found = dict(_constants(path))
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cohortmgr."):
            source = ROOT / (str(node.module).replace(".", "/") + ".py")
            theirs = _constants(source) if source.exists() else {}
            found |= {
                name.asname or name.name: theirs[name.name] for name in node.names if name.name in theirs
            }
            for name in node.names:
                inner = ROOT / str(node.module).replace(".", "/") / f"{name.name}.py"
                if inner.exists():
                    theirs = _constants(inner)
                    found |= {f"{name.asname or name.name}.{word}": text for word, text in theirs.items()}
    return found


def _sent(path: Path, known: dict[str, str]) -> Iterator[tuple[str, str]]:
    """(place, key) of each sending call whose key is written there; a parameter is asked of the callers' own."""
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in SENDING:
            continue
        for given in [*node.args[:2], *(word.value for word in node.keywords if word.arg == "key")]:
            for part in ast.walk(given):
                text = part.value if isinstance(part, ast.Constant) and part is given else None
                named = ast.unparse(part) if isinstance(part, ast.Name | ast.Attribute) else ""
                key = text if isinstance(text, str) else known.get(named)
                if key is not None:
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", key


@pytest.mark.sqlite_only  # it reads the sources: no database is asked anything
def test_every_key_that_is_sent_anywhere_is_declared() -> None:
    sources = [
        path
        for path in (*files(APPLICATION), *files(ROOT / "worker"))
        if "outbox" in path.read_text("utf-8") or "letters" in path.read_text("utf-8")
    ]
    found = [pair for path in sources for pair in _sent(path, _known(path))]
    assert {key for _, key in found} >= {"offer_made", "sign_in_code", "claim_file", "application_received"}
    wrong = [pair for pair in found if pair[1] not in declared]
    assert not wrong, wrong
    named = {
        node.value
        for path in files(APPLICATION)
        if path.name != "notices.py"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert set(declared) <= named, "declared and never sent"


def test_a_rendering_is_what_it_says() -> None:
    shown = render_own("sign_in_code", "inbox", {"code": "204\nBcc: x", "minutes": 10})
    assert shown == Rendered(shown.subject, shown.text, None)


def test_the_editor_weighs_a_short_message_on_its_worst_day_of_the_year(system_app: Flask) -> None:
    """An example of June says nothing of September, nor one of a Sunday of a Wednesday."""
    grew = 0
    with system_app.test_request_context():
        for notice in declared.values():
            dated = any(variable.kind in ("day", "moment") for variable in notice.variables)
            for language in LANGUAGES if dated else ():
                identity = TextIdentity(1, notice, "sms", language)
                body = held_text(identity).body
                found = check(identity, "", body)
                assert found is not None
                said = [measured(text) for text in over_the_year(identity, body)]
                example = measured(tried(identity, "", body, examples(notice)).text)
                worst = max(said, key=lambda each: (each.segments, each.units))
                assert found[0] == worst and worst.units >= example.units, (notice.key, language)
                grew += worst.units > example.units
    assert grew > 5
