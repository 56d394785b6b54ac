"""What is left of a question whose person was erased."""

from __future__ import annotations

import pytest
from flask import Flask

from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.audit.actions import destroy_key
from cohortmgr.base.db import writing
from tests.factories.choices import browser, sent, someone
from tests.integration.messages.helpdesk.test_desk import STRANGER, asked, public, questions

pytestmark = pytest.mark.usefixtures("system_context")


def test_a_thread_is_erased_with_its_key(app: Flask) -> None:
    intake = sent(1)
    asked(intake, 1)
    question = questions()[0]
    with writing():
        destroy_key(SYSTEM, question.subject)
    client = browser(app, someone(intake, Role.SELECTION_MANAGER))
    page = client.get(f"/staff/questions/{question.reference}").get_data(as_text=True)
    assert "Ce texte a été effacé" in page and f"Question {1}" not in page
    assert client.get("/staff/questions").status_code == 200


def test_with_the_key_go_the_name_and_the_address_beside_the_thread(app: Flask) -> None:
    intake = sent(1)
    for name, email in (("Sara Alaoui", "sara@exemple.ma"), ("Ali Naji", "ali@exemple.ma")):
        data = {
            **STRANGER,
            "name": name,
            "email": email,
            "phone": "0612345678",
            "once": email[:1].upper() * 26,
        }
        assert public(app).post("/help/mdia", data=data).status_code == 302
    gone, kept = questions()
    with writing():
        destroy_key(SYSTEM, gone.subject)
    gone, kept = questions()
    assert (gone.asker_name, gone.asker_email, gone.phone_sealed) == ("", None, None)
    assert gone.search_text == gone.number.lower()
    assert kept.asker_name == "Ali Naji" and "ali@exemple.ma" in kept.search_text
    client = browser(app, someone(intake, Role.SELECTION_MANAGER))
    page = client.get("/staff/questions").get_data(as_text=True)
    assert "Sara" not in page and "sara@" not in page and gone.number in page
