"""Forms of the help desk that are sent twice, or sent again after something was changed in them."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import Role
from cohortmgr.base.db import db
from cohortmgr.messages.helpdesk.models import HelpRequest, SavedAnswer
from cohortmgr.messages.helpdesk.queries import questions as desk_queries
from tests.factories.choices import browser, sent, someone
from tests.integration.messages.helpdesk.test_desk import STRANGER, letters, public, questions

pytestmark = pytest.mark.usefixtures("system_context")


def texts_of(question: HelpRequest) -> list[str | None]:
    """What the thread says to the desk."""
    db.session.expire_all()
    return [part.shown for part in desk_queries.thread(question, whole=True)]


@pytest.mark.parametrize("act", ["note", "call", "answer"])
def test_what_is_sent_twice_is_said_once_and_what_was_changed_is_said_too(app: Flask, act: str) -> None:
    intake = sent(1)
    client = public(app)
    client.post("/help/mdia", data=STRANGER)
    question = questions()[0]
    manager = browser(app, someone(intake, Role.SELECTION_MANAGER))
    page = f"/staff/questions/{question.reference}/{act}"
    for text in ("Le premier.", "Le premier.", "Le second.", "Le premier."):
        assert manager.post(page, data={"text": text, "once": "K" * 26}).status_code == 302
    assert texts_of(question)[1:] == ["Le premier.", "Le second."]
    # The other forms of the same page have the same key.
    other = "note" if act != "note" else "call"
    manager.post(
        f"/staff/questions/{question.reference}/{other}", data={"text": "Le premier.", "once": "K" * 26}
    )
    assert texts_of(question)[1:] == ["Le premier.", "Le second.", "Le premier."]


def test_what_a_person_adds_twice_is_said_once_and_another_question_is_asked(app: Flask) -> None:
    sent(1)
    client = public(app)
    for text in ("Quel relevé ?", "Quel relevé ?", "Quel diplôme ?"):
        assert client.post("/help/mdia", data={**STRANGER, "text": text}).status_code == 302
    assert len(questions()) == 2
    page = letters("question_received")[0]["variables"]["page"]
    for text in ("Merci.", "Merci.", "Et le S6 ?"):
        assert client.post(page, data={"text": text, "once": "B" * 26}).status_code == 302
    said = [text for question in questions() for text in texts_of(question)]
    assert sorted(str(each) for each in said if each in ("Merci.", "Et le S6 ?")) == ["Et le S6 ?", "Merci."]


def test_a_saved_answer_that_is_sent_twice_is_one(app: Flask) -> None:
    client = browser(app, someone(sent(1), Role.SELECTION_MANAGER))
    found = re.search(r'name="once" value="([0-9A-Z]{26})"', client.get("/staff/answers/new").text)
    assert found is not None
    body = {
        "topic": "documents",
        "title": "Relevé",
        "fr": "Le S5.",
        "ar": "الخامس",
        "en": "Fifth.",
        "once": found[1],
    }
    for title in ("Relevé", "Relevé", "Relevés"):
        assert client.post("/staff/answers/new", data={**body, "title": title}).status_code == 302
    assert sorted(db.session.scalars(sa.select(SavedAnswer.title))) == ["Relevé", "Relevés"]
    refused = client.post("/staff/answers/new", data={**body, "fr": ""})
    assert refused.status_code == 422 and found[1] in refused.text
