"""Questions of strangers are counted by network, and what they cost in SMS is the day's."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.base.db import db
from cohortmgr.messages.helpdesk.actions import questions as helpdesk_questions
from cohortmgr.outbox.models import Message
from tests.factories.choices import sent
from tests.integration.messages.helpdesk.test_desk import STRANGER, public, questions

pytestmark = pytest.mark.usefixtures("system_context")


def test_a_number_that_takes_no_sms_may_be_asked_from_and_costs_none(app: Flask) -> None:
    sent(1)
    for number in ("05 37 77 30 79", "+33 6 12 34 56 78", "+881 612 345 678"):
        public(app).post("/help/mdia", data={**STRANGER, "email": "", "phone": number, "once": number})
    assert len(questions()) == 3 and db.session.scalars(sa.select(Message)).all() == []


def test_questions_by_telephone_spend_the_day_s_sms_and_count_by_network(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(1)
    monkeypatch.setattr(app.extensions["cohortmgr-settings"], "sms_codes_a_day", 2)

    def asked(number: int, origin: str, **fields: str) -> int:
        told = {**STRANGER, "email": "", "phone": f"06000000{number:02d}", "once": str(number), **fields}
        public(app).post("/help/mdia", data=told, environ_base={"REMOTE_ADDR": origin})
        return len(questions())

    assert [asked(1, "192.0.2.1"), asked(2, "192.0.2.2")] == [1, 1]
    assert asked(3, "192.0.2.3", email="une@exemple.ma", phone="") == 2
    monkeypatch.setattr(helpdesk_questions, "PER_ORIGIN", 1)
    by_mail = {"phone": ""}
    assert asked(4, "2001:db8::1", email="a@exemple.ma", **by_mail) == 3
    assert asked(5, "2001:db8::2", email="b@exemple.ma", **by_mail) == 3
